import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OfferEvent } from "../events/catalog/offer.ts";
import { CenterId, OfferId, OwnerId, ProductId } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { accept, nothing } from "./decider.ts";
import { type OfferCommand, type OfferSpec, offerDecider } from "./offer.ts";
import { slotStart } from "./time.ts";

const id = OfferId.parse("night");
const offer: OfferSpec = {
  offer: id,
  center: CenterId.parse("xian"),
  owner: OwnerId.parse("xian-owner"),
  product: ProductId.parse("ascend910"),
  from: 1000,
  to: 1040,
  cards: 64,
  reserve: 80,
};
const post = (changed: Partial<OfferSpec> = {}, poolCards = 1172, slot = 900): OfferCommand => ({
  type: "Post",
  offer: { ...offer, ...changed },
  poolCards,
  at: slotStart(slot) + 5_000,
});
const offered: OfferEvent = { type: "CapacityOffered", data: offer };
const withdrawn: OfferEvent = { type: "OfferWithdrawn", data: { offer: id } };
const expired: OfferEvent = { type: "OfferExpired", data: { offer: id } };

describe("an offer", () => {
  test("is posted once", () => {
    expect(given(offerDecider).when(post())).toEqual(accept(offered));
    expect(given(offerDecider, offered).when(post())).toEqual(nothing);
  });

  test.each([
    ["a window that ends before it begins", post({ from: 1040, to: 1000 }), "window-reversed", "/to"],
    ["a window that the next gate cannot sell", post({}, 1172, 1039), "window-passed", "/to"],
    ["a window of more than a year", post({ to: 1000 + 366 * 240 + 1 }), "window-too-long", "/to"],
    ["a product that the center has no pool of", post({}, 0), "pool-unknown", "/product"],
    ["more cards than the pool has", post({}, 63), "cards-beyond-pool", "/cards"],
  ])("is refused for %s", (_, command, code, field) => {
    expect(given(offerDecider).when(command)).toMatchObject({ rejection: { code, field } });
  });

  test("may begin in the past, as long as a slot of it can still be sold", () => {
    expect(given(offerDecider).when(post({}, 1172, 1038))).toEqual(accept(offered));
  });

  test("is withdrawn once, and not after it expired", () => {
    expect(given(offerDecider, offered).when({ type: "Withdraw" })).toEqual(accept(withdrawn));
    expect(given(offerDecider, offered, withdrawn).when({ type: "Withdraw" })).toEqual(nothing);
    expect(refusal(given(offerDecider, offered, expired).when({ type: "Withdraw" }))).toBe("offer-expired");
    expect(refusal(given(offerDecider).when({ type: "Withdraw" }))).toBe("offer-unknown");
  });

  test("expires when no gate can sell its last slot any more", () => {
    const expire = (slot: number): OfferCommand => ({ type: "Expire", slot });
    expect(given(offerDecider, offered).when(expire(1038))).toEqual(nothing);
    expect(given(offerDecider, offered).when(expire(1039))).toEqual(accept(expired));
    expect(given(offerDecider, offered, withdrawn).when(expire(1039))).toEqual(nothing);
    expect(given(offerDecider, offered, expired).when(expire(1040))).toEqual(nothing);
  });

  describe("sold with a notice of 20 slots", () => {
    const lent: OfferEvent = { type: "CapacityOffered", data: { ...offer, reclaimNotice: 20 } };
    const reclaim = (from: number, cards?: number, slot = 950): OfferCommand => ({
      type: "Reclaim",
      from,
      cards,
      at: slotStart(slot) + 5_000,
    });
    const reclaimed = (from: number, cards: number, left: number): OfferEvent => ({
      type: "CapacityReclaimed",
      data: { offer: id, center: offer.center, product: offer.product, from, to: 1040, cards, left },
    });

    test("is reclaimed in part, then for good, also after it was withdrawn", () => {
      expect(given(offerDecider, lent).when(reclaim(1010, 10))).toEqual(accept(reclaimed(1010, 10, 54)));
      const less = given(offerDecider, lent, reclaimed(1010, 10, 54), withdrawn);
      expect(less.when(reclaim(1005))).toEqual(accept(reclaimed(1005, 64, 0)));
      expect(less.when(reclaim(1012))).toEqual(accept(reclaimed(1012, 54, 0)));
    });

    test("is reclaimed from its first slot on at the earliest", () => {
      expect(given(offerDecider, lent).when(reclaim(980))).toEqual(accept(reclaimed(1000, 64, 0)));
    });

    test.each([
      ["a slot before the notice is over", reclaim(1010, 1, 990), "notice-too-short", "/from"],
      ["a slot in which it has ended", reclaim(1040), "window-passed", "/from"],
      ["more cards than it has", reclaim(1010, 65), "cards-beyond-offer", "/cards"],
    ])("is not reclaimed for %s", (_, command, code, field) => {
      expect(given(offerDecider, lent).when(command)).toMatchObject({ rejection: { code, field } });
    });

    test("is told the notice, the earliest slot, and what a center does that cannot wait", () => {
      const told = JSON.stringify(given(offerDecider, lent).when(reclaim(1010, 1, 990)));
      expect(told).toContain("notice of 20 slots: reclaim from slot 1011 on");
      expect(told).toContain("rows 8 to 10");
    });

    test("is firm without a notice, has nothing left twice, and ends with its time", () => {
      expect(refusal(given(offerDecider, offered).when(reclaim(1010)))).toBe("offer-firm");
      expect(refusal(given(offerDecider, lent, reclaimed(1005, 64, 0)).when(reclaim(1010)))).toBe(
        "nothing-left",
      );
      expect(refusal(given(offerDecider, lent, expired).when(reclaim(1010)))).toBe("offer-expired");
    });
  });

  test("is posted, and then ended at most once, whatever is asked of it", () => {
    const commands: fc.Arbitrary<OfferCommand> = fc.oneof(
      fc.constantFrom(post(), post({}, 10), post({ from: 2000 })),
      fc.constant<OfferCommand>({ type: "Withdraw" }),
      fc.integer({ min: 1030, max: 1045 }).map((slot): OfferCommand => ({ type: "Expire", slot })),
    );
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 12 }), (all) => {
        const { events } = carryOut(offerDecider, all);
        expect(events.length).toBeLessThanOrEqual(2);
        if (events.length > 0) expect(events[0]).toEqual(offered);
        if (events.length > 1) expect(events[1]?.type).not.toBe("CapacityOffered");
      }),
    );
  });
});
