import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { Sent } from "./calls.ts";
import { auctionsOf, auditFaults, awardFaults, fundsIn, lostOrRepeated } from "./checks.ts";
import { createFeedBook, type FeedBook, type FeedCommit, type ReadFeed } from "./feed-book.ts";

// What a kill run says is worth what its checks find: each is shown a feed that was doctored.

type Event = FeedCommit["events"][number];

const commit = (stream: string, version: number, events: Event[], commandId = `${stream}@${version}`) => ({
  stream,
  version,
  commandId,
  time: "2040-03-01T14:00:00.000Z",
  events,
});
const award = { placement: "a.1" };
const requested = commit("job-a", 1, [{ type: "JobRequested", data: { job: "a" } }], "post-a");
const gate = commit("auction-1", 1, [{ type: "GateClosed", data: {} }]);
const published = commit("auction-1", 2, [{ type: "AwardsPublished", data: { awards: [award] } }]);
const placed = commit("job-a", 2, [{ type: "JobPlaced", data: { award } }]);
const cleared = commit("auction-1", 3, [{ type: "AuctionCleared", data: {} }]);
const honest = [requested, gate, published, placed, cleared];

const sent = (operation: string, commandId: string, more: Partial<Sent> = {}): Sent => ({
  operation,
  commandId,
  writes: true,
  state: "acknowledged",
  sent: 1,
  ...more,
});
const postA = sent("postJob", "post-a", { answer: { job: "a" } });

