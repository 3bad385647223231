import type { Operation } from "./contract/operation.ts";
import { operations } from "./contract/operations.ts";

/** What a function may do; the roles, variables and endpoints of both worlds are made from it. */
export type Grant =
  | "log:read"
  /** Compares the whole log with the marks. */
  | "log:scan"
  | "log:append"
  | "feed:read"
  | "feed:append"
  | "marks:write"
  | "views:read"
  | "views:write"
  | "operations:read"
  | "operations:write"
  | "bus:publish"
  | "auctions:start"
  | "jobs:start"
  | "periods:start"
  | "tasks:report";

export type Trigger =
  /** A route of the HTTP API. */
  | { readonly kind: "http"; readonly operation: Operation }
  /** Wake-ups from a table's stream. */
  | { readonly kind: "stream"; readonly table: "log" | "feed" }
  /** Events of these names, from the bus through a queue of its own. */
  | { readonly kind: "events"; readonly names: readonly string[]; readonly delaySeconds?: number }
  /** EventBridge Scheduler, in the market's time zone. */
  | { readonly kind: "schedule"; readonly expression: string; readonly atStart?: boolean }
  /** A step of a state machine. */
  | { readonly kind: "step" };

export interface FunctionSpec {
  /** Kebab-case, verb first; also the name of the function's construct. */
  readonly name: string;
  /** Path of the handler from the top of the repository. */
  readonly file: string;
  readonly trigger: Trigger;
  readonly grants: readonly Grant[];
  readonly timeoutSeconds: number;
  readonly memoryMB: number;
}

const step = (
  name: string,
  file: string,
  grants: readonly Grant[],
  more: Partial<FunctionSpec> = {},
): FunctionSpec => ({
  name,
  file,
  trigger: { kind: "step" },
  grants,
  timeoutSeconds: 60,
  memoryMB: 512,
  ...more,
});

/** The solver's core count and time follow its memory. */
const solving = { timeoutSeconds: 300, memoryMB: 3008 };
const book = ["log:append", "feed:append", "marks:write", "operations:write", "views:write"] as const;

const auctionSteps: readonly FunctionSpec[] = [
  step("close-gate", "functions/auctions/close-gate.ts", book, solving),
  step("solve-auction", "functions/auctions/solve-auction.ts", book, solving),
  step("publish-awards", "functions/auctions/publish-awards.ts", book, solving),
  step("seal-auction", "functions/auctions/seal-auction.ts", book, solving),
];

const jobSteps: readonly FunctionSpec[] = [
  step("await-job", "functions/jobs/await-job.ts", ["log:read", "operations:write", "tasks:report"]),
  step("meet-deadline", "functions/jobs/meet-deadline.ts", ["log:append", "views:read"]),
];

const periodSteps: readonly FunctionSpec[] = [
  step("begin-close", "functions/periods/begin-close.ts", ["log:append", "feed:read"]),
  step(
    "charge-day",
    "functions/periods/charge-day.ts",
    // It may have to fold the book of a gate of the day, and a long fold saves snapshots on its way.
    ["log:append", "views:read", "operations:write", "feed:append", "marks:write"],
    solving,
  ),
  step(
    "carry-accounts",
    "functions/periods/carry-accounts.ts",
    ["log:append", "views:read", "feed:append", "marks:write"],
    solving,
  ),
  step("cut-off", "functions/periods/cut-off.ts", ["log:append", "feed:append", "marks:write"], solving),
  step(
    "fold-range",
    "functions/periods/fold-range.ts",
    ["log:read", "feed:read", "operations:write"],
    solving,
  ),
  step("reduce-bucket", "functions/periods/reduce-bucket.ts", ["log:append", "operations:write"], solving),
  step("state-payouts", "functions/periods/state-payouts.ts", ["log:append", "operations:write"], solving),
  step(
    "close-period",
    "functions/periods/close-period.ts",
    ["log:append", "operations:read", "feed:read", "views:read"],
    solving,
  ),
];

const consumer = (
  name: string,
  file: string,
  trigger: Trigger,
  grants: readonly Grant[],
  more: Partial<FunctionSpec> = {},
): FunctionSpec => ({ name, file, trigger, grants, timeoutSeconds: 60, memoryMB: 512, ...more });

/** Those that look through all there is take longer as it grows: they have as long as Lambda gives. */
const thorough = { timeoutSeconds: 900 };

