import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobSpec } from "../../events/catalog/job.ts";
import { ProductId } from "../../events/catalog/values.ts";
import { ascend, request } from "../../test/training-job.ts";
import { jobDecider } from "../job.ts";
import { slotStart } from "../time.ts";

const a100 = ProductId.parse("a100-80g");
const asked = (changed: Partial<JobSpec>, at: number) =>
  jobDecider.decide({ ...request(changed), at }, jobDecider.initial);
/** Of products, the one has the job's length, the other its own. */
const lengths = (own: number) => [
  { product: ascend, limit: 250 },
  { product: a100, limit: 250, slots: own },
];
/** Within slot 98, whose gates, a spot and a forward one, are past. */
const late = slotStart(98) + 1;
const forward = { session: "forward", slots: 10, maxSlots: 20 } as const;
const staged = { dataGB: 5, stageSlots: 10 } as const;
const service = { kind: "service", floor: 4, maxSlots: 10 } as const;

describe("a window whose last start", () => {
  test.each([
    ["the gate of the slot sold that begins", {}, slotStart(98), { from: 99, to: 109 }],
    ["the next gate sells", {}, late, { from: 99, to: 110 }],
    ["the next gate sells on the fastest product", { products: lengths(4) }, late, { from: 99, to: 104 }],
    ["the next gate sells for a part of it", { kind: "div" }, late, { from: 90, to: 101 }],
    ["leaves the time to move its data", staged, late, { from: 99, to: 120 }],
    ["the forward gate of the slot sells that begins", forward, slotStart(98), { from: 99, to: 110 }],
    ["a forward gate before the slot's end sells", forward, late - 360_000, { from: 99, to: 110 }],
    ["the next forward gate sells", forward, late, { from: 99, to: 120 }],
    [
      "the next forward gate sells for a part of it",
      { ...forward, kind: "div" },
      late,
      { from: 99, to: 120 },
    ],
    ["is that of a service on sale", service, late, { from: 100, to: 110 }],
    ["is that of a forward service on sale", { ...forward, ...service }, late, { from: 110, to: 120 }],
  ] as const)("%s is taken", (_, spec, at, window) => {
    expect(asked({ ...spec, ...window }, at)).toMatchObject({ ok: true });
  });

  const spot = "The next gate sells from slot 100";
  const hour = "The next gate sells from slot 110";
  test.each([
    ["has passed", {}, { from: 99, to: 109 }, `${spot}: to must be 110 at least.`],
    [
      "has passed on all products",
      { products: lengths(4) },
      { from: 99, to: 103 },
      `${spot}: to must be 104`,
    ],
    ["has passed for any part", { kind: "div" }, { from: 90, to: 100 }, `${spot}: to must be 101 at least.`],
    [
      "comes before its data",
      staged,
      { from: 99, to: 119 },
      "starts in slot 110 at the earliest: to must be 120",
    ],
    ["no forward gate sells any more", forward, { from: 100, to: 119 }, `${hour}: to must be 120 at least.`],
    [
      "has passed for any hour",
      { ...forward, kind: "div" },
      { from: 90, to: 119 },
      `${hour}: to must be 120`,
    ],
    ["comes before its data in forward", { ...forward, ...staged }, { from: 100, to: 125 }, "to must be 130"],
    ["is in no whole hour", forward, { from: 205, to: 219 }, "sells whole hours: to must be 220 at least."],
    [
      "is that of a service begun",
      service,
      { from: 99, to: 109 },
      `${spot}: begin the window there or later.`,
    ],
    [
      "is of a forward service begun",
      { ...forward, ...service },
      { from: 100, to: 110 },
      `${hour}: begin the`,
    ],
  ] as const)("%s is refused, with what would do", (_, spec, window, advice) => {
    const field = "floor" in spec ? "/from" : "/to";
    const refused = { kind: "invalid", field, detail: expect.stringContaining(advice) };
    expect(asked({ ...spec, ...window }, late)).toMatchObject({ rejection: refused });
  });

  test("passes after the request leaves a repeat accepted", () => {
    const first = asked({ to: 110 }, slotStart(99));
    const state = first.ok ? first.events.reduce(jobDecider.evolve, jobDecider.initial) : jobDecider.initial;
    const again = { ...request({ to: 110 }), at: slotStart(150) };
    expect(jobDecider.decide(again, state)).toEqual({ ok: true, events: [] });
  });
});

test("a window is taken exactly if one of the gates to come sells a start in it", () => {
  const hours = fc.integer({ min: 1, max: 3 }).map((n) => n * 10);
  const arbitrary = fc.record({
    session: fc.constantFrom("spot" as const, "forward" as const),
    kind: fc.constantFrom("block" as const, "div" as const),
    lengths: fc.tuple(hours, hours),
    stageSlots: fc.constantFrom(0, 10),
    from: fc.integer({ min: 90, max: 140 }),
    window: fc.integer({ min: 30, max: 60 }),
    at: fc.integer({ min: slotStart(90), max: slotStart(140) }),
  });
  fc.assert(
    fc.property(arbitrary, ({ session, kind, lengths: [all, own], stageSlots, from, window, at }) => {
      const gang = kind === "block";
      const ahead = gang ? stageSlots : 0;
      const to = from + window;
      const fewest = gang ? Math.min(all, own) : session === "spot" ? 1 : 10;
      const decision = asked(
        {
          ...{ session, kind, slots: all, maxSlots: 30, from, to },
          products: gang ? lengths(own) : [{ product: ascend, limit: 250 }],
          ...(ahead > 0 ? { dataGB: 5, stageSlots: ahead } : {}),
        },
        at,
      );
      expect(decision.ok).toBe(isSold({ session, from, to, fewest, ahead }, at));
    }),
    { numRuns: 2000 },
  );
});

interface Wanted {
  readonly session: "spot" | "forward";
  readonly from: number;
  readonly to: number;
  readonly fewest: number;
  readonly ahead: number;
}

/** Every gate that closes from an instant on, and every start that it sells (rules 1, 2 and 27). */
function isSold({ session, from, to, fewest, ahead }: Wanted, at: number): boolean {
  const starts: number[] = [];
  for (let gate = 0; gate < to; gate++) {
    if (slotStart(gate) < at) continue;
    if (session === "spot") starts.push(...[1, 2, 3].map((n) => gate + n + ahead));
    // Two slots before each hour.
    else if (gate % 10 === 8) for (let hour = gate + 2 + ahead; hour < to; hour += 10) starts.push(hour);
  }
  return starts.some((start) => start >= from && start + fewest <= to);
}
