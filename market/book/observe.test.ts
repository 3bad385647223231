import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { LinkId, OfferId, OwnerId } from "../../events/catalog/values.ts";
import {
  admitted,
  awardTo,
  bidders,
  bookAfter,
  cancelled,
  cardsIn,
  clearAt,
  completed,
  displaced,
  fill,
  gateClosed,
  gateIn,
  held,
  holdReleased,
  inSlot,
  instanceOf,
  jobId,
  jobIn,
  joined,
  link,
  linked,
  lost,
  offered,
  placed,
  placementId,
  queued,
  reduced,
  requested,
  returned,
  seal,
  seePage,
  sell,
  sensed,
  voidIn,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { millsText } from "../money.ts";
import { initialBook } from "./book-state.ts";
import { stepsLeft } from "./capacity-left.ts";
import { gateDue } from "./gates.ts";
import { observeAuction } from "./observe-auction.ts";
import { observePage } from "./observe-page.ts";
import { snapshotOf } from "./snapshot.ts";

const market: readonly DomainEvent[] = [joined(xian), joined(wuhan), offered()];
const offer = OfferId.parse("offer-1");
const hold = 250 * 8 * 10;

/** Steps of a gate's first slots: [first slot, slot after the last, cards, reserve]. */
function steps(book: ReturnType<typeof bookAfter>, from = 100, to = 140) {
  return stepsLeft(book, { from, to, reservesUntil: 0 }, 1).map((step) => [
    step.offer,
    from + step.from,
    from + step.to,
    step.cards,
    step.reserve,
  ]);
}

describe("what is on sale", () => {
  test("an offer is, in its own slots", () => {
    const book = bookAfter(joined(xian), offered("a", { from: 102, to: 110 }));
    expect(steps(book)).toEqual([["a@2", 102, 110, 16, 100]]);
    expect(steps(book, 110, 150)).toEqual([]);
    expect(steps(book, 90, 102)).toEqual([]);
  });

  test("an offer of a center that has not joined is not, until it has", () => {
    const book = bookAfter(offered());
    expect(steps(book)).toEqual([]);
    seePage(book, [joined(xian)]);
    expect(cardsIn(book, 100)).toBe(16);
  });

  test.each(["OfferWithdrawn", "OfferExpired"] as const)("not what %s takes back", (type) => {
    const other = offered("b", { reserve: 120 });
    const book = bookAfter(...market, other);
    expect(cardsIn(book, 100)).toBe(32);
    seePage(book, [{ type, data: { offer: offer } }]);
    expect(steps(book)).toEqual([["b@0", 100, 140, 16, 120]]);
  });

  test("cards sold from an offer that was withdrawn count against the pool's others", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    seePage(book, [{ type: "OfferWithdrawn", data: { offer: offer } }, offered("b", { cards: 10 })]);
    expect(steps(book)).toEqual([
      ["b@0", 100, 110, 2, 100],
      ["b@10", 110, 140, 10, 100],
    ]);
  });

  test("sold cards are the cheapest ones", () => {
    const book = bookAfter(...market, offered("cheap", { cards: 4, reserve: 60 }), ...queued("train"));
    sell(book);
    expect(steps(book, 100, 110)).toEqual([["offer-1@0", 100, 110, 12, 100]]);
  });

  test("a lost center's cards are not, until it returns", () => {
    const book = bookAfter(...market, offered("w", { center: wuhan, cards: 3 }), lost(xian));
    expect([cardsIn(book, 100, xian), cardsIn(book, 100, wuhan)]).toEqual([0, 3]);
    seePage(book, [returned(xian)]);
    expect([cardsIn(book, 100, xian), cardsIn(book, 100, wuhan)]).toEqual([16, 3]);
  });

  test("fewer working cards than offered take the dearest off sale", () => {
    const book = bookAfter(...market, offered("dear", { cards: 10, reserve: 300 }));
    expect(cardsIn(book, 100)).toBe(26);
    seePage(book, [sensed(20)]);
    expect(steps(book, 100, 101)).toEqual([
      ["offer-1@0", 100, 101, 16, 100],
      ["dear@0", 100, 101, 4, 300],
    ]);
    seePage(book, [sensed(64, 96)]);
    expect(cardsIn(book, 100)).toBe(26);
  });

  test("working cards that are sold are not for sale again", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    seePage(book, [sensed(11)]);
    expect([cardsIn(book, 100), cardsIn(book, 110)]).toEqual([3, 11]);
    seePage(book, [sensed(7, 96)]);
    expect([cardsIn(book, 100), cardsIn(book, 110)]).toEqual([0, 7]);
  });

  test("a report that a later one overtook changes nothing: two days' reports come in any order", () => {
    const book = bookAfter(...market, sensed(5, 96), sensed(9, 95));
    expect(cardsIn(book, 100)).toBe(5);
  });

  test("a forward unit offers the least that any of its ten slots has left", () => {
    const book = bookAfter(joined(xian), offered("a", { from: 105, to: 130 }));
    expect(stepsLeft(book, { from: 100, to: 140, reservesUntil: 0 }, 10)).toEqual([
      { offer: "a@1", pool: "xian/ascend910", from: 1, to: 3, cards: 16, reserve: 100 },
    ]);
  });
});

