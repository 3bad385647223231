import type { DatabaseCall } from "./counting-database.ts";

/** What a run has done so far, as counted where a function meets the world. Plain data. */
export interface Tally {
  /** By function. */
  readonly functions: Record<string, FunctionTally>;
  /** By `FUNCTION TABLE KIND WHAT`, WHAT being the kind of stream or item. */
  readonly calls: Record<string, CallTally>;
  /** Events on the bus by name. */
  readonly events: Record<string, number>;
  /** Steps of its workflow by job: each is one state, so one transition. */
  readonly jobSteps: Record<string, number>;
}

export interface FunctionTally {
  invocations: number;
  coldStarts: number;
  /** Calls to the database, the bus and the workflow engine. */
  serviceCalls: number;
  /** Events put on the bus, in units of 64 KB. */
  busEvents: number;
  /** Messages taken from a queue, in units of 64 KB. */
  queueMessages: number;
  /** Wall clock here, ms. */
  wallMs: number;
}

export interface CallTally {
  requests: number;
  refused: number;
  writeUnits: number;
  readUnits: number;
}

export function createTally(): Tally {
  return { functions: {}, calls: {}, events: {}, jobSteps: {} };
}

export function functionOf(tally: Tally, name: string): FunctionTally {
  tally.functions[name] ??= {
    invocations: 0,
    coldStarts: 0,
    serviceCalls: 0,
    busEvents: 0,
    queueMessages: 0,
    wallMs: 0,
  };
  return tally.functions[name];
}

export function addCall(tally: Tally, functionName: string, call: DatabaseCall): void {
  functionOf(tally, functionName).serviceCalls += 1;
  // `job-3a2d` is of a job, `assignments#xian` an assignment, `feed` a page.
  const what = /^[^-#]+/.exec(call.pk)?.[0] ?? "all";
  const key = `${functionName} ${call.table} ${call.kind} ${what}`;
  tally.calls[key] ??= { requests: 0, refused: 0, writeUnits: 0, readUnits: 0 };
  const entry = tally.calls[key];
  entry.requests += 1;
  entry.refused += call.refused ? 1 : 0;
  entry.writeUnits += call.writeUnits;
  entry.readUnits += call.readUnits;
}

/** What `a` counts more than `times` of `b`, its beginning or another run. */
export function lessTally(a: Tally, b: Tally, times = 1): Tally {
  return {
    functions: lessEach(a.functions, b.functions, times),
    calls: lessEach(a.calls, b.calls, times),
    events: lessNumbers(a.events, b.events, times),
    jobSteps: lessNumbers(a.jobSteps, b.jobSteps, times),
  };
}

function lessEach<Entry extends object>(
  a: Record<string, Entry>,
  b: Record<string, Entry>,
  times: number,
): Record<string, Entry> {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  // Entries are records of numbers alone, all of the same fields.
  const less = (key: string) => lessNumbers({ ...a[key] }, { ...b[key] }, times) as Entry;
  return Object.fromEntries([...keys].map((key) => [key, less(key)]));
}

function lessNumbers(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
  times: number,
): Record<string, number> {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) - times * (b[name] ?? 0)]));
}
