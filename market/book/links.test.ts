import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobSpec } from "../../events/catalog/job.ts";
import { GroupId, OwnerId } from "../../events/catalog/values.ts";
import {
  a100,
  ascend,
  awardTo,
  bidders,
  bookAfter,
  cancelled,
  clearAt,
  completed,
  displaced,
  fill,
  gateIn,
  held,
  holdReleased,
  inSlot,
  instanceOf,
  jobId,
  joined,
  offered,
  placementId,
  queued,
  requested,
  seal,
  seePage,
  sell,
  xian,
} from "../../test/book-histories.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_DAY } from "../time.ts";
import type { BookState } from "./book-state.ts";
import { lapsedHolds } from "./holds.ts";
import { excludedJobs } from "./links.ts";
import { answersOf, leftOutAnswers } from "./why.ts";

const market = [joined(xian), offered("offer-1", { to: 1000 })];
const either = { group: GroupId.parse("either") };
const ofParent = (parent: string, changed: Partial<JobSpec> = {}): Partial<JobSpec> => ({
  parent: jobId(parent),
  ...changed,
});

const excluded = (book: BookState) =>
  excludedJobs(book).map(({ job, excluded: { cause, by } }) => [job, cause, by]);
const answers = (book: BookState, gate = gateIn(99)) => {
  const { instance, result } = clearAt(book, gate);
  const told = [...answersOf(instance, result), ...leftOutAnswers(book, instance)];
  return Object.fromEntries(told.map(({ job, answer }) => [job, answer.reason]));
};
const bid = (book: BookState, job: string, gate = gateIn(99)) =>
  instanceOf(book, gate).book.bids.find(({ id }) => id === job);
const failed = (job: string, slot: number): DomainEvent => ({
  type: "JobFailed",
  data: {
    job: jobId(job),
    placement: placementId(job, 1),
    at: inSlot(slot),
    slot,
    cause: "jobFailed",
    detail: "",
  },
});
const rejected = (job: string): DomainEvent => ({
  type: "JobRejected",
  data: { job: jobId(job), reason: "no funds" },
});
const expired = (job: string, slot: number): DomainEvent => ({
  type: "JobExpired",
  data: { job: jobId(job), slot },
});

describe("of the jobs of a group", () => {
  test("those that bid in one auction carry its name, by owner; one alone carries none", () => {
    const other = OwnerId.parse("other");
    const book = bookAfter(
      ...market,
      ...queued("x", either),
      ...queued("y", either),
      ...queued("z", either, other),
      ...queued("free"),
    );
    const groups = instanceOf(book).book.bids.map(({ id, group }) => [id, group]);
    expect(groups).toEqual([
      ["x", "university/either"],
      ["y", "university/either"],
      ["z", undefined],
      ["free", undefined],
    ]);
  });

  test("one wins in an auction, and the others are told so and leave the book with their holds", () => {
    const dear = { ...either, products: [{ product: ascend, limit: 260 }] };
    const book = bookAfter(...market, ...queued("low", either), ...queued("dear", dear));
    expect(answers(book)).toEqual({ low: "group", dear: "won" });
    expect(sell(book).awards.map(({ job }) => job)).toEqual(["dear"]);
    expect(excluded(book)).toEqual([["low", "groupAwarded", "dear"]]);
    expect(lapsedHolds(book)).toMatchObject([{ job: "low", stretch: 1, mills: "20000" }]);
    expect(bidders(book, gateIn(100))).toEqual([]);
  });

  test("none bids after another session's award, nor one that comes later, nor after the winner is over", () => {
    const forward = { ...either, session: "forward", to: 300 } as const;
    const book = bookAfter(...market, ...queued("plan", forward), ...queued("now", either));
    seal(book, gateIn(98, "forward"), awardTo("plan", 1, [fill({ from: 110, to: 120 })]));
    expect(bidders(book)).toEqual([]);
    expect(answers(book)).toEqual({ now: "group" });
    seePage(book, [cancelled("plan", 105, 1), ...queued("late", either)], 105);
    seal(book, gateIn(120));
    expect(bidders(book, gateIn(121))).toEqual([]);
    expect(excluded(book)).toEqual([
      ["now", "groupAwarded", "plan"],
      ["late", "groupAwarded", "plan"],
    ]);
  });

  test("another owner's, and those of other groups, are none of its business", () => {
    const book = bookAfter(
      ...market,
      ...queued("x", either),
      ...queued("y", either, OwnerId.parse("other")),
      ...queued("z", { group: GroupId.parse("or") }),
    );
    seal(book, gateIn(99), awardTo("x", 1));
    expect(bidders(book, gateIn(100))).toEqual(["y", "z"]);
    expect(excluded(book)).toEqual([]);
  });

  test("a displaced winner bids again, and is the only one", () => {
    const book = bookAfter(...market, ...queued("x", either), ...queued("y", either));
    seal(book, gateIn(99), awardTo("x", 1));
    seePage(book, [displaced("x", 101), held("x", 20_000, 2)]);
    expect(bidders(book, gateIn(101))).toEqual(["x"]);
    expect(excluded(book)).toEqual([["y", "groupAwarded", "x"]]);
  });

  test("the name is free again some time after the winner's last slot", () => {
    const book = bookAfter(...market, ...queued("x", either));
    seal(book, gateIn(99), awardTo("x", 1));
    seePage(book, [completed("x", 108)], 107);
    const free = 110 + rules.groupNameDays * SLOTS_PER_DAY;
    const late = { ...either, from: free - 5, to: free + 60 };
    seePage(book, queued("y", late), free - 5);
    seal(book, gateIn(free - 1));
    expect(bidders(book, gateIn(free))).toEqual([]);
    seal(book, gateIn(free));
    expect(bidders(book, gateIn(free + 1))).toEqual(["y"]);
  });
});