describe("lines on sale", () => {
  const gbps = (book: ReturnType<typeof bookAfter>, gate = gateIn(99)) =>
    instanceOf(book, gate).links.map((line) => [`${line.a}~${line.b}`, line.gbps]);
  const both = [joined(xian), joined(wuhan), linked(xian, link(wuhan))];
  const nothing = millsText(0n);
  const use = { link: LinkId.parse("xian~wuhan"), charge: nothing, transfer: nothing };

  test("the last list that a center declared, without lines to centers that are not on the market", () => {
    const book = bookAfter(joined(xian), linked(xian, link(wuhan)));
    expect(gbps(book)).toEqual([]);
    seePage(book, [joined(wuhan)]);
    expect(gbps(book)).toEqual([["xian~wuhan", 100]]);
    seePage(book, [linked(xian, link(wuhan, { gbps: 40 }))]);
    expect(gbps(book)).toEqual([["xian~wuhan", 40]]);
    seePage(book, [lost(wuhan)]);
    expect(gbps(book)).toEqual([]);
    seePage(book, [returned(wuhan), lost(xian)]);
    expect(gbps(book)).toEqual([]);
  });

  test("whole Gbps that are free in every slot on sale, until the award is given back", () => {
    const book = bookAfter(...both, offered(), ...queued("train"));
    const links = [{ ...use, from: 100, to: 110, gigabits: 10 * 360 + 1 }];
    seal(book, gateIn(99), awardTo("train", 1, [fill()], { links }));
    expect(gbps(book, gateIn(108))).toEqual([["xian~wuhan", 89]]);
    expect(gbps(book, gateIn(109))).toEqual([["xian~wuhan", 100]]);
    seePage(book, [completed("train", 105)]);
    expect(gbps(book, gateIn(103))).toEqual([["xian~wuhan", 89]]);
    expect(gbps(book, gateIn(104))).toEqual([["xian~wuhan", 100]]);
  });
});

