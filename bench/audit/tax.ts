import type { FactOf, RawEvent } from "./raw-events.ts";
import { factsOf } from "./raw-events.ts";
import { type AuditCheck, verdict, yuan } from "./verdict.ts";

/** What a tenant pays for, and gets back of it: penalties are damages. */
const taxedKinds = new Set(["compute", "transfer", "link", "rent", "releaseFee", "credit"]);

interface Taxed {
  readonly account: string;
  readonly rate: bigint;
}

/** Of one award, in mills: what its tenant paid for in charges, what corrections changed of that, and the tax on both. */
interface Sums {
  charged: bigint;
  corrected: bigint;
  tax: bigint;
  /** The tax, but for what finance said itself: that counts as what was due. */
  rated: bigint;
}

/** Each job has a rate that its account had, and its charges and corrections have that tax and no other. */
export function taxIsDue(events: readonly RawEvent[]): AuditCheck {
  const jobs = new Map<string, Taxed>();
  const awards = new Map<string, Sums>();
  const faults = rateFaults(events);
  for (const event of events) {
    const { type, data } = event;
    if (type === "JobRequested") jobs.set(data.job, { account: data.account, rate: BigInt(data.taxRate) });
    if (type !== "ChargePosted" && type !== "CorrectionPosted") continue;
    const job = jobs.get(data.job);
    const sums = awards.get(data.placement) ?? { charged: 0n, corrected: 0n, tax: 0n, rated: 0n };
    awards.set(data.placement, sums);
    const fault = job === undefined ? "is of a job that nobody asked for" : take(job, sums, event);
    if (fault !== undefined) faults.push(`${nameOf(event)} ${fault}`);
  }
  const total = [...awards.values()].reduce((sum, { tax }) => sum + tax, 0n);
  return verdict("tax of each job = its rate on what its tenant paid for", faults, yuan(total));
}

type Posting = Extract<RawEvent, { type: "ChargePosted" | "CorrectionPosted" }>;

const nameOf = ({ type, data }: Posting) =>
  type === "ChargePosted" ? `charge ${data.charge}` : `correction ${data.correction}`;

/** Adds a posting to the sums of its award; gives what is wrong with its tax. */
function take(job: Taxed, sums: Sums, { type, data }: Posting): string | undefined {
  const paidFor = netOf(
    job,
    data.lines.filter(({ kind }) => taxedKinds.has(kind)),
  );
  const taxLines = data.lines.filter(({ kind }) => kind === "tax");
  const tax = netOf(job, taxLines);
  const before = type === "ChargePosted" ? sums.charged : sums.charged + sums.corrected;
  const due = taxOn(before + paidFor, job.rate) - taxOn(before, job.rate);
  // A correction also makes up for what rounding charges and corrections apart has left; those of old logs do not.
  const exact = type === "ChargePosted" ? due : taxOn(before + paidFor, job.rate) - sums.rated;
  const isDue = tax === due || tax === exact;
  sums.rated += isDue ? tax : due;
  sums.tax += tax;
  if (type === "ChargePosted") sums.charged += paidFor;
  else sums.corrected += paidFor;
  if (taxLines.some((line) => !isOfTax(job, line))) return "has tax of others than its tenant";
  // Finance may say itself what becomes of the tax when it resolves a break; more than was taken nobody gives back.
  const judged = type === "CorrectionPosted" && data.cause === "resolution" && sums.tax >= 0n;
  return isDue || judged ? undefined : `has ${tax} mills of tax, ${due} are due`;
}

/** Rounded towards 0 to the mill; the rate is in basis points. */
const taxOn = (amount: bigint, rate: bigint) => (amount * rate) / 10_000n;

type Line = FactOf<"ChargePosted">["lines"][number];

/** What the tenant pays of lines, less what it receives. */
function netOf({ account }: Taxed, lines: readonly Line[]): bigint {
  const tenant = `tenant:${account}`;
  return lines.reduce(
    (sum, { from, to, mills }) => sum + (from === tenant ? mills : 0n) - (to === tenant ? mills : 0n),
    0n,
  );
}

function isOfTax({ account }: Taxed, { from, to }: Line): boolean {
  const parties = [from, to].sort().join(" ");
  return parties === `tax tenant:${account}`;
}

/** The feed keeps the order of a stream only: that the account ever had the rate is all that it tells. */
function rateFaults(events: readonly RawEvent[]): string[] {
  const rates = new Map<string, Set<number>>();
  for (const { account, taxRate } of [...factsOf(events, "AccountOpened"), ...factsOf(events, "TaxRateSet")])
    rates.set(account, (rates.get(account) ?? new Set()).add(taxRate));
  return factsOf(events, "JobRequested")
    .filter(({ account, taxRate }) => taxRate > 0 && rates.get(account)?.has(taxRate) !== true)
    .map(({ job, account, taxRate }) => `job ${job} is taxed at ${taxRate}, which ${account} never was`);
}
