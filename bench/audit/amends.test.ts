import { describe, expect, test } from "vitest";
import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import type { JobCommand } from "../../market/job/commands.ts";
import { millsText } from "../../market/money.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  begun,
  begunOvernight,
  begunUneven,
  fill,
  finish,
  hadCards,
  inSlot,
  jobAfter,
  midnight,
  mills,
  place,
  placementId,
  ranWhole,
  start,
  wuhan,
} from "../../test/training-job.ts";
import { chargesMatchAwards } from "./awards.ts";
import { fatesOf } from "./leases.ts";
import { type RawEvent, readEvent } from "./raw-events.ts";
import { taxIsDue } from "./tax.ts";

// Lives of a job with fewer cards than awarded, with corrections, and over an absence of the exchange.

/** What the audit says of a job's events, whose placed award an auction gave; undefined: nothing. */
function faultOf(events: readonly JobEvent[]): string | undefined {
  const awards = events.flatMap((event) => (event.type === "JobPlaced" ? [event.data.award] : []));
  const facts: { type: string; data: unknown }[] = [
    { type: "AwardsPublished", data: { awards } },
    { type: "AuctionCleared", data: { auction: 1 } },
    ...events,
  ];
  const raw = rawOf(facts);
  const { ok, detail } = chargesMatchAwards(raw, fatesOf(raw));
  return ok ? undefined : detail;
}

const rawOf = (events: readonly { readonly type: string; readonly data: unknown }[]): RawEvent[] =>
  events.map((event) => readEvent({ stream: "auction-1", position: 1 }, event));

function neverBegan(at: number): JobCommand {
  return { type: "Displace", placement: placementId(1), cause: "notStarted", at };
}

const overnight: JobCommand[] = [...begunOvernight(), hadCards(7, midnight - 2, midnight + 1)];
/** Wuhan says that it is ready after the close of the day has charged the five slots before midnight. */
const readyLate: JobCommand[] = [
  ...begunOvernight({ kind: "div" }, [{ cards: 4 }, { cards: 4, center: wuhan }]),
  acceptAt(1, wuhan, inSlot(midnight, 90)),
  finish(1, "completed", inSlot(midnight + 4, 359)),
];
/** The exchange was away when Wuhan's time to begin passed, and charged the five slots before midnight since. */
const idleOvernight: JobCommand[] = [
  ...begunOvernight({ kind: "div" }, [{ cards: 4 }, { cards: 4, center: wuhan }]).toSpliced(
    -1,
    0,
    acceptAt(1, wuhan, inSlot(midnight - 5)),
  ),
  neverBegan(inSlot(midnight + 1)),
  finish(1, "completed", inSlot(midnight + 4, 359)),
];
const service = { kind: "service", floor: 4, to: 110, maxSlots: 10 } as const;
const bridge: JobCommand = {
  type: "Bridge",
  award: awardOf(2, [fill({ from: 110, to: 114, price: 130 })], { stretch: 2, continues: true }),
  hold: mills(19_200),
  at: inSlot(113),
};
const ended: JobCommand = { type: "StretchEnded", placement: placementId(1), at: inSlot(114, 60) };
/** Eight cards at each of two centers, of which the other says nothing. */
const halfReady = (...next: readonly JobCommand[]): JobCommand[] => [
  ...admitted({ kind: "div" }),
  place(awardOf(1, [fill(), fill({ center: wuhan })]), 40_000),
  acceptAt(1),
  ...next,
];
const cancelled: JobCommand = { type: "Cancel", at: inSlot(102, 60) };

