import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobSpec } from "../../events/catalog/job.ts";
import {
  admitted,
  bidders,
  bookAfter,
  cancelled,
  completed,
  displaced,
  gateIn,
  held,
  holdRefused,
  holdReleased,
  inSlot,
  jobId,
  joined,
  offered,
  queued,
  requested,
  seal,
  seePage,
  sell,
  xian,
} from "../../test/book-histories.ts";
import { SLOTS_PER_DAY } from "../time.ts";
import type { BookState } from "./book-state.ts";
import { dueHolds, expiredJobs, expiredOffers, lapsedHolds } from "./holds.ts";
import { observePage } from "./observe-page.ts";
import { bookFromSnapshot, snapshotOf } from "./snapshot.ts";

const market = [joined(xian), offered()];

/** A job of 8 cards with an award of 10 slots, from 100 to 110. */
function awarded(changed: Partial<JobSpec> = {}): BookState {
  const book = bookAfter(...market, ...queued("train", { extendLimit: 300, ...changed }));
  sell(book);
  return book;
}

const due = (book: BookState, gate: number) =>
  dueHolds(book, gate).map(({ job, stretch, mills }) => [job, stretch, mills]);

describe("a hold is due", () => {
  test("not for a first award, whose hold the request takes itself", () => {
    const book = bookAfter(...market, requested("train"), admitted("train"));
    expect(due(book, 99)).toEqual([]);
  });

  test("at the gates at which a running job may bid for its continuation", () => {
    const book = awarded();
    expect([100, 105, 109].map((gate) => due(book, gate))).toEqual(
      new Array(3).fill([["train", 2, String(300 * 8 * 10)]]),
    );
    expect(due(book, 110)).toEqual([]);
    const long = awarded({ slots: 30, to: 140 });
    expect(due(long, 119)).toEqual([]);
    expect(due(long, 120)).toEqual([["train", 2, String(300 * 8 * 30)]]);
  });

  test("of what a forward job may bid for in either session of the slot", () => {
    const forward = { session: "forward", slots: 50, to: 190, maxSlots: 200, extendLimit: 300 } as const;
    const book = bookAfter(...market, ...queued("train", forward));
    sell(book, gateIn(98, "forward"));
    expect(due(book, 147)).toEqual([]);
    expect(due(book, 148)).toEqual([["train", 2, String(300 * 8 * 50)]]);
    expect(due(book, 149)).toEqual([["train", 2, String(300 * 8 * 38)]]);
  });

  test("not where nothing is left to bid for", () => {
    expect(due(awarded({ maxSlots: 10 }), 109)).toEqual([]);
    const final = bookAfter(...market, ...queued("train"));
    sell(final);
    expect(due(final, 109)).toEqual([]);
    const fleet = bookAfter(...market, ...queued("train", { kind: "div", extendLimit: 300 }));
    sell(fleet);
    expect(due(fleet, 105)).toEqual([]);
  });

  test("once: not for a stretch that has its hold, nor for a job that ended", () => {
    const book = awarded();
    seePage(book, [held("train", 300 * 8 * 10, 2)]);
    expect(due(book, 105)).toEqual([]);
    const ended = awarded();
    seePage(ended, [completed("train", 104)]);
    expect(due(ended, 105)).toEqual([]);
  });

  test("for what remains of a displaced job, at its first limit", () => {
    const book = awarded({ maxSlots: 17 });
    seePage(book, [displaced("train", 104, { checkpointAt: inSlot(104) })]);
    expect(due(book, 104)).toEqual([["train", 2, String(250 * 8 * 10)]]);
    const nearlyOver = awarded({ maxSlots: 12 });
    seePage(nearlyOver, [displaced("train", 104, { checkpointAt: inSlot(104) })]);
    expect(due(nearlyOver, 104)).toEqual([["train", 2, String(250 * 8 * 8)]]);
  });

  test("again only an hour after the account refused it", () => {
    const book = awarded({ slots: 30, to: 140 });
    seePage(book, [holdRefused("train", 2)], 120);
    expect(due(book, 129)).toEqual([]);
    seePage(book, [displaced("train", 129)]);
    expect(due(book, 129)).toEqual([]);
    expect(due(book, 130)).toEqual([["train", 2, String(250 * 8 * 30)]]);
  });
});