describe("who bids", () => {
  test("a job once it is admitted and its funds are held, in any order", () => {
    const [request, admit, funds] = [requested("train"), admitted("train"), held("train", hold)];
    for (const events of [
      [request, admit, funds],
      [request, funds, admit],
      [funds, request, admit],
    ]) {
      const book = bookAfter(...market);
      for (const event of events) {
        expect(bidders(book)).toEqual([]);
        seePage(book, [event]);
      }
      expect(bidders(book)).toEqual(["train"]);
    }
  });

  test("not with less held than the bid can cost", () => {
    const book = bookAfter(...market, requested("train"), admitted("train"), held("train", hold - 1));
    expect(bidders(book)).toEqual([]);
  });

  test("not with a hold that was released before the request was seen", () => {
    const book = bookAfter(
      held("train", hold),
      holdReleased("train", hold),
      ...market,
      requested("train"),
      admitted("train"),
    );
    expect(bidders(book)).toEqual([]);
  });

  test("jobs in the order of their admission", () => {
    const book = bookAfter(
      ...market,
      ...["a", "b", "c"].flatMap((job) => [requested(job), held(job, hold)]),
      admitted("c"),
      admitted("a"),
    );
    expect(bidders(book)).toEqual(["c", "a"]);
    seePage(book, [admitted("b")]);
    expect(bidders(book)).toEqual(["c", "a", "b"]);
  });

  test.each([
    ["rejected", { type: "JobRejected", data: { job: jobId("train"), reason: "no funds" } }],
    ["cancelled", cancelled("train", 98)],
    ["expired", { type: "JobExpired", data: { job: jobId("train"), slot: 98 } }],
  ] as const)("not a job that is %s", (_, event) => {
    const book = bookAfter(...market, ...queued("train"));
    expect(bidders(book)).toEqual(["train"]);
    seePage(book, [event]);
    expect(bidders(book)).toEqual([]);
  });

  test("a job of its own session only, while its window lasts", () => {
    const book = bookAfter(
      ...market,
      ...queued("soon", { to: 120 }),
      ...queued("later", { session: "forward" }),
    );
    expect(bidders(book, gateIn(99))).toEqual(["soon"]);
    expect(bidders(book, gateIn(98, "forward"))).toEqual(["later"]);
    expect(bidders(book, gateIn(109))).toEqual(["soon"]);
    expect(bidders(book, gateIn(110))).toEqual([]);
  });

  test("an owner never buys its own cards", () => {
    const xianOwner = OwnerId.parse("xian-owner");
    const book = bookAfter(...market, ...queued("own", {}, xianOwner), ...queued("other"));
    const bought = clearAt(book).awards.map(({ job }) => job);
    expect(bought).toEqual(["other"]);
    const alone = bookAfter(joined(xian), offered(), ...queued("own", {}, xianOwner));
    expect(bidders(alone)).toEqual([]);
    seePage(book, [offered("w", { center: wuhan })]);
    const own = clearAt(book).awards.find(({ job }) => job === "own");
    expect(own?.fills.map(({ center }) => center)).toEqual([wuhan]);
  });
});

describe("an award", () => {
  test("takes its cards, and its hold, from the book", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    expect([99, 100, 109, 110].map((slot) => cardsIn(book, slot))).toEqual([0, 8, 8, 16]);
    expect(jobIn(book, "train")).toMatchObject({ stretch: 2, awardedSlots: 10, holds: new Map() });
  });

  test("has its hold in the job's own money: the book counts it no more, however often it is told", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    seePage(book, [held("train", hold)]);
    expect(jobIn(book, "train").holds).toEqual(new Map());
  });

  test("keeps a job out of the book until the last hour before its end", () => {
    const book = bookAfter(...market, ...queued("train", { slots: 30, to: 140, extendLimit: 200 }));
    sell(book);
    seePage(book, [held("train", 200 * 8 * 30, 2)]);
    const bids = [99, 110, 119, 120, 129, 130].map((gate) => bidders(book, gateIn(gate)));
    expect(bids).toEqual([[], [], [], ["train"], ["train"], []]);
  });

  test("of a job that may not go on is its last bid", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    seePage(book, [held("train", hold, 2)]);
    for (const gate of [100, 105, 109]) expect(bidders(book, gateIn(gate))).toEqual([]);
  });

  test("of a job that the book does not know changes nothing", () => {
    const book = bookAfter(...market);
    seal(book, gateIn(99), awardTo("stranger", 1));
    expect([book.jobs.size, cardsIn(book, 100)]).toEqual([0, 16]);
  });

  test("that continues adds to the lease, which then ends as one", () => {
    const book = bookAfter(...market, ...queued("train", { extendLimit: 200 }));
    sell(book);
    seePage(book, [held("train", 200 * 8 * 10, 2)]);
    const { awards } = sell(book, gateIn(100));
    expect(awards).toMatchObject([{ continues: true, from: 110, to: 120, stretch: 2 }]);
    expect(jobIn(book, "train").lease).toMatchObject({ id: placementId("train", 1), from: 100, end: 120 });
    seePage(book, [completed("train", 108)]);
    expect([107, 108, 110, 119].map((slot) => cardsIn(book, slot))).toEqual([8, 16, 16, 16]);
  });

  test("is forgotten once its slots have passed, and an ended job with it", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    seePage(book, [completed("train", 110)]);
    seal(book, gateIn(109));
    expect(book.jobs.has(jobId("train"))).toBe(true);
    seal(book, gateIn(110));
    expect(book.jobs.has(jobId("train"))).toBe(false);
  });
});