const feedConsumers: readonly FunctionSpec[] = [
  consumer("relay-commits", "functions/feed/relay-commits.ts", { kind: "stream", table: "log" }, [
    "log:read",
    "feed:append",
    "marks:write",
  ]),
  consumer("project-views", "functions/views/project-views.ts", { kind: "stream", table: "feed" }, [
    "feed:read",
    "marks:write",
    "views:write",
  ]),
  consumer("publish-events", "functions/feed/publish-events.ts", { kind: "stream", table: "feed" }, [
    "feed:read",
    "marks:write",
    "bus:publish",
  ]),
  consumer("settle-accounts", "functions/accounts/settle-accounts.ts", { kind: "stream", table: "feed" }, [
    "feed:read",
    "marks:write",
    "log:append",
  ]),
];

const subscribers: readonly FunctionSpec[] = [
  consumer(
    "finish-admissions",
    "functions/jobs/finish-admissions.ts",
    { kind: "events", names: ["JobRequested"], delaySeconds: 60 },
    ["log:append"],
  ),
  consumer(
    "finish-corrections",
    "functions/breaks/finish-corrections.ts",
    { kind: "events", names: ["BreakResolved"], delaySeconds: 60 },
    ["log:append"],
  ),
  consumer("start-jobs", "functions/jobs/start-jobs.ts", { kind: "events", names: ["JobPlaced"] }, [
    "log:read",
    "jobs:start",
  ]),
  consumer(
    "notify-jobs",
    "functions/jobs/notify-jobs.ts",
    {
      kind: "events",
      names: ["JobStarted", "JobCompleted", "JobFailed", "JobDisplaced", "JobCancelled"],
    },
    ["log:read", "operations:write", "tasks:report"],
  ),
  consumer("displace-jobs", "functions/jobs/displace-jobs.ts", { kind: "events", names: ["CenterLost"] }, [
    "log:append",
    "views:read",
  ]),
];

const sweepers: readonly FunctionSpec[] = [
  consumer(
    "sweep-leases",
    "functions/centers/sweep-leases.ts",
    { kind: "schedule", expression: "cron(0/3 * * * ? *)" },
    ["log:append", "views:read", "operations:read"],
  ),
  consumer(
    "sweep-workflows",
    "functions/jobs/sweep-workflows.ts",
    { kind: "schedule", expression: "cron(20 * * * ? *)", atStart: true },
    ["views:read", "operations:read", "auctions:start", "jobs:start", "periods:start"],
    thorough,
  ),
  consumer(
    "watch-auctions",
    "functions/auctions/watch-auctions.ts",
    // Halfway between two gates, when the last auction has long been sealed.
    { kind: "schedule", expression: "cron(3/6 * * * ? *)" },
    ["log:read"],
  ),
  consumer(
    "scan-log",
    "functions/feed/scan-log.ts",
    { kind: "schedule", expression: "cron(30 4 * * ? *)", atStart: true },
    ["log:scan", "feed:append", "marks:write"],
    thorough,
  ),
];

const http = (
  operationId: keyof typeof operations & string,
  file: string,
  grants: readonly Grant[],
): FunctionSpec => ({
  name: operationId,
  file,
  trigger: { kind: "http", operation: operations[operationId] },
  grants,
  timeoutSeconds: 29,
  memoryMB: 512,
});

const views = ["views:read"] as const;
const reads = ["log:read"] as const;
const appends = ["log:append"] as const;