interface Page {
  readonly position: number;
  readonly text: string;
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/** A page for each commit, chained. */
function pagesOf(commits: readonly FeedCommit[]): Page[] {
  let previousHash = "0".repeat(64);
  return commits.map((each, index) => {
    const text = JSON.stringify({ position: index + 1, previousHash, commits: [each] });
    previousHash = hash(text);
    return { position: index + 1, text };
  });
}

/** The exchange's feed, which may change between two readings. */
let feed: Page[];
let book: FeedBook;
const read: ReadFeed = async (after) => ({
  head: feed.length,
  pages: feed.filter(({ position }) => position > after),
});

beforeEach(() => {
  book = createFeedBook();
});

async function bookOf(commits: readonly FeedCommit[]): Promise<FeedBook> {
  feed = pagesOf(commits);
  await book.readOn(read);
  return book;
}

describe("the feed", () => {
  test("that is whole is read on from where it was read to", async () => {
    await bookOf(honest.slice(0, 2));
    await bookOf(honest);
    expect(book.commits).toEqual(honest);
  });

  test("in which what was read last is another is found", async () => {
    await bookOf(honest.slice(0, 2));
    await expect(bookOf([requested, published])).rejects.toThrow(
      "page 2 of the feed is not what finance has read",
    );
  });

  test("that lost a page is found", async () => {
    feed = pagesOf(honest).filter(({ position }) => position !== 3);
    await expect(book.readOn(read)).rejects.toThrow("page 4 of the feed does not follow page 2");
  });

  test("whose chain is broken is found", async () => {
    feed = pagesOf(honest).map((page) =>
      page.position === 2 ? { ...page, text: page.text.replace("GateClosed", "GateOpened") } : page,
    );
    await expect(book.readOn(read)).rejects.toThrow("page 3 of the feed does not follow page 2");
  });

  test("that holds a commit twice is found", async () => {
    await expect(bookOf([...honest, placed])).rejects.toThrow("job-a@2 is in the feed twice");
  });

  test("that lacks a commit of the log, or has it otherwise, is found", async () => {
    await bookOf(honest);
    const log = honest.map((each) => ({ ...each, bytes: JSON.stringify(each) }));
    expect(book.missing(log)).toEqual([]);
    expect(book.missing([{ stream: "job-a", version: 3, bytes: "{}" }])).toEqual(["job-a@3"]);
    expect(book.missing([{ stream: "job-a", version: 2, bytes: '{"other":1}' }])).toEqual(["job-a@2"]);
  });

  test("is audited as well", async () => {
    await bookOf([commit("stream-without-a-beginning", 2, [{ type: "Said", data: {} }])]);
    expect(auditFaults(book).join()).toContain("feed chain verified");
  });
});

describe("requests", () => {
  test("that are in the log once are well", async () => {
    expect(lostOrRepeated([postA], await bookOf(honest))).toEqual([]);
  });

  test("that were acknowledged and are not in the log are found", async () => {
    expect(lostOrRepeated([postA], await bookOf(honest.slice(1)))).toEqual([
      "the acknowledged postJob post-a is in the log 0 times",
    ]);
  });

  test("that were carried out twice are found", async () => {
    const again = commit("job-b", 1, requested.events, "post-a");
    expect(lostOrRepeated([postA], await bookOf([...honest, again]))).toEqual([
      "the acknowledged postJob post-a is in the log 2 times",
    ]);
    book = createFeedBook();
    const same = commit("job-a", 3, requested.events, "post-a");
    expect(lostOrRepeated([], await bookOf([...honest, same]))).toEqual([
      expect.stringContaining("job-a holds the command post-a twice"),
    ]);
  });

  test("that were answered with another job than they made are found", async () => {
    const other = { ...postA, answer: { job: "b" } };
    expect(lostOrRepeated([other], await bookOf(honest))).toEqual([
      "job b was acknowledged, and job-a requested",
    ]);
  });

  test("that nobody has acknowledged may be lost", async () => {
    expect(lostOrRepeated([sent("postJob", "lost", { state: "waiting" })], await bookOf(honest))).toEqual([]);
  });

  test("that report on a run may say nothing new only if the run has ended", async () => {
    const report = sent("finishPlacement", "finish-a", { placement: "a.1" });
    expect(lostOrRepeated([report], await bookOf(honest))).toHaveLength(1);
    const ended = commit("job-a", 3, [{ type: "JobCompleted", data: { placement: "a.1" } }]);
    expect(lostOrRepeated([report], await bookOf([...honest, ended]))).toEqual([]);
  });
});

describe("awards", () => {
  const without = (gone: FeedCommit) => honest.filter((each) => each !== gone);

  test("that are published once and told once are well", () => {
    expect(awardFaults(honest)).toEqual([]);
  });

  test.each<readonly [string, readonly FeedCommit[], string]>([
    ["published twice", [...honest, published], "award a.1 is published 2 times"],
    ["told twice", [...honest, placed], "award a.1 is told 2 times"],
    ["never told", without(placed), "award a.1 was never told to its job"],
    ["told and never published", without(published), "placement a.1 was never awarded"],
  ])("%s are found", (_, commits, fault) => {
    expect(awardFaults(commits)).toEqual([fault]);
  });

  test("of an auction that is not sealed yet may still be told", () => {
    expect(awardFaults([requested, gate, published])).toEqual([]);
  });
});

test("an auction is open from its gate to its seal", () => {
  expect([...auctionsOf(honest.slice(0, 4))]).toEqual([["auction-1", "open"]]);
  expect([...auctionsOf(honest)]).toEqual([["auction-1", "ended"]]);
});

test("funds follow from deposits, holds and settlements", () => {
  const account = "x";
  const events = [
    { type: "FundsDeposited", data: { account, mills: "100" } },
    { type: "FundsHeld", data: { account, mills: "60" } },
    { type: "HoldSettled", data: { account, paid: "25", released: "15" } },
    { type: "FundsHeld", data: { account, mills: "5" } },
    { type: "HoldReleased", data: { account, mills: "5" } },
    { type: "FundsAdjusted", data: { account, mills: "-3" } },
  ];
  const book = [commit("account-x-2040-03-01", 1, events)];
  expect(fundsIn(book).get(account)).toEqual({ available: 52n, held: 20n });
});
