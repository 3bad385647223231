import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import type { Period } from "../../events/catalog/values.ts";
import {
  center,
  gate,
  midnight,
  price,
  product,
  published,
  row,
  rowAt,
  rowsOf,
  time,
  today,
  tomorrow,
} from "../../test/view-rows.ts";
import { periodStart } from "../time.ts";
import { viewKeys } from "./view.ts";

describe("an auction", () => {
  const closed = parseEvent("GateClosed", gate(3));
  const figures = { bids: 5, welfare: "700", bound: "710" };
  const solved = parseEvent("AuctionSolved", {
    auction: 3,
    bookHash: "b",
    resultHash: "r",
    pages: 1,
    offers: 2,
    ...figures,
  });

  test("goes from its gate to its result", () => {
    const key = viewKeys.auction(3);
    const results = { ...figures, awards: 2, cardSlots: 80, value: "8000" };
    const [demand, supply] = [[{ price: 500, cardSlots: 80 }], [{ price: 100, cardSlots: 160 }]];
    const cleared = { auction: 3, session: "spot", gate: 100, at: time, ...results, demand, supply };
    expect(rowsOf("auction-3", closed)).toEqual(row(key, { ...gate(3), status: "closed" }));
    expect(rowsOf("auction-3", closed, solved)).toEqual(
      row(key, { ...gate(3), status: "solved", ...figures }),
    );
    expect(rowsOf("auction-3", closed, solved, parseEvent("AuctionCleared", cleared))).toEqual({
      ...row(key, { ...gate(3), status: "cleared", ...results }),
      ...row(viewKeys.curves(3), { auction: 3, demand, supply }),
    });
  });

  test("that is void says why", () => {
    const data = { auction: 3, session: "spot", gate: 100, at: time, reason: "priceCap" };
    expect(rowsOf("auction-3", closed, solved, parseEvent("AuctionVoided", data))).toEqual(
      row(viewKeys.auction(3), { ...gate(3), ...figures, status: "voided", reason: "priceCap" }),
    );
  });
});

describe("prices", () => {
  /** Slots of a day that have a price. */
  const pricesOf = (rows: Record<string, unknown>, period: Period) => {
    const view = rowAt(rows, viewKeys.prices(center, product, period));
    if (typeof view !== "object" || view === null || !("slots" in view) || !Array.isArray(view.slots))
      return {};
    expect(view.slots).toHaveLength(240);
    return Object.fromEntries([...view.slots.entries()].filter(([, slot]) => slot !== null));
  };

  test("are kept slot by slot for each day, also across midnight", () => {
    const rows = rowsOf("auction-1", published(1, price(midnight - 2, midnight + 1, 250, 8)));
    expect(pricesOf(rows, today)).toEqual({ 238: [250, 8, 1], 239: [250, 8, 1] });
    expect(pricesOf(rows, tomorrow)).toEqual({ 0: [250, 8, 1] });
  });

  test("are the last trade's, and an indication only where nothing was traded", () => {
    const start = periodStart(today);
    const day = (...events: readonly DomainEvent[]) => pricesOf(rowsOf("auction-1", ...events), today);
    const [first, later] = [price(start, start + 1, 100, 4), price(start, start + 1, 200, 4)];
    const [hint, newer] = [price(start, start + 1, 300, 0), price(start, start + 1, 400, 0)];
    expect(day(published(1, first), published(2, later))).toEqual({ 0: [200, 4, 2] });
    expect(day(published(1, first), published(2, hint))).toEqual({ 0: [100, 4, 1] });
    expect(day(published(1, hint), published(2, first))).toEqual({ 0: [100, 4, 2] });
    expect(day(published(1, hint), published(2, newer))).toEqual({ 0: [400, 0, 2] });
  });
});