const lives: Readonly<Record<string, readonly JobCommand[]>> = {
  "a gang that gave way": [...begun(), hadCards(5, 103, 105)],
  "a gang that gave way over midnight": overnight,
  "a gang that was over": [...begun(), ranWhole, hadCards(6, 103, 105, { at: inSlot(120) })],
  "a divisible job": [...begun({ kind: "div" }), hadCards(6, 102, 104), ranWhole],
  "a divisible job that was charged": [
    ...begun({ kind: "div" }),
    ranWhole,
    hadCards(2, 100, 103, { at: inSlot(300) }),
  ],
  "a service": [...begun(service), hadCards(3, 102, 104), ranWhole],
  "a split gang whose penalties meet their cap": [...begunUneven, hadCards(0, 100, 101)],
  "a divisible job that was cancelled where one center was not ready": halfReady(start(1), cancelled),
  "a divisible job that was cancelled before its only ready center began": halfReady(cancelled),
  "a divisible job that completed where one center was not ready": halfReady(start(1), ranWhole),
  "a divisible job that goes on without the one that was not ready": halfReady(
    start(1),
    { type: "Displace", placement: placementId(1), cause: "notAccepted", at: inSlot(101, 1) },
    cancelled,
  ),
  "a divisible job of which a center was ready after midnight only": readyLate,
  "a divisible job that goes on without the one that never began": halfReady(
    ...[acceptAt(1, wuhan), start(1), neverBegan(inSlot(103))],
    ranWhole,
  ),
  "a divisible job whose idle center a daily close had paid": idleOvernight,
  "a divisible job of which an idle center could not be heard": halfReady(
    acceptAt(1, wuhan),
    start(1),
    ended,
  ),
  "a run over an absence": [...begun({ extendLimit: 240 }), bridge, ended],
};

describe("honest money", () => {
  test.each(Object.entries(lives))("of %s is found right", (_, life) => {
    expect(faultOf(jobAfter(...life).events)).toBeUndefined();
  });
});

/** The events with every line of a kind in charges or corrections changed by so many mills. */
function tampered(
  name: string,
  type: "ChargePosted" | "CorrectionPosted",
  kind: string,
  by: bigint,
): JobEvent[] {
  return jobAfter(...(lives[name] ?? [])).events.map((event): JobEvent => {
    if (event.type !== type) return event;
    const lines = event.data.lines.map((line) =>
      line.kind === kind ? { ...line, mills: millsText(BigInt(line.mills) + by) } : line,
    );
    if (event.type === "ChargePosted") return { ...event, data: { ...event.data, lines } };
    return event.type === "CorrectionPosted" ? { ...event, data: { ...event.data, lines } } : event;
  });
}

describe("money that is wrong is found", () => {
  test.each([
    ["a gang that gave way", "ChargePosted", "compute", 1n, "charged 4801 mills"],
    ["a divisible job", "ChargePosted", "compute", 5n, "come to 15200"],
    ["a divisible job", "ChargePosted", "compute", -5n, "come to 15200"],
    [
      "a divisible job that was cancelled where one center was not ready",
      "ChargePosted",
      "compute",
      1n,
      "come to 4800",
    ],
    ["a divisible job that was charged", "CorrectionPosted", "compute", 9n, "come to 12400"],
    ["a divisible job that was charged", "CorrectionPosted", "compute", 90_000n, "mills back of"],
    ["a gang that was over", "CorrectionPosted", "compute", -5n, "come to 12800"],
    ["a split gang whose penalties meet their cap", "ChargePosted", "penalty", 1n, "is worth 3400"],
    ["a run over an absence", "ChargePosted", "compute", 1n, "(and 1 more)"],
  ] as const)("of %s: %s of %s by %d", (name, type, kind, by, says) => {
    expect(faultOf(tampered(name, type, kind, by))).toContain(says);
  });

  test("a stretch that nobody bridged, a correction of no charge, and one posted twice", () => {
    const away = jobAfter(...(lives["a run over an absence"] ?? [])).events;
    const faults = faultOf(away.filter(({ type }) => type !== "JobBridged"));
    expect(faults).toContain("no sealed auction awarded");
    const late = jobAfter(...(lives["a gang that was over"] ?? [])).events;
    expect(faultOf(late.filter(({ type }) => type !== "ChargePosted"))).toContain("which was never charged");
    expect(faultOf([...late, ...late.slice(-1)])).toContain("posted twice");
  });
});

