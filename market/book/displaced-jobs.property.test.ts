import fc from "fast-check";
import { expect, test } from "vitest";
import type { JobSpec } from "../../events/catalog/job.ts";
import {
  a100,
  ascend,
  awardTo,
  bidders,
  bookAfter,
  displaced,
  fill,
  gateIn,
  held,
  jobIn,
  joined,
  queued,
  seal,
  seePage,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { rules } from "../rules.ts";
import type { BookState } from "./book-state.ts";
import { dueHolds, expiredJobs } from "./holds.ts";

const arbitrary = fc.record({
  session: fc.constantFrom("spot" as const, "forward" as const),
  kind: fc.constantFrom("block" as const, "div" as const, "service" as const),
  /** Slots, or hours in forward: on one product, and on the other if it is a gang. */
  lengths: fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })),
  stage: fc.constantFrom(0, 0, 1, 3),
  /** Slots of its window beyond what its first award takes. */
  slack: fc.constantFrom(0, 0, 1, 7, 25),
  extends: fc.boolean(),
  /** Where between the gate and the end of its award it lost its place, per mille. */
  when: fc.integer({ min: 0, max: 999 }),
});
type Drawn = typeof arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** It sells an hour in both sessions: forward from slot 100 on, spot from 99. */
const gate = 98;

function specOf({ session, kind, lengths: [all, own], stage, slack, extends: more }: Drawn): JobSpec {
  const grain = session === "spot" ? 1 : 10;
  const gang = kind === "block";
  const stageSlots = kind === "div" ? 0 : stage * grain;
  const slots = all * grain;
  const from = 100 + stageSlots;
  const second = gang ? [{ product: a100, limit: 250, slots: own * grain }] : [];
  const shortest = gang ? Math.min(all, own) * grain : slots;
  return {
    ...{ name: "", session, kind, cards: 8, slots, from, home: xian, frameworks: [], retries: 0 },
    products: [{ product: ascend, limit: 250 }, ...second],
    to: from + (kind === "service" ? slots : shortest + slack),
    dataGB: stageSlots === 0 ? 0 : 9,
    ...(stageSlots === 0 ? {} : { stageSlots }),
    ...(kind === "service" ? { floor: 4 } : {}),
    // A service that lost its last slots has nothing else to come back for.
    ...(more || kind === "service" ? { extendLimit: 250 } : {}),
    maxSlots: 1000,
  };
}

/** The book in which it was awarded its window's first slots, and lost them. */
function bookOf(drawn: Drawn, spec: JobSpec): { book: BookState; at: number } {
  const { from, session } = spec;
  const to = Math.min(spec.to, from + spec.slots);
  const book = bookAfter(joined(xian), joined(wuhan), ...queued("train", spec));
  const award = awardTo("train", 1, [fill({ from, to, product: ascend })], { session });
  seal(book, gateIn(gate, session), award);
  const at = gate + Math.floor((drawn.when * (to - gate)) / 1000);
  seePage(book, [displaced("train", at, { slot: Math.max(at, from) })], at);
  return { book, at };
}

test("what lost its place bids at gates to come, and expires only behind the last that can sell it", () => {
  fc.assert(
    fc.property(arbitrary, (drawn) => {
      const spec = specOf(drawn);
      const { book, at } = bookOf(drawn, spec);
      expect(jobIn(book, "train").window.from).toBeGreaterThanOrEqual(spec.from);
      const bids: number[] = [];
      const expired: number[] = [];
      for (let slot = at + 1; slot < at + 500; slot++) {
        for (const { mills, stretch } of dueHolds(book, slot))
          seePage(book, [held("train", Number(mills), stretch)], slot);
        const closes = spec.session === "spot" || slot % 10 === 8;
        if (closes && bidders(book, gateIn(slot, spec.session)).length > 0) bids.push(slot);
        if (expiredJobs(book, slot).length > 0) expired.push(slot);
      }
      expect(bids.length).toBeGreaterThanOrEqual(spec.kind === "service" ? 1 : rules.startSlots);
      expect(expired[0]).toBe((bids.at(-1) ?? 0) + 1);
    }),
    { numRuns: 60 },
  );
});