describe("a job that ends early", () => {
  test.each([
    ["completed", completed("train", 104)],
    ["cancelled", cancelled("train", 104, 1)],
    [
      "failed",
      {
        type: "JobFailed",
        data: {
          job: jobId("train"),
          placement: placementId("train", 1),
          at: inSlot(103, 30),
          slot: 104,
          cause: "jobFailed",
          detail: "",
        },
      },
    ],
  ] as const)("%s: the rest of its award is on sale again", (_, event) => {
    const book = bookAfter(...market, ...queued("train", { extendLimit: 200 }));
    sell(book);
    seePage(book, [event, held("train", hold, 2)]);
    expect([103, 104, 109].map((slot) => cardsIn(book, slot))).toEqual([8, 16, 16]);
    expect(bidders(book, gateIn(104))).toEqual([]);
  });

  test("its withdrawal, seen before the award that was under way, gives nothing back until the award is", () => {
    const book = bookAfter(...market, ...queued("train"));
    const { awards } = clearAt(book);
    const [award] = awards;
    if (award === undefined) throw new Error("nothing sold");
    seal(book, gateIn(99), award);
    seePage(book, [cancelled("train", 99)]);
    expect(cardsIn(book, 100)).toBe(8);
    seePage(book, [placed(award), cancelled("train", 100, 1)]);
    expect(cardsIn(book, 100)).toBe(16);
  });
});

