import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobSpec } from "../../events/catalog/job.ts";
import {
  a100,
  admitted,
  ascend,
  bookAfter,
  clearAt,
  gateIn,
  instanceOf,
  joined,
  link,
  linked,
  offered,
  queued,
  requested,
  university,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import type { Gate } from "./gates.ts";
import { answersOf, leftOutAnswers, voided } from "./why.ts";

const limited = (limit: number) => [{ product: ascend, limit }];

/** Answers by job. */
function told(events: readonly DomainEvent[], gate: Gate = gateIn(99)) {
  const { instance, result } = clearAt(bookAfter(...events), gate);
  return Object.fromEntries(answersOf(instance, result).map(({ job, answer }) => [job, answer]));
}

/** Answers to those who had to stay away. */
function toldAway(events: readonly DomainEvent[]) {
  const book = bookAfter(...events);
  const answers = leftOutAnswers(book, instanceOf(book, gateIn(99)));
  return Object.fromEntries(answers.map(({ job, answer }) => [job, answer]));
}

describe("each bid is told", () => {
  const market = [joined(xian), joined(wuhan), offered()];

  test("that it won, or how much would have", () => {
    const low = queued("low", { products: limited(99) });
    const answers = told([...market, ...queued("train"), ...low]);
    expect(answers).toEqual({
      train: { reason: "won" },
      low: { reason: "price", product: ascend, limitToWin: 100 },
    });
  });

  test("limits by the card-hour in the forward session, too", () => {
    const low: Partial<JobSpec> = { session: "forward", to: 110, products: limited(90) };
    const answers = told([...market, ...queued("low", low)], gateIn(98, "forward"));
    expect(answers).toEqual({ low: { reason: "price", product: ascend, limitToWin: 100 } });
  });

  test("no limit that the market's cap forbids", () => {
    const dear = [joined(xian), joined(wuhan), offered("a", { cards: 8, reserve: 10_000 })];
    const lines = linked(wuhan, link(xian, { gbps: 1000, perGB: 1 }));
    const low: Partial<JobSpec> = { products: limited(9_999) };
    expect(told([...dear, ...queued("low", low)])).toEqual({
      low: { reason: "price", product: ascend, limitToWin: 10_000 },
    });
    const far = queued("far", { ...low, home: wuhan, dataGB: 100 });
    expect(told([...dear, lines, ...far])).toEqual({ far: { reason: "price", product: ascend } });
  });

  test("for which slots the cards that were left are not sold alone, where they are sold in longer runs only", () => {
    const market = [joined(xian), offered("a", { minRun: 15 })];
    const [short, long] = [queued("short"), queued("long", { slots: 15, to: 115 })];
    expect(told([...market, ...short])).toEqual({
      short: { reason: "minRun", slots: [{ from: 100, to: 110 }] },
    });
    expect(told([...market, ...short, ...long])).toEqual({
      short: { reason: "won" },
      long: { reason: "won" },
    });
  });

  test("in which slots too few cards were left, as ranges that lie side by side", () => {
    // Cards for one of them, in the first hour only.
    const market = [joined(xian), offered("a", { cards: 8, to: 110 }), offered("b", { from: 120, cards: 8 })];
    const answers = told([...market, ...queued("first", { to: 110 }), ...queued("next", { to: 110 })]);
    expect(answers).toEqual({
      first: { reason: "won" },
      next: { reason: "capacity", slots: [{ from: 100, to: 110 }] },
    });
    const whole = told([...market, ...queued("long", { slots: 30 })]);
    expect(whole).toEqual({ long: { reason: "capacity", slots: [{ from: 110, to: 120 }] } });
  });

  test("why no pool could take it", () => {
    const far = linked(xian, link(wuhan, { gbps: 1, latencyMs: 9 }));
    const events = [joined(xian), joined(wuhan), far, offered("w", { center: wuhan })];
    const away: Partial<JobSpec> = { regions: ["wuhan"] };
    const answers = told([
      ...events,
      ...queued("wide", { ...away, cards: 17 }),
      ...queued("near", { ...away, maxLatencyMs: 8 }),
      ...queued("heavy", { ...away, dataGB: 46 }),
    ]);
    expect(answers).toEqual({
      wide: { reason: "capacity", slots: [{ from: 100, to: 112 }] },
      near: { reason: "latency" },
      heavy: { reason: "link" },
    });
  });

  test("what bars it from every pool before it comes to a price", () => {
    const market = [joined(xian, { owner: university }), joined(wuhan), offered("w", { center: wuhan })];
    const bids = [
      ...queued("fits"),
      ...queued("elsewhere", { products: [{ product: a100, limit: 250 }] }),
      ...queued("moon", { regions: ["moon"] }),
      ...queued("framed", { frameworks: ["mindspore"] }),
      ...queued("later", { frameworks: ["mindspore"], from: 400, to: 500 }),
      ...queued("planned", { frameworks: ["mindspore"], session: "forward" }),
      requested("poor"),
      admitted("poor"),
    ];
    expect(toldAway([...market, ...bids])).toEqual({
      elsewhere: { reason: "product" },
      moon: { reason: "region" },
      framed: { reason: "framework" },
      poor: { reason: "funds" },
    });
    expect(toldAway([joined(xian, { owner: university }), ...queued("own")])).toEqual({
      own: { reason: "owner" },
    });
  });
});

describe("an auction is void", () => {
  const scarce = (limit: number, cards = 8) => [
    joined(xian),
    offered("a", { cards }),
    ...queued("one", { products: limited(limit), to: 110 }),
    ...queued("two", { products: limited(limit), to: 110 }),
  ];
  const isVoid = (events: readonly DomainEvent[], gate: Gate = gateIn(99)) => {
    const { instance, result, awards } = clearAt(bookAfter(...events), gate);
    expect(awards.length).toBeGreaterThan(0);
    return voided(instance, result);
  };

  test("if somebody would buy at the cap", () => {
    expect(isVoid(scarce(10_000))).toBe(true);
    expect(isVoid(scarce(9_999))).toBe(false);
    expect(isVoid(scarce(10_000, 16))).toBe(false);
  });

  test("in the forward session as well", () => {
    const forward = (limit: number) =>
      ["one", "two"].flatMap((job) => queued(job, { session: "forward", products: limited(limit), to: 110 }));
    const market = [joined(xian), offered("a", { cards: 8 })];
    expect(isVoid([...market, ...forward(10_000)], gateIn(98, "forward"))).toBe(true);
    expect(isVoid([...market, ...forward(9_999)], gateIn(98, "forward"))).toBe(false);
  });

  test("not for an indication at which nobody bought", () => {
    const dear = offered("dear", { center: wuhan, reserve: 10_000 });
    expect(isVoid([joined(wuhan), dear, ...scarce(9_999)])).toBe(false);
  });
});
