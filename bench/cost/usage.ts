/** What is paid for, counted; `calls` and `coldStarts` stand for time that is paid for. */
export interface Usage {
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly invocations: number;
  /** Of 1024 MB; worked out from calls, cold starts and memory. */
  readonly gbSeconds: number;
  readonly transitions: number;
  readonly busEvents: number;
  readonly queueRequests: number;
  readonly apiRequests: number;
  readonly ticks: number;
}

export type UsageItem = keyof Usage;

export const usageItems = [
  "writeUnits",
  "readUnits",
  "invocations",
  "gbSeconds",
  "transitions",
  "busEvents",
  "queueRequests",
  "apiRequests",
  "ticks",
] as const satisfies readonly UsageItem[];

export const noUsage: Usage = {
  writeUnits: 0,
  readUnits: 0,
  invocations: 0,
  gbSeconds: 0,
  transitions: 0,
  busEvents: 0,
  queueRequests: 0,
  apiRequests: 0,
  ticks: 0,
};

export function addUsage(a: Usage, b: Partial<Usage>): Usage {
  return combine(a, { ...noUsage, ...b }, (x, y) => x + y);
}

/** What `a` has more than `times` of `b`. */
export function lessUsage(a: Usage, b: Usage, times = 1): Usage {
  return combine(a, b, (x, y) => x - times * y);
}

export function timesUsage(a: Usage, factor: number): Usage {
  return combine(a, a, (x) => x * factor);
}

function combine(a: Usage, b: Usage, of: (x: number, y: number) => number): Usage {
  const pairs = usageItems.map((item) => [item, of(a[item], b[item])] as const);
  return { ...noUsage, ...Object.fromEntries(pairs) };
}