describe("a displaced job", () => {
  const extended = { slots: 10, from: 100, to: 115, extendLimit: 200, maxSlots: 25 };

  function displacedBook(event = displaced("first", 104)) {
    const book = bookAfter(...market, ...queued("first", extended), ...queued("second", { cards: 4 }));
    sell(book);
    seePage(book, [event]);
    return book;
  }

  test("gives back what it had from the slot on, and keeps what was delivered", () => {
    expect([103, 104, 109].map((slot) => cardsIn(displacedBook(), slot))).toEqual([4, 12, 12]);
  });

  test("returns with a window as long as its own, from the next slot on", () => {
    expect(jobIn(displacedBook(), "first").window).toEqual({ from: 105, to: 120 });
  });

  test("returns with a window in which its stretch can start in each slot of the next gate", () => {
    const book = bookAfter(...market, ...queued("first", { ...extended, to: 110 }));
    sell(book);
    seePage(book, [displaced("first", 104)]);
    expect(jobIn(book, "first").window).toEqual({ from: 105, to: 118 });
  });

  test("returns with a window of whole hours that its session's next gate sells", () => {
    const forward = { ...extended, session: "forward", slots: 50, to: 150, maxSlots: 60 } as const;
    const windowAfter = (slot: number) => {
      const book = bookAfter(...market, ...queued("first", forward));
      seal(book, gateIn(88, "forward"), awardTo("first", 1, [fill({ to: 150 })], { session: "forward" }));
      seePage(book, [displaced("first", slot)]);
      return jobIn(book, "first").window;
    };
    // The gate of slot 108 sells from 110; within that slot it is past, and the next one sells from 120.
    expect(windowAfter(107)).toEqual({ from: 108, to: 110 + 20 + 50 });
    expect(windowAfter(108)).toEqual({ from: 109, to: 120 + 20 + 50 });
  });

  test("returns with the window that it asked for if that has not begun", () => {
    const book = bookAfter(...market, ...queued("first", extended));
    sell(book);
    seePage(book, [displaced("first", 98, { slot: 100 })]);
    expect(jobIn(book, "first").window).toEqual({ from: 100, to: 115 });
  });

  test("returns as long as its first award was, though the longest that spot sells", () => {
    const book = bookAfter(...market, ...queued("first", { slots: 40, to: 140 }));
    seal(book, gateIn(99), awardTo("first", 1, [fill({ to: 140 })]));
    seePage(book, [displaced("first", 104), held("first", 250 * 8 * 40, 2)]);
    expect(instanceOf(book, gateIn(105)).book.bids).toMatchObject([{ d: 40, from: 0, to: 40 }]);
  });

  test("bids again once its next stretch is held, in its old place", () => {
    const book = displacedBook();
    seePage(book, queued("third"));
    expect(bidders(book, gateIn(104))).toEqual(["third"]);
    seePage(book, [held("first", hold, 2)]);
    expect(bidders(book, gateIn(104))).toEqual(["first", "third"]);
    expect(instanceOf(book, gateIn(104)).book.bids).toMatchObject([{ d: 10, from: 0, to: 12 }, {}]);
  });

  test("counts only the work up to its checkpoint, and all of it where a continuation lost", () => {
    const used = (event: DomainEvent) => jobIn(displacedBook(event), "first").usedBefore;
    expect(used(displaced("first", 104))).toBe(0);
    expect(used(displaced("first", 104, { checkpointAt: inSlot(102, 1) }))).toBe(3);
    expect(used(displaced("first", 104, { checkpointAt: inSlot(106) }))).toBe(4);
    expect(used(displaced("first", 110, { cause: "continuationLost", checkpointAt: inSlot(105) }))).toBe(10);
  });

  test("bids for no more than its longest time leaves", () => {
    const book = displacedBook(displaced("first", 104, { checkpointAt: inSlot(104) }));
    seePage(book, [held("first", hold, 2)]);
    sell(book, gateIn(104));
    const checkpointAt = inSlot(114);
    seePage(book, [displaced("first", 114, { placement: placementId("first", 2), checkpointAt })]);
    seePage(book, [held("first", 250 * 8 * 12, 3)]);
    // 25 slots, less 4 and 9 that were kept: the second award began in slot 105.
    expect(instanceOf(book, gateIn(114)).book.bids).toMatchObject([{ d: 12 }]);
  });

  test("pays from the slot in which a late award began", () => {
    const book = bookAfter(...market, ...queued("first", extended));
    const [award] = sell(book).awards;
    if (award === undefined) throw new Error("nothing sold");
    seePage(book, [placed(award, 102), displaced("first", 106, { checkpointAt: inSlot(106) })]);
    expect(jobIn(book, "first").usedBefore).toBe(4);
  });

  test("is displaced once: what is said of an earlier lease changes nothing", () => {
    const book = displacedBook();
    const repeat = () => {
      const before = snapshotOf(book);
      seePage(book, [displaced("first", 106)]);
      expect(snapshotOf({ ...book, position: book.position - 1 })).toBe(before);
    };
    repeat();
    seePage(book, [held("first", hold, 2)]);
    sell(book, gateIn(104));
    expect(jobIn(book, "first").lease).toMatchObject({ id: placementId("first", 2) });
    repeat();
  });
});