describe("tax of corrections", () => {
  /** A job at a tax rate, in basis points, with what it holds with that. */
  const at = (taxRate: number, hold: number, [asked, ...rest]: readonly JobCommand[]) => {
    const asking = asked?.type === "Request" ? [{ ...asked, taxRate }] : [];
    const held = rest.map((command) =>
      command.type === "Admit" ? { ...command, hold: mills(hold) } : command,
    );
    return jobAfter(...asking, ...held).events;
  };
  /** Seven slots of a divisible job at 6.25 %, charged before the fewer cards were told: 12,400 in the end. */
  const taxed = (...more: readonly JobCommand[]) => {
    const late = hadCards(2, 100, 103, { at: inSlot(300) });
    return at(625, 21_250, [...begun({ kind: "div" }), ranWhole, late, ...more]);
  };
  const opened = [625, 613].map((taxRate) => ({
    type: "AccountOpened",
    data: { account: "lab", period: "p", available: "0", holds: [], taxRate },
  }));
  const taxFault = (events: readonly JobEvent[]) => {
    const { ok, detail } = taxIsDue(rawOf([...opened, ...events]));
    return ok ? undefined : detail;
  };
  const taxLine = (line: ChargeLine, by: bigint) =>
    line.kind === "tax" ? { ...line, mills: millsText(BigInt(line.mills) + by) } : line;
  const forged = (by: bigint) =>
    taxed().map((event): JobEvent => {
      if (event.type !== "CorrectionPosted") return event;
      return { ...event, data: { ...event.data, lines: event.data.lines.map((line) => taxLine(line, by)) } };
    });

  test("is what they change", () => {
    expect(taxFault(taxed())).toBeUndefined();
    expect(taxFault(forged(1n))).toMatch(/^correction .* has -226 mills of tax, -225 are due$/);
    expect(taxFault(forged(-1n))).toMatch(/-224 mills of tax, -225 are due$/);
  });

  test("makes up for what charges and corrections in turns have left by rounding", () => {
    const refund = {
      kind: "compute",
      row: 3,
      from: "center:xian",
      to: "tenant:lab",
      mills: mills(7),
    } as const;
    const charge = `${placementId(1)}:day:${midnight - 5}-${midnight}`;
    const events = at(613, 21_226, [
      ...begunOvernight({ kind: "div" }),
      { type: "Correct", id: "x", charge, cause: "resolution", lines: [refund], at: inSlot(midnight, 90) },
      finish(1, "completed", inSlot(midnight + 4, 359)),
      hadCards(4, midnight, midnight + 1, { at: inSlot(midnight + 300) }),
    ]);
    // 6.13 % of 8,000, of 7 less, of 8,000 more and of 800 less: 931.3 on all, of which 979 were taken by then.
    const taxes = events.flatMap(({ type, data }) =>
      type === "ChargePosted" || type === "CorrectionPosted"
        ? data.lines.flatMap((line) => (line.kind === "tax" ? [`${line.from} ${line.mills}`] : []))
        : [],
    );
    expect(taxes).toEqual(["tenant:lab 490", "tax 1", "tenant:lab 490", "tax 48"]);
    expect(taxFault(events)).toBeUndefined();
    // A log from before: the correction by itself, 49 of what was due.
    const before = events.map((event): JobEvent => {
      if (event.type !== "CorrectionPosted" || event.data.cause !== "lateUsage") return event;
      return { ...event, data: { ...event.data, lines: event.data.lines.map((line) => taxLine(line, 1n)) } };
    });
    expect(taxFault(before)).toBeUndefined();
  });

  test("is finance's to say where it resolves a break, but for more than was taken", () => {
    const resolving = (amount: number): JobCommand => ({
      ...{ type: "Correct", id: "break-b", charge: `${placementId(1)}:end:100-110`, cause: "resolution" },
      lines: [{ kind: "tax", row: 3, from: "tax", to: "tenant:lab", mills: mills(amount) }],
      at: inSlot(310),
    });
    expect(taxFault(taxed(resolving(775)))).toBeUndefined();
    const events = taxed(resolving(775)).map((event): JobEvent => {
      if (event.type !== "CorrectionPosted" || event.data.cause !== "resolution") return event;
      return { ...event, data: { ...event.data, lines: event.data.lines.map((line) => taxLine(line, 1n)) } };
    });
    expect(taxFault(events)).toContain("has -776 mills of tax, 0 are due");
  });
});