describe("a hold has lapsed", () => {
  const lapsed = (book: BookState) =>
    lapsedHolds(book).map(({ job, stretch, mills }) => [job, stretch, mills]);

  test("when its job ended, until it is released", () => {
    const book = bookAfter(...market, ...queued("train"));
    expect(lapsed(book)).toEqual([]);
    seePage(book, [cancelled("train", 98)]);
    expect(lapsed(book)).toEqual([["train", 1, "20000"]]);
    seePage(book, [holdReleased("train", 20_000)]);
    expect(lapsed(book)).toEqual([]);
  });

  test("when it is too small for what remains of a displaced job", () => {
    const book = awarded({ extendLimit: 200 });
    seePage(book, [held("train", 200 * 8 * 10, 2)]);
    expect(lapsed(book)).toEqual([]);
    seePage(book, [displaced("train", 104)]);
    expect(lapsed(book)).toEqual([["train", 2, "16000"]]);
    seePage(book, [holdReleased("train", 16_000, 2)]);
    expect(due(book, 104)).toEqual([["train", 2, "20000"]]);
  });

  test("not when it suffices for that", () => {
    const book = awarded({ extendLimit: 250 });
    seePage(book, [held("train", 20_000, 2), displaced("train", 104)]);
    expect(lapsed(book)).toEqual([]);
    expect(bidders(book, gateIn(104))).toEqual(["train"]);
  });

  test("when nothing of the job's longest time remains", () => {
    const book = awarded({ maxSlots: 20 });
    seePage(book, [held("train", 300 * 8 * 10, 2)]);
    sell(book, gateIn(105));
    const checkpointAt = inSlot(120);
    seePage(book, [displaced("train", 120, { checkpointAt }), held("train", 1, 3)]);
    expect(lapsed(book)).toEqual([["train", 3, "1"]]);
    expect(expiredJobs(book, 120)).toEqual(["train"]);
  });

  test("however late it comes: a job that was cancelled waits for the hold of its request", () => {
    const book = bookAfter(...market, requested("train"), admitted("train"), cancelled("train", 98));
    seal(book, gateIn(99));
    seePage(book, [held("train", 20_000)]);
    expect(lapsed(book)).toEqual([["train", 1, "20000"]]);
    seePage(book, [holdReleased("train", 20_000)]);
    seal(book, gateIn(100));
    expect(book.jobs.size).toBe(0);
    expect(book.earlyHolds.size).toBe(0);
  });

  test("that was taken for a continuation and comes when the book has forgotten the job", () => {
    const book = awarded();
    expect(due(book, 109)).toEqual([["train", 2, "24000"]]);
    seePage(book, [completed("train", 104)]);
    seal(book, gateIn(110));
    expect(book.jobs.size).toBe(0);
    seePage(book, [held("train", 24_000, 2)]);
    seal(book, gateIn(111));
    expect(lapsedHolds(book)).toEqual([{ account: "lab", job: "train", stretch: 2, mills: "24000" }]);
    expect(lapsedHolds(bookFromSnapshot(snapshotOf(book)))).toEqual(lapsedHolds(book));
    seePage(book, [holdReleased("train", 24_000, 2)]);
    expect(lapsed(book)).toEqual([]);
  });

  test("not while the request that it was taken for is still to come", () => {
    const book = bookAfter(...market, held("train", 20_000));
    expect(lapsed(book)).toEqual([]);
    seePage(book, [requested("train"), admitted("train")]);
    expect(bidders(book)).toEqual(["train"]);
  });

  test("and is forgotten if its request does not come for longer than that can take", () => {
    const book = bookAfter(...market, held("train", 16_000));
    seal(book, gateIn(99));
    seal(book, gateIn(100 + SLOTS_PER_DAY));
    expect(book.earlyHolds.size).toBe(1);
    seal(book, gateIn(100 + 3 * SLOTS_PER_DAY));
    expect(book.earlyHolds.size).toBe(0);
  });

  test("but a rejected job waits for nothing", () => {
    const rejected = { type: "JobRejected", data: { job: jobId("train"), reason: "no account" } } as const;
    const book = bookAfter(...market, requested("train"), rejected);
    seal(book, gateIn(99));
    expect(book.jobs.size).toBe(0);
  });
});

describe("holds of two days of an account", () => {
  const monday = "account-lab-2026-01-05";
  const tuesday = "account-lab-2026-01-06";
  const see = (book: BookState, stream: string, event: DomainEvent) =>
    observePage(book, {
      position: book.position + 1,
      commits: [{ stream, time: inSlot(104), events: [event] }],
    });

  test("count as they were taken, in whatever order the feed brings them", () => {
    const released = holdReleased("train", 16_000, 2);
    const orders: [string, DomainEvent][][] = [
      [
        [monday, released],
        [tuesday, held("train", 20_000, 2)],
      ],
      [
        [tuesday, held("train", 20_000, 2)],
        [monday, released],
      ],
    ];
    for (const order of orders) {
      const book = awarded({ extendLimit: 200 });
      see(book, monday, held("train", 16_000, 2));
      seePage(book, [displaced("train", 104)]);
      for (const [stream, event] of order) see(book, stream, event);
      expect(bidders(book, gateIn(104))).toEqual(["train"]);
    }
  });

  test("leave nothing held that Tuesday released, though Monday's hold comes late", () => {
    const book = bookAfter(...market, requested("train"), admitted("train"));
    see(book, tuesday, holdReleased("train", 20_000));
    see(book, monday, held("train", 20_000));
    expect(bidders(book)).toEqual([]);
  });
});

describe("time has passed", () => {
  test("for a job that no later gate can give its whole stretch", () => {
    const book = bookAfter(...market, ...queued("train", { to: 115 }));
    expect([103, 104, 105].map((gate) => expiredJobs(book, gate))).toEqual([[], [], ["train"]]);
  });

  test("for a forward job two slots earlier, for its gate closes before the hour", () => {
    const book = bookAfter(...market, ...queued("train", { session: "forward", to: 120 }));
    expect([108, 109].map((gate) => expiredJobs(book, gate))).toEqual([[], ["train"]]);
  });

  test("for a divisible job when not even a slot is left", () => {
    const book = bookAfter(...market, ...queued("train", { kind: "div", to: 115 }));
    expect([113, 114].map((gate) => expiredJobs(book, gate))).toEqual([[], ["train"]]);
  });

  test("not for a job that runs, nor for one that ended", () => {
    expect(expiredJobs(awarded(), 200)).toEqual([]);
    const ended = bookAfter(...market, ...queued("train"), cancelled("train", 98));
    expect(expiredJobs(ended, 200)).toEqual([]);
  });

  test("for an offer whose last slot no gate can sell any more", () => {
    const book = bookAfter(joined(xian), offered("a", { to: 103 }), offered("b", { to: 104 }));
    expect([101, 102, 103].map((gate) => expiredOffers(book, gate))).toEqual([[], ["a"], ["a", "b"]]);
  });
});
