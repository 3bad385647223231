import { describe, expect, test } from "vitest";
import { parseEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import { center, offer, owner, product, row, rowAt, rowsOf, time } from "../../test/view-rows.ts";
import { viewKeys } from "./view.ts";

describe("an offer", () => {
  const data = { offer, center, owner, product, from: 100, to: 340, cards: 16, reserve: 100 };
  const offered = parseEvent("CapacityOffered", data);
  const stream = streams.offer(offer);
  const came = { center, product, from: 100, to: 340, cards: 16, reserve: 100 };

  test("is in the list of all by its end, in its owner's by its time, and itself", () => {
    const view = { ...data, status: "open", version: 1 };
    expect(rowsOf(stream, offered)).toEqual({
      ...row(viewKeys.openOffer(340, offer), view),
      ...row(viewKeys.offerOf(owner, time, offer), { offer }),
      ...row(viewKeys.offer(offer), view),
      ...row(viewKeys.offerChange(1, offer, 1), came),
    });
  });

  test.each([
    ["OfferWithdrawn", "withdrawn", row(viewKeys.offerChange(2, offer, 2), { ...came, cards: -16 })],
    // What has ended changes nothing that is still to be sold.
    ["OfferExpired", "expired", {}],
  ])("leaves the list of all by %s, and stays its owner's", (type, status, gone) => {
    expect(rowsOf(stream, offered, parseEvent(type, { offer }))).toEqual({
      ...row(viewKeys.offerOf(owner, time, offer), { offer }),
      ...row(viewKeys.offer(offer), { ...data, status, version: 2 }),
      ...row(viewKeys.offerChange(1, offer, 1), came),
      ...gone,
    });
  });

  test("says for how long at least it is sold", () => {
    const rows = rowsOf(stream, parseEvent("CapacityOffered", { ...data, minRun: 15 }));
    expect(rowAt(rows, viewKeys.offerChange(1, offer, 1))).toEqual({
      ...came,
      run: { of: offer, least: 15 },
    });
  });

  test("that is a home reserve shows what was drawn of it to its owner", () => {
    const drawn = { draw: "d1", from: 120, to: 130, cards: 4 };
    const reserve = parseEvent("CapacityOffered", { ...data, homeReserve: true });
    const rows = rowsOf(stream, reserve, parseEvent("ReserveDrawn", { offer, ...drawn }));
    const view = { ...data, homeReserve: true, status: "open" };
    expect(rowAt(rows, viewKeys.offer(offer))).toEqual({ ...view, draws: [drawn], version: 2 });
    expect(rowAt(rows, viewKeys.openOffer(340, offer))).toEqual({ ...view, version: 1 });
    expect(rowAt(rows, viewKeys.offerChange(1, offer, 1))).toEqual({ ...came, homeReserve: true });
    expect(rowAt(rows, viewKeys.offerChange(2, offer, 2))).toBeUndefined();
  });

  test("says what its center took back, and that it is no more on sale", () => {
    const lent = parseEvent("CapacityOffered", { ...data, reclaimNotice: 9 });
    const taken = { offer, center, product, from: 200, to: 340, cards: 10, left: 6 };
    const view = {
      ...data,
      reclaimNotice: 9,
      reclaimed: [{ from: 200, left: 6 }],
      status: "open",
      version: 2,
    };
    const change = { ...came, reclaimable: true };
    expect(rowsOf(stream, lent, parseEvent("CapacityReclaimed", taken))).toEqual({
      ...row(viewKeys.openOffer(340, offer), view),
      ...row(viewKeys.offerOf(owner, time, offer), { offer }),
      ...row(viewKeys.offer(offer), view),
      ...row(viewKeys.offerChange(1, offer, 1), change),
      ...row(viewKeys.offerChange(2, offer, 2), { ...change, from: 200, cards: -10 }),
    });
  });

  test("open offers are listed by their last slot", () => {
    const lists = [9, 10, 99_999_999].map((to) => viewKeys.openOffer(to, offer).sk);
    expect([...lists].sort()).toEqual(lists);
  });
});