describe("a divisible job", () => {
  const offers = [
    joined(xian),
    joined(wuhan),
    offered("x", { cards: 5 }),
    offered("w", { center: wuhan, cards: 5 }),
  ];
  const fills = [fill({ cards: 5 }), fill({ center: wuhan, cards: 3 })];

  function divisibleBook() {
    const book = bookAfter(...offers, ...queued("fleet", { kind: "div", extendLimit: 200 }));
    seal(book, gateIn(99), awardTo("fleet", 1, fills));
    return book;
  }

  test("that lost one of its centers goes on at the others", () => {
    const book = divisibleBook();
    seePage(book, [reduced("fleet", xian, 104)]);
    expect([103, 104, 109].map((slot) => cardsIn(book, slot, xian))).toEqual([0, 5, 5]);
    expect([103, 104, 109].map((slot) => cardsIn(book, slot, wuhan))).toEqual([2, 2, 2]);
    seePage(book, [completed("fleet", 107)]);
    expect([106, 107].map((slot) => cardsIn(book, slot, wuhan))).toEqual([2, 5]);
    expect([106, 107].map((slot) => cardsIn(book, slot, xian))).toEqual([5, 5]);
  });

  test("does not continue", () => {
    const book = divisibleBook();
    seePage(book, [held("fleet", hold, 2)]);
    for (const gate of [100, 105, 109]) expect(bidders(book, gateIn(gate))).toEqual([]);
  });

  test("bids when only a part of its window is left", () => {
    const book = bookAfter(...offers, ...queued("fleet", { kind: "div" }), ...queued("gang", { cards: 4 }));
    expect(bidders(book, gateIn(119))).toEqual(["fleet", "gang"]);
    expect(bidders(book, gateIn(128))).toEqual(["fleet"]);
    expect(bidders(book, gateIn(129))).toEqual([]);
  });
});

describe("a voided auction", () => {
  test("sells nothing, and the next gate of its session runs it again, once", () => {
    const book = bookAfter(...market, ...queued("train"));
    const now = (slot: number) => Date.parse(inSlot(slot, 200));
    voidIn(book, gateIn(99));
    expect(cardsIn(book, 100)).toBe(16);
    expect(bidders(book, gateIn(100))).toEqual(["train"]);
    expect(gateDue(book, now(100))).toMatchObject({ session: "spot", reruns: 1 });
    seal(book, gateIn(98, "forward"));
    expect(gateDue(book, now(100))).toMatchObject({ session: "spot", reruns: 1 });
    seal(book, gateIn(100));
    expect(gateDue(book, now(101))).toEqual(gateIn(101));
  });
});

describe("pages and auctions", () => {
  const pages = [market, queued("train"), [cancelled("train", 98)]].map((events, index) => ({
    position: index + 1,
    commits: [{ stream: "account-lab-2026-01-05", time: inSlot(95), events }],
  }));

  test("a repeated page changes nothing", () => {
    const book = initialBook();
    for (const page of pages) {
      observePage(book, page);
      const after = snapshotOf(book);
      for (const seen of pages.slice(0, page.position)) observePage(book, seen);
      expect(snapshotOf(book)).toBe(after);
    }
    expect(book.position).toBe(3);
  });

  test("a missing page is an error", () => {
    const book = initialBook();
    const [first, , third] = pages;
    if (first === undefined || third === undefined) throw new Error("three pages");
    observePage(book, first);
    expect(() => observePage(book, third)).toThrow("page 2 is missing before 3");
    expect(book.position).toBe(1);
  });

  test("a repeated auction changes nothing, a missing one is an error", () => {
    const book = bookAfter(...market, ...queued("train"));
    sell(book);
    const after = snapshotOf(book);
    observeAuction(book, 1, [gateClosed(1, gateIn(120), 1)]);
    expect(snapshotOf(book)).toBe(after);
    expect(() => observeAuction(book, 3, [])).toThrow("auction 2 is missing before 3");
  });

  test("what the feed tells of auctions and money touches nothing", () => {
    const book = bookAfter(...market, ...queued("train"));
    const before = snapshotOf(book);
    seePage(book, [
      gateClosed(1, gateIn(99), 1),
      {
        type: "JobAccepted",
        data: { job: jobId("train"), placement: placementId("train", 1), center: xian, at: inSlot(97) },
      },
      { type: "JobContinued", data: { job: jobId("train"), award: awardTo("train", 1) } },
      { type: "GuaranteePosted", data: { center: xian, mills: awardTo("train", 1).value } },
    ]);
    expect(snapshotOf({ ...book, position: book.position - 1 })).toBe(before);
  });
});
