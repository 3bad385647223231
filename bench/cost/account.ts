import { functions } from "../../functions/manifest.ts";
import { assumptions } from "./assumptions.ts";
import type { CountedRun } from "./counted-run.ts";
import type { CallTally, FunctionTally } from "./tally.ts";
import { addUsage, lessUsage, noUsage, timesUsage, type Usage } from "./usage.ts";

/** Whose doing a piece of usage is. */
export interface Shares {
  readonly jobs: Usage;
  /** The steps and transitions of the auctions' workflow, and whatever anybody writes or reads of auctions. */
  readonly auctions: Usage;
}

const auctionSteps = new Set(["close-gate", "solve-auction", "publish-awards", "seal-auction"]);
/** Streams and items that are of auctions, whoever writes or reads them. */
const ofAuctions = new Set([
  "auction",
  "auctions",
  "prices",
  "curves",
  "answers",
  "result",
  "released",
  "book",
]);
/** Streams that are of jobs, also where an auction's step writes or reads them. */
const ofJobs = new Set(["job", "account"]);
const specs = new Map(functions.map((spec) => [spec.name, spec]));
const queues = functions.filter(({ trigger }) => trigger.kind === "events").length;

/** All that a run used. */
export function sharesOf(run: CountedRun): Shares {
  const { functions: byFunction } = run.tally;
  const parts = Object.entries(byFunction).map(([name, counts]) =>
    sharesOfFunction(name, counts, callsOf(run, name)),
  );
  const transitions = Object.entries(run.transitionsOf).map(([machine, count]) =>
    machine.endsWith("-auction")
      ? { jobs: noUsage, auctions: { ...noUsage, transitions: count } }
      : { jobs: { ...noUsage, transitions: count }, auctions: noUsage },
  );
  const ticks = { jobs: { ...noUsage, ticks: run.ticks }, auctions: noUsage };
  return [...parts, ...transitions, ticks].reduce((a, b) => ({
    jobs: addUsage(a.jobs, b.jobs),
    auctions: addUsage(a.auctions, b.auctions),
  }));
}

function sharesOfFunction(name: string, counts: FunctionTally, calls: readonly CallLine[]): Shares {
  const isStep = auctionSteps.has(name);
  const isAuctions = ({ what }: CallLine) => (isStep ? !ofJobs.has(what) : ofAuctions.has(what));
  const [theirs, others] = [calls.filter(isAuctions), calls.filter((call) => !isAuctions(call))];
  const { trigger, memoryMB } = specOf(name);
  const gb = memoryMB / 1024 / 1000;
  const { handlerMs, callMs, coldStartMs } = assumptions;
  // Clearing is the one thing that needs the processor for long: what it took here comes on top.
  const ownMs =
    counts.invocations * handlerMs + counts.coldStarts * coldStartMs + (isStep ? counts.wallMs : 0);
  const busCalls = counts.serviceCalls - sum(calls, ({ requests }) => requests);
  const own: Usage = {
    ...noUsage,
    invocations: counts.invocations,
    gbSeconds: (ownMs + busCalls * callMs) * gb,
    busEvents: counts.busEvents,
    apiRequests: trigger.kind === "http" ? counts.invocations : 0,
    // A message is sent; a batch of them, which is an invocation, is received and deleted.
    queueRequests: trigger.kind === "events" ? counts.queueMessages + 2 * counts.invocations : 0,
  };
  const usageOf = (part: readonly CallLine[]) => ({
    writeUnits: sum(part, ({ writeUnits }) => writeUnits),
    readUnits: sum(part, ({ readUnits }) => readUnits),
    gbSeconds: sum(part, ({ requests }) => requests) * callMs * gb,
  });
  return {
    jobs: addUsage(isStep ? noUsage : own, usageOf(others)),
    auctions: addUsage(isStep ? own : noUsage, usageOf(theirs)),
  };
}

/** The exchange's costs as docs/cost.md shows them. */
export interface Account {
  /** Of 1,000 jobs: what a run with jobs used more than the same days without. */
  readonly perThousandJobs: Usage;
  /** What the auctions of a day used more than those of a day without bids. */
  readonly auctionsOfDay: Usage;
  /** Of a day without any job. */
  readonly emptyAuctionsOfDay: Usage;
  readonly restOfDay: Usage;
}

/** @param jobs that the run was given */
export function accountOf(run: CountedRun, empty: CountedRun, jobs: number): Account {
  const [busy, idle] = [sharesOf(run), sharesOf(empty)];
  const emptyDay = {
    jobs: timesUsage(idle.jobs, 1 / empty.days),
    auctions: timesUsage(idle.auctions, 1 / empty.days),
  };
  return {
    perThousandJobs: timesUsage(lessUsage(busy.jobs, emptyDay.jobs, run.days), 1000 / jobs),
    auctionsOfDay: timesUsage(lessUsage(busy.auctions, emptyDay.auctions, run.days), 1 / run.days),
    emptyAuctionsOfDay: emptyDay.auctions,
    // Pollers of the queues are never idle.
    restOfDay: addUsage(emptyDay.jobs, { queueRequests: queues * assumptions.emptyReceives }),
  };
}

/** A kind of request, for the tables of what a job writes and reads. */
export interface CallLine extends CallTally {
  readonly functionName: string;
  readonly table: string;
  readonly kind: string;
  readonly what: string;
}

/** Calls of one function, or of all. */
export function callsOf({ tally }: Pick<CountedRun, "tally">, name?: string): CallLine[] {
  return Object.entries(tally.calls)
    .map(([key, counts]) => {
      const [functionName = "", table = "", kind = "", what = ""] = key.split(" ");
      return { functionName, table, kind, what, ...counts };
    })
    .filter(({ functionName }) => name === undefined || functionName === name);
}

function specOf(name: string) {
  const spec = specs.get(name);
  if (spec === undefined) throw new Error(`the manifest has no function ${name}`);
  return spec;
}

function sum<Entry>(entries: readonly Entry[], of: (entry: Entry) => number): number {
  return entries.reduce((total, entry) => total + of(entry), 0);
}