describe("a child", () => {
  const pair = (parent: Partial<JobSpec> = {}, child: Partial<JobSpec> = {}) =>
    bookAfter(
      ...market,
      ...queued("pretrain", { slots: 4, ...parent }),
      ...queued("finetune", ofParent("pretrain", { slots: 5, to: 160, ...child })),
    );

  test("bids in its parent's auction, tied to it, from its earliest to its latest end", () => {
    // The parent starts in 100 to 102 and so ends in 104 to 106; the child starts two slots after that at the latest.
    expect(bid(pair(), "pretrain")).toMatchObject({ from: 0, to: 6 });
    expect(bid(pair(), "finetune")).toMatchObject({ parent: "pretrain", from: 4, to: 13 });
  });

  test("is awarded with it, at its end", () => {
    const { awards } = sell(pair());
    expect(awards.map(({ job, from, to }) => [job, from, to])).toEqual([
      ["pretrain", 100, 104],
      ["finetune", 104, 109],
    ]);
  });

  test("wins nothing when its parent wins nothing, and is told so", () => {
    const book = pair({ products: [{ product: ascend, limit: 50 }] });
    expect(answers(book)).toEqual({ pretrain: "price", finetune: "parent" });
    expect(sell(book).awards).toEqual([]);
    expect(excluded(book)).toEqual([]);
  });

  test("does not depend on the order in which the two requests came", () => {
    const child = queued("finetune", ofParent("pretrain", { slots: 5, to: 160 }));
    const book = bookAfter(...market, ...child, ...queued("pretrain", { slots: 4 }));
    expect(sell(book).awards.map(({ job, from }) => [job, from])).toEqual([
      ["finetune", 104],
      ["pretrain", 100],
    ]);
  });

  test("of a child follows both, in one auction", () => {
    const book = pair();
    seePage(book, queued("evaluate", ofParent("finetune", { slots: 2, to: 160 })));
    expect(sell(book).awards.map(({ job, from }) => [job, from])).toEqual([
      ["pretrain", 100],
      ["finetune", 104],
      ["evaluate", 109],
    ]);
  });

  test("at the end of too long a chain waits for a later auction, however long it is", () => {
    const chain = Array.from({ length: 5000 }, (_, n) =>
      queued(`c${n}`, n === 0 ? { slots: 1 } : ofParent(`c${n - 1}`, { slots: 1 })),
    ).flat();
    const book = bookAfter(...market, ...chain);
    expect(bidders(book)).toEqual(Array.from({ length: 8 }, (_, n) => `c${n}`));
    sell(book);
    expect(bidders(book, gateIn(100))).toContain("c8");
  });

  test("waits for a parent that has not come, is not admitted, or bids in the other session", () => {
    const alone = bookAfter(...market, ...queued("finetune", ofParent("pretrain")));
    expect(bidders(alone)).toEqual([]);
    expect(answers(alone)).toEqual({ finetune: "parent" });
    seePage(alone, [requested("pretrain")]);
    expect(bidders(alone)).toEqual([]);
    expect(bidders(pair({ session: "forward", slots: 10 }))).toEqual([]);
    expect(answers(pair({ session: "forward", slots: 10 }))).toEqual({ finetune: "parent" });
  });

  test("starts at the end of a parent that was awarded before, in either session, as soon as that is on sale", () => {
    const book = pair({ slots: 20, session: "forward" });
    seal(book, gateIn(98, "forward"), awardTo("pretrain", 1, [fill({ to: 120 })], { session: "forward" }));
    expect(bid(book, "finetune")).toMatchObject({ from: 20, to: 27 });
    expect(bid(book, "finetune")?.parent).toBeUndefined();
    expect(bid(book, "finetune", gateIn(124))).toMatchObject({ from: 0, to: 7 });
    expect(sell(book).awards).toMatchObject([{ job: "finetune", from: 120, to: 125 }]);
  });

  test("starts at the real end of a parent that completed early", () => {
    const book = pair({ slots: 20, to: 140 });
    seal(book, gateIn(99), awardTo("pretrain", 1, [fill({ to: 120 })]));
    seePage(book, [completed("pretrain", 106)], 105);
    expect(bid(book, "finetune", gateIn(103))).toMatchObject({ from: 2, to: 9 });
    // Long after, too: what its child needs is kept.
    seal(book, gateIn(140));
    expect(bidders(book, gateIn(141))).toEqual(["finetune"]);
  });

  test("waits until a parent that may run over has completed", () => {
    const book = pair({ extendLimit: 300, maxSlots: 60 });
    expect(bidders(book)).toEqual(["pretrain"]);
    seal(book, gateIn(99), awardTo("pretrain", 1, [fill({ to: 104 })]));
    expect(bidders(book, gateIn(101))).toEqual([]);
    expect(answers(book, gateIn(101))).toEqual({ finetune: "parent" });
    seePage(book, [held("pretrain", 300 * 8 * 4, 2)]);
    sell(book, gateIn(102));
    seePage(book, [completed("pretrain", 107)], 106);
    expect(bid(book, "finetune", gateIn(106))).toMatchObject({ from: 0 });
  });

  test("waits for a displaced parent's next award", () => {
    const book = pair();
    seal(book, gateIn(99), awardTo("pretrain", 1, [fill({ to: 104 })]));
    seePage(book, [displaced("pretrain", 102)]);
    expect(bidders(book, gateIn(102))).toEqual([]);
    seePage(book, [held("pretrain", 250 * 8 * 4, 2)]);
    const { awards } = sell(book, gateIn(102));
    expect(awards.map(({ job, from }) => [job, from])).toEqual([
      ["pretrain", 103],
      ["finetune", 107],
    ]);
  });

  test("starts no earlier than its window, nor later", () => {
    const book = pair({}, { from: 120, to: 130 });
    seal(book, gateIn(99), awardTo("pretrain", 1, [fill({ to: 104 })]));
    expect(bid(book, "finetune", gateIn(119))).toMatchObject({ from: 0, to: 7 });
    const short = pair({ slots: 20, to: 140 }, { to: 124 });
    seal(short, gateIn(99), awardTo("pretrain", 1, [fill({ to: 120 })]));
    expect(bidders(short, gateIn(118))).toEqual([]);
    expect(answers(short, gateIn(118))).toEqual({ finetune: "parent" });
  });

  test.each([
    ["rejected", [rejected("pretrain")]],
    ["cancelled", [cancelled("pretrain", 98)]],
    ["expired", [expired("pretrain", 98)]],
  ])("leaves the book when its parent is %s before an award", (_, events) => {
    const book = pair();
    seePage(book, events, 98);
    expect(bidders(book)).toEqual([]);
    expect(excluded(book)).toEqual([["finetune", "parentEnded", "pretrain"]]);
    expect(lapsedHolds(book).map(({ job }) => job)).toContain("finetune");
    expect(answers(book)).toEqual({ finetune: "parent" });
  });

  test.each([
    ["failed", failed("pretrain", 103)],
    ["was cancelled", cancelled("pretrain", 103, 1)],
  ])("leaves the book when its parent %s after its award, but keeps what it has won", (_, event) => {
    const book = pair();
    seal(book, gateIn(99), awardTo("pretrain", 1, [fill({ to: 104 })]));
    seePage(book, [event], 102);
    expect(excluded(book)).toEqual([["finetune", "parentEnded", "pretrain"]]);
    const won = pair();
    sell(won);
    seePage(won, [event, displaced("finetune", 105), held("finetune", 10_000, 2)], 105);
    expect(excluded(won)).toEqual([]);
    expect(bidders(won, gateIn(106))).toEqual(["finetune"]);
  });

  test("leaves the book also when its request comes behind its parent's end", () => {
    const book = bookAfter(...market, ...queued("pretrain"), cancelled("pretrain", 98));
    seePage(book, queued("finetune", ofParent("pretrain")), 98);
    expect(excluded(book)).toEqual([["finetune", "parentEnded", "pretrain"]]);
  });

  test("of a parent that had completed before bids as any other, from that end on", () => {
    const [request, ...rest] = queued("finetune", ofParent("long-ago"));
    if (request?.type !== "JobRequested") throw new Error("no request");
    const data = { ...request.data, parentEnd: 95 };
    const book = bookAfter(...market, { ...request, data }, ...rest);
    expect(bid(book, "finetune")).toMatchObject({ from: 0, to: 12 });
  });
});

