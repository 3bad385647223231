import { expect, test } from "vitest";
import { onePoolBook } from "../../test/clearing-books.ts";
import { drawAstray } from "./astray.ts";
import { compileBook } from "./compile-book.ts";
import { construct } from "./construct.ts";
import { demandAt, emptyDemand } from "./demand.ts";
import { pricesOf, refreshTables, tablesOf } from "./guide.ts";
import { beginImprovement } from "./improve.ts";
import type { Bid } from "./instance.ts";
import type { Model } from "./model.ts";
import { emptySchedule, place } from "./schedule.ts";

const slots = 24;
const block = { kind: "block" as const, from: 0, to: slots, home: 0 };
const auctionOf = (bids: readonly Bid[]) => onePoolBook(slots, [[8, 10]], bids);

/** Before the last six slots cards are dearer at the guide. */
function improving(model: Model, start: number) {
  const guide = tablesOf(model, pricesOf(model));
  guide.cells.fill(40, 0, slots - 6);
  refreshTables(model, guide);
  const demand = emptyDemand(model);
  const bound = demandAt(model, guide, demand);
  const schedule = emptySchedule(model);
  if (start >= 0) place(schedule, 0, 0, start, model.g[0] ?? 0);
  return beginImprovement(schedule, guide, demand, bound);
}

test("a gang is drawn for the places only at which it would gain more at the guide", () => {
  const model = compileBook(auctionOf([{ ...block, g: 4, d: 4, prods: [{ p: 0, limit: 90 }] }]));
  const drawn = (start: number) => {
    const improvement = improving(model, start);
    return Array.from({ length: 60 }, () => drawAstray(improvement, 1_000)?.start);
  };
  expect(drawn(-1)).not.toContain(undefined);
  expect(new Set(drawn(0))).toEqual(new Set([15, 16, 17, 18, 19, 20]));
  expect(new Set(drawn(17))).toEqual(new Set([18, 19, 20]));
  expect(new Set(drawn(19))).toEqual(new Set([undefined]));
});

test("gangs of most card-slots have their places first where they are placed one by one", () => {
  const wide = Array.from({ length: 24 }, () => ({ ...block, g: 4, d: 2, prods: [{ p: 0, limit: 90 }] }));
  const thin = { ...block, g: 1, d: slots, prods: [{ p: 0, limit: 80 }] };
  const model = compileBook(auctionOf([...wide, thin]));
  const placed = (singly: number) => {
    const making = construct(model, pricesOf(model), 1, { spent: 0 }, { rounds: 0, singly });
    for (;;) {
      const { done, value } = making.next();
      if (done) return value.choice[24] !== -1;
    }
  };
  expect([placed(0), placed(1)]).toEqual([false, true]);
});
