import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuctionEvent } from "../events/catalog/auction.ts";
import type { Award } from "../events/catalog/award.ts";
import { CenterId, JobId, MillsText, PlacementId, ProductId } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { type AuctionCommand, auctionDecider } from "./auction.ts";
import { accept, nothing } from "./decider.ts";
import { mills, millsText } from "./money.ts";
import { instant } from "./time.ts";

const at = 1_767_600_000_000;
const gate = { session: "spot", gate: 100, from: 101, to: 141 } as const;
const close: AuctionCommand = { type: "Close", auction: 3, position: 40, at, ...gate };
const closed: AuctionEvent = {
  type: "GateClosed",
  data: { auction: 3, position: 40, at: instant(at), ...gate },
};
const money = (value: number) => MillsText.parse(String(value));

function solve(pages: number, resultHash = "first"): AuctionCommand {
  const sums = { bids: 9, offers: 4, welfare: money(700), bound: money(800) };
  return { type: "Solve", bookHash: "book", resultHash, pages, ...sums };
}
function solved(pages: number): AuctionEvent {
  const sums = { bids: 9, offers: 4, welfare: money(700), bound: money(800) };
  return {
    type: "AuctionSolved",
    data: { auction: 3, bookHash: "book", resultHash: "first", pages, ...sums },
  };
}

function award(name: string, cards: number): Award {
  const center = CenterId.parse("xian");
  const product = ProductId.parse("ascend910");
  return {
    placement: PlacementId.parse(`${name}.3`),
    job: JobId.parse(name),
    auction: 3,
    session: "spot",
    stretch: 1,
    continues: false,
    from: 101,
    to: 111,
    fills: [{ center, product, from: 101, to: 111, cards, price: 50 }],
    links: [],
    value: money(cards * 500),
  };
}
const page = (number: number, ...awards: Award[]) => ({ page: number, awards, prices: [], linkPrices: [] });
const publish = (number: number, ...awards: Award[]): AuctionCommand => ({
  type: "Publish",
  ...page(number, ...awards),
});
const published = (number: number, ...awards: Award[]): AuctionEvent => ({
  type: "AwardsPublished",
  data: { auction: 3, ...page(number, ...awards) },
});
const clear: AuctionCommand = { type: "Clear", at, demand: [], supply: [] };
const voidIt: AuctionCommand = { type: "Void", reason: "priceCap", at };
const voided: AuctionEvent = {
  type: "AuctionVoided",
  data: { auction: 3, session: "spot", gate: 100, at: instant(at), reason: "priceCap" },
};

describe("an auction", () => {
  test("closes its gate once, at one position of the feed", () => {
    expect(given(auctionDecider).when(close)).toEqual(accept(closed));
    expect(given(auctionDecider, closed).when({ ...close, position: 41 })).toEqual(nothing);
  });

  test("that nobody bids in closes and clears in one commit", () => {
    const supply = [{ price: 50, cardSlots: 2560 }];
    const empty: AuctionCommand = { ...close, type: "CloseEmpty", supply };
    expect(given(auctionDecider).when(empty)).toMatchObject({
      events: [
        closed,
        { type: "AuctionCleared", data: { awards: 0, bids: 0, value: "0", demand: [], supply } },
      ],
    });
  });

  test("has one result: the first attempt's", () => {
    expect(given(auctionDecider, closed).when(solve(2))).toEqual(accept(solved(2)));
    expect(given(auctionDecider, closed, solved(2)).when(solve(1, "second"))).toEqual(nothing);
    expect(refusal(given(auctionDecider).when(solve(2)))).toBe("gate-open");
  });

  test("publishes its pages in order, each once", () => {
    const two = given(auctionDecider, closed, solved(2));
    expect(two.when(publish(0, award("a", 8)))).toEqual(accept(published(0, award("a", 8))));
    expect(refusal(two.when(publish(1)))).toBe("page-out-of-order");
    const one = given(auctionDecider, closed, solved(2), published(0, award("a", 8)));
    expect(one.when(publish(0, award("a", 8)))).toEqual(nothing);
    const all = given(auctionDecider, closed, solved(1), published(0));
    expect(refusal(all.when(publish(1)))).toBe("page-out-of-order");
    expect(refusal(given(auctionDecider, closed).when(publish(0)))).toBe("not-solved");
  });

  test("is sealed when all pages are out, with the sums of its awards", () => {
    const partly = [closed, solved(2), published(0, award("a", 8))];
    expect(refusal(given(auctionDecider, ...partly).when(clear))).toBe("pages-missing");
    expect(given(auctionDecider, ...partly, published(1, award("b", 4))).when(clear)).toEqual(
      accept<AuctionEvent>({
        type: "AuctionCleared",
        data: {
          auction: 3,
          session: "spot",
          gate: 100,
          at: instant(at),
          bids: 9,
          awards: 2,
          cardSlots: 120,
          value: money(6000),
          welfare: money(700),
          bound: money(800),
          demand: [],
          supply: [],
        },
      }),
    );
  });

  test("may be voided before it has a result, not after", () => {
    expect(given(auctionDecider, closed).when(voidIt)).toEqual(accept(voided));
    expect(given(auctionDecider, closed, solved(1)).when(voidIt)).toEqual(nothing);
    expect(given(auctionDecider, closed, voided).when(solve(1))).toEqual(nothing);
  });

  test("says which auction it runs again", () => {
    expect(given(auctionDecider).when({ ...close, reruns: 2 })).toMatchObject({
      events: [{ data: { reruns: 2 } }],
    });
  });

  test("ends at most once, and its sums are those of its pages, in whatever order steps are tried", () => {
    const commands: fc.Arbitrary<AuctionCommand> = fc.oneof(
      fc.constantFrom(close, clear, clear),
      { weight: 1, arbitrary: fc.constant(voidIt) },
      fc.integer({ min: 1, max: 3 }).map((pages) => solve(pages)),
      { weight: 4, arbitrary: fc.nat(2).map((number) => publish(number, award(`job${number}`, number + 1))) },
    );
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 25 }), (rest) => {
        const { events } = carryOut(auctionDecider, [close, ...rest]);
        const ends = events.filter(({ type }) => type === "AuctionCleared" || type === "AuctionVoided");
        expect(ends.length).toBeLessThanOrEqual(1);
        if (ends.length === 1) expect(events.at(-1)).toEqual(ends[0]);
        const awards = events.flatMap((event) => (event.type === "AwardsPublished" ? event.data.awards : []));
        expect(new Set(awards.map(({ placement }) => placement)).size).toBe(awards.length);
        const value = awards.reduce((sum, one) => sum + mills(one.value), 0n);
        for (const end of ends)
          if (end.type === "AuctionCleared")
            expect([end.data.awards, end.data.value]).toEqual([awards.length, millsText(value)]);
      }),
    );
  });
});