describe("ends and groups", () => {
  test("are forgotten when nothing can ask for them", () => {
    const book = bookAfter(...market, ...queued("pretrain", either), cancelled("pretrain", 98));
    seePage(book, [...queued("finetune", ofParent("pretrain")), cancelled("finetune", 99)], 99);
    seal(book, gateIn(104));
    expect([...book.ends.keys()]).toEqual(["pretrain", "finetune"]);
    seePage(book, [holdReleased("finetune", 20_000)]);
    for (const gate of [131, 132]) seal(book, gateIn(gate));
    expect([book.ends.size, book.groups.size]).toEqual([0, 0]);
  });
});

describe("a job with lengths of its own on some products", () => {
  const both = { pools: [ascend, a100].map((product) => ({ product, cards: 64, frameworks: [] })) };
  const lengths: Partial<JobSpec> = {
    products: [
      { product: ascend, limit: 250 },
      { product: a100, limit: 600, slots: 4 },
    ],
  };
  const fast = offered("fast", { product: a100, reserve: 200 });

  test("bids with each length, and holds the dearest", () => {
    const book = bookAfter(joined(xian, both), offered(), ...queued("train", lengths));
    expect(bid(book, "train")).toMatchObject({
      d: 10,
      from: 0,
      to: 12,
      prods: [
        { p: 0, limit: 250 },
        { limit: 600, d: 4 },
      ],
    });
    expect(lapsedHolds(bookAfter(requested("train", lengths), cancelled("train", 98)))).toEqual([]);
  });

  test("is awarded the length of the product that it gets", () => {
    const slow = sell(bookAfter(joined(xian, both), offered(), ...queued("train", lengths)));
    expect(slow.awards).toMatchObject([{ from: 100, to: 110, fills: [{ product: ascend }] }]);
    const book = bookAfter(joined(xian, both), fast, ...queued("train", lengths));
    expect(sell(book).awards).toMatchObject([{ from: 100, to: 104, fills: [{ product: a100, to: 104 }] }]);
  });

  test("in hours in the forward session", () => {
    const forward: Partial<JobSpec> = {
      session: "forward",
      slots: 30,
      to: 160,
      products: [
        { product: ascend, limit: 250 },
        { product: a100, limit: 600, slots: 10 },
      ],
    };
    const book = bookAfter(joined(xian, both), fast, ...queued("train", forward));
    const gate = gateIn(98, "forward");
    expect(bid(book, "train", gate)).toMatchObject({ d: 3, prods: [{ p: 0 }, { d: 1 }] });
    expect(sell(book, gate).awards).toMatchObject([{ from: 100, to: 110 }]);
  });

  test("bids while its window holds the shortest", () => {
    const book = bookAfter(joined(xian, both), fast, ...queued("train", { ...lengths, to: 105 }));
    expect(sell(book).awards).toMatchObject([{ from: 100, to: 104 }]);
  });

  test("continues for as long as it was awarded so far", () => {
    const going = { ...lengths, extendLimit: 600 };
    const book = bookAfter(joined(xian, both), fast, ...queued("train", going));
    sell(book);
    seePage(book, [held("train", 600 * 8 * 4, 2)]);
    expect(bid(book, "train", gateIn(102))).toMatchObject({ from: 1, to: 5, d: 4 });
  });

  test("after a displacement from a fast product asks for no less on a slow one than it needs there", () => {
    const book = bookAfter(joined(xian, both), fast, ...queued("train", lengths));
    sell(book);
    seePage(book, [displaced("train", 102), held("train", 250 * 8 * 10, 2)]);
    expect(bid(book, "train", gateIn(102))).toMatchObject({ d: 10, prods: [{ p: 0 }, { d: 4 }] });
  });
});
