import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OfferEvent } from "../events/catalog/offer.ts";
import { CenterId, DrawId, OfferId, OwnerId, ProductId } from "../events/catalog/values.ts";
import { carryOut, carryOutSteps, given, refusal } from "../test/given-when-then.ts";
import { accept, nothing } from "./decider.ts";
import { type Draw, type OfferCommand, type OfferSpec, offerDecider, stepsOf } from "./offer.ts";
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

describe("an offer in steps", () => {
  const steps = [
    { cards: 32, reserve: 80 },
    { cards: 24, reserve: 95 },
    { cards: 8, reserve: 200 },
  ];

  test("says the same as its cards and its reserve, more exactly", () => {
    const stepped: OfferEvent = { type: "CapacityOffered", data: { ...offer, steps } };
    expect(given(offerDecider).when(post({ steps }))).toEqual(accept(stepped));
    expect(stepsOf({ ...offer, steps })).toEqual(steps);
    expect(stepsOf(offer)).toEqual([{ cards: 64, reserve: 80 }]);
  });

  test.each([
    ["fall", { steps: steps.toReversed(), reserve: 200 }, "steps-not-rising", "/steps/1/reserve"],
    ["stay", { steps: [...steps, { cards: 1, reserve: 200 }] }, "steps-not-rising", "/steps/3/reserve"],
    ["begin elsewhere", { steps, reserve: 79 }, "steps-reserve", "/reserve"],
    ["have other cards", { steps, cards: 63 }, "steps-cards", "/cards"],
  ])("is refused where its steps %s", (_, changed, code, field) => {
    expect(given(offerDecider).when(post(changed))).toMatchObject({ rejection: { code, field } });
  });
});

describe("a minimum run", () => {
  test("is as long as the offer at most, and of a home reserve as long as that is on sale", () => {
    const refusedFor = (changed: Partial<OfferSpec>) => {
      const decision = given(offerDecider).when(post(changed));
      return decision.ok ? undefined : decision.rejection;
    };
    expect(refusedFor({ minRun: 40 })).toBeUndefined();
    expect(refusedFor({ minRun: 41 })).toMatchObject({ code: "min-run-too-long", field: "/minRun" });
    expect(refusedFor({ minRun: 20, homeReserve: true })).toBeUndefined();
    expect(refusedFor({ minRun: 21, homeReserve: true })).toMatchObject({ code: "min-run-too-long" });
  });
});

describe("a home reserve", () => {
  const reserve: OfferEvent = { type: "CapacityOffered", data: { ...offer, homeReserve: true } };
  const drawing = (changed: Partial<Draw> = {}, slot = 900): OfferCommand => ({
    type: "Draw",
    draw: { draw: DrawId.parse("d1"), from: 1010, to: 1020, cards: 10, ...changed },
    at: slotStart(slot) + 30_000,
  });
  const drawn = (draw: string, from: number, to: number, cards: number): OfferEvent => ({
    type: "ReserveDrawn",
    data: { offer: id, draw: DrawId.parse(draw), from, to, cards },
  });

  test("is drawn from, each draw once", () => {
    const first = drawn("d1", 1010, 1020, 10);
    expect(given(offerDecider, reserve).when(drawing())).toEqual(accept(first));
    expect(given(offerDecider, reserve, first).when(drawing())).toEqual(nothing);
    const second = drawing({ draw: DrawId.parse("d2") });
    expect(given(offerDecider, reserve, first).when(second)).toEqual(accept(drawn("d2", 1010, 1020, 10)));
  });

  test.each([
    ["that ends before it begins", drawing({ from: 1020, to: 1010 }), "window-reversed", "/to"],
    ["before its first slot", drawing({ from: 999 }), "draw-outside-offer", "/from"],
    ["after its last slot", drawing({ to: 1041 }), "draw-outside-offer", "/to"],
    ["of more cards than it has", drawing({ cards: 65 }), "draw-beyond-reserve", "/cards"],
    // The gate of slot 989 sells up to slot 1009, the one of slot 990 slot 1010 as well.
    ["of a slot that the next gate sells", drawing({}, 989), "reserve-lapsed", "/from"],
  ])("refuses a draw %s", (_, command, code, field) => {
    expect(given(offerDecider, reserve).when(command)).toMatchObject({ rejection: { code, field } });
  });

  test("is drawn from up to the last slot in which no next gate sells it", () => {
    expect(given(offerDecider, reserve).when(drawing({}, 988)).ok).toBe(true);
    expect(given(offerDecider, reserve).when(drawing({}, 989))).toMatchObject({
      rejection: { detail: expect.stringContaining("draw from 1011 on") },
    });
  });

  test("gives what is left in all slots of a draw, and no more", () => {
    const before = [drawn("a", 1000, 1015, 30), drawn("b", 1012, 1018, 20), drawn("c", 1030, 1040, 64)];
    const left = (from: number, to: number, cards: number) =>
      given(offerDecider, reserve, ...before).when(drawing({ from, to, cards })).ok;
    expect([left(1010, 1030, 14), left(1010, 1030, 15)]).toEqual([true, false]);
    expect([left(1015, 1030, 44), left(1015, 1030, 45)]).toEqual([true, false]);
    expect([left(1018, 1030, 64), left(1018, 1031, 1)]).toEqual([true, false]);
  });

  test("only is drawn from, and only while it is open", () => {
    expect(refusal(given(offerDecider, offered).when(drawing()))).toBe("offer-not-reserve");
    expect(refusal(given(offerDecider, reserve, withdrawn).when(drawing()))).toBe("offer-withdrawn");
    expect(refusal(given(offerDecider, reserve, expired).when(drawing()))).toBe("offer-expired");
    expect(refusal(given(offerDecider).when(drawing()))).toBe("offer-unknown");
    const many = Array.from({ length: 400 }, (_, n) => drawn(`d${n + 10}`, 1000, 1001, 1));
    expect(refusal(given(offerDecider, reserve, ...many).when(drawing()))).toBe("draws-too-many");
  });

  test("never gives more than it has in any slot, nor a slot that the next gate sells", () => {
    const step = fc.record({
      from: fc.integer({ min: 995, max: 1042 }),
      slots: fc.integer({ min: 1, max: 20 }),
      cards: fc.integer({ min: 1, max: 40 }),
      pause: fc.integer({ min: 0, max: 9 }),
    });
    const posted: OfferCommand = post({ homeReserve: true });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (all) => {
        let slot = 965;
        const draws = all.map(({ from, slots, cards, pause }, n) => {
          slot += pause;
          return drawing({ draw: DrawId.parse(`d${n}`), from, to: from + slots, cards }, slot);
        });
        const { state, events } = carryOutSteps(
          offerDecider,
          [posted, ...draws].map((command) => () => command),
        );
        for (const event of events) {
          if (event.type !== "ReserveDrawn") continue;
          const command = draws.find((one) => one.type === "Draw" && one.draw.draw === event.data.draw);
          const at = command?.type === "Draw" ? command.at : 0;
          const nextGate = Math.floor(at / 360_000) + 1;
          expect(event.data.from).toBeGreaterThan(nextGate + 20);
        }
        const kept = state.phase === "unknown" ? [] : state.draws;
        for (let at = 1000; at < 1040; at++) {
          const used = kept.filter(({ from, to }) => from <= at && at < to);
          expect(used.reduce((sum, { cards }) => sum + cards, 0)).toBeLessThanOrEqual(64);
        }
      }),
    );
  });
});