/** One function for each operation of the contract. */
const routes: readonly FunctionSpec[] = [
  http("postOffer", "functions/offers/post-offer.ts", appends),
  http("listOffers", "functions/offers/list-offers.ts", views),
  http("getOffer", "functions/offers/get-offer.ts", reads),
  http("drawReserve", "functions/offers/draw-reserve.ts", appends),
  http("withdrawOffer", "functions/offers/withdraw-offer.ts", appends),
  http("reclaimOffer", "functions/offers/reclaim-offer.ts", appends),
  http("postJob", "functions/jobs/post-job.ts", ["log:append", "views:read"]),
  http("listJobs", "functions/jobs/list-jobs.ts", views),
  http("getJob", "functions/jobs/get-job.ts", reads),
  http("cancelJob", "functions/jobs/cancel-job.ts", appends),
  http("explainJob", "functions/jobs/explain-job.ts", ["log:read", "views:read"]),
  http("postQuote", "functions/quotes/post-quote.ts", views),
  http("listProducts", "functions/market/list-products.ts", views),
  http("listCenters", "functions/market/list-centers.ts", views),
  http("listPublishedOffers", "functions/market/list-published-offers.ts", views),
  http("listPrices", "functions/market/list-prices.ts", views),
  http("listAuctions", "functions/market/list-auctions.ts", views),
  http("getAuction", "functions/market/get-auction.ts", views),
  http("getCurves", "functions/market/get-curves.ts", views),
  http("joinNetwork", "functions/centers/join-network.ts", ["log:append", "operations:write"]),
  http("getCenter", "functions/centers/get-center.ts", reads),
  http("declareLinks", "functions/centers/declare-links.ts", appends),
  http("reportCapacity", "functions/centers/report-capacity.ts", [...appends, "operations:write"]),
  http("postGuarantee", "functions/centers/post-guarantee.ts", appends),
  http("reduceGuarantee", "functions/centers/reduce-guarantee.ts", appends),
  http("renewLease", "functions/centers/renew-lease.ts", ["log:append", "operations:write"]),
  http("listAssignments", "functions/centers/list-assignments.ts", ["log:read", "views:read"]),
  http("acceptPlacement", "functions/placements/accept-placement.ts", appends),
  http("refusePlacement", "functions/placements/refuse-placement.ts", appends),
  http("startPlacement", "functions/placements/start-placement.ts", appends),
  http("meterPlacement", "functions/placements/meter-placement.ts", appends),
  http("finishPlacement", "functions/placements/finish-placement.ts", ["log:append", "views:read"]),
  http("openAccount", "functions/accounts/open-account.ts", ["log:append", "operations:write"]),
  http("getAccount", "functions/accounts/get-account.ts", reads),
  http("depositFunds", "functions/accounts/deposit-funds.ts", appends),
  http("setTaxRate", "functions/accounts/set-tax-rate.ts", [...appends, "operations:write"]),
  http("listEntries", "functions/accounts/list-entries.ts", reads),
  http("listHolds", "functions/accounts/list-holds.ts", reads),
  http("readFeed", "functions/finance/read-feed.ts", ["feed:read"]),
  http("listPeriods", "functions/finance/list-periods.ts", views),
  http("getPeriod", "functions/finance/get-period.ts", reads),
  http("listBreaks", "functions/breaks/list-breaks.ts", views),
  http("getBreak", "functions/breaks/get-break.ts", reads),
  http("assignBreak", "functions/breaks/assign-break.ts", appends),
  http("resolveBreak", "functions/breaks/resolve-break.ts", appends),
  http("getFeedHead", "functions/proofs/get-feed-head.ts", ["feed:read", "views:read"]),
  http("proveCharge", "functions/proofs/prove-charge.ts", ["log:read", "feed:read", "views:read"]),
  http("getDefaultFund", "functions/finance/get-default-fund.ts", reads),
  http("contributeToDefaultFund", "functions/finance/contribute-to-default-fund.ts", appends),
  http("closePeriod", "functions/finance/start-close.ts", ["log:read", "feed:read", "periods:start"]),
  http("getLedger", "functions/finance/get-ledger.ts", ["log:read", "views:read"]),
  http("listLedgerEntries", "functions/finance/list-ledger-entries.ts", ["log:read", "feed:read"]),
  http("listInvoices", "functions/finance/list-invoices.ts", ["log:read", "views:read"]),
  http("getInvoice", "functions/finance/get-invoice.ts", ["log:read", "views:read"]),
  http("listPayouts", "functions/finance/list-payouts.ts", ["log:read", "views:read"]),
  http("getPayout", "functions/finance/get-payout.ts", ["log:read", "views:read"]),
  http("payPayout", "functions/finance/pay-payout.ts", appends),
  http("getOpenApi", "functions/service/get-open-api.ts", []),
  http("getHealth", "functions/service/get-health.ts", []),
];

/** Every Lambda of the exchange. */
export const functions: readonly FunctionSpec[] = [
  ...routes,
  ...auctionSteps,
  ...jobSteps,
  ...periodSteps,
  ...feedConsumers,
  ...subscribers,
  ...sweepers,
];
