import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobEvent } from "../../events/catalog/job.ts";
import { MillsText } from "../../events/catalog/values.ts";
import { daysOf, endings, type FeedEvent, firstDay, type Life } from "../../test/market-days.ts";
import { faults } from "../../test/market-faults.ts";
import {
  acceptAt,
  account,
  admitted,
  awardOf,
  fill,
  finish,
  inSlot,
  job,
  jobAfter,
  meter,
  mills,
  place,
  placementId,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { instant, periodOf, periodPlus, slotStart } from "../time.ts";
import { matchDay } from "./match.ts";
import { type FoundBreak, type MatchFact, matchFactsOf } from "./match-facts.ts";
import type { DayMatch } from "./match-outcome.ts";

const life: Life = {
  ...{ kind: "block", ending: "completes", slot: 20, seconds: 0, slots: 12, after: 60, continuations: 1 },
  ...{ price: 200, staged: false, taxRate: 0, lateSeal: false, startsAfter: 30 },
};
const factsOf = (events: readonly FeedEvent[]): MatchFact[] =>
  events.flatMap(({ event, ...at }) => matchFactsOf(event, at));

/** The first day without the events that are held back, and the next with them. */
function twoDays(lives: readonly Life[], heldBack: (event: DomainEvent) => boolean): [DayMatch, DayMatch] {
  const [one, two] = daysOf(lives).days;
  if (one === undefined || two === undefined) throw new Error("no days");
  const late = one.events.filter(({ event }) => heldBack(event));
  const first = matchDay(factsOf(one.events.filter((each) => !late.includes(each))), [], firstDay);
  return [first, matchDay(factsOf([...two.events, ...late]), first.carried, two.period)];
}

const codes = (breaks: readonly FoundBreak[]) => breaks.map(({ code }) => code);

describe("each way in which a job can end", () => {
  const kinds = ["block", "split", "div", "service"] as const;
  const all = endings.flatMap((ending) => kinds.map((kind) => [ending, kind] as const));

  test.each(all)("%s, of kind %s: award, usage, charge and funds agree", (ending, kind) => {
    for (const more of [
      {},
      { staged: true },
      { lateSeal: true },
      { slot: 225 },
      { continuations: 0 },
      { taxRate: 600 },
    ]) {
      let carried: readonly MatchFact[] = [];
      for (const { period, events } of daysOf([{ ...life, ending, kind, ...more }]).days) {
        const day = matchDay(factsOf(events), carried, period);
        expect(day.breaks).toEqual([]);
        carried = day.carried;
      }
      expect(carried.filter(({ key }) => key.startsWith("job:"))).toEqual([]);
    }
  });
});

describe("what is found", () => {
  test.each(["lost", "breaksOff", "refused", "silent", "fewerCards"] as const)(
    "of what a center owes names what the law has: %s",
    (ending) => {
      const feed = daysOf([{ ...life, kind: "split", ending, continuations: 0 }]).days[0]?.events ?? [];
      let forged = 0;
      const facts = feed.flatMap(({ event, ...at }) => {
        if (event.type !== "ChargePosted") return matchFactsOf(event, at);
        const lines = event.data.lines.filter(({ kind }) => kind !== "penalty");
        forged += event.data.lines.length - lines.length;
        return matchFactsOf({ ...event, data: { ...event.data, lines } }, at);
      });
      const { breaks } = matchDay(facts, [], firstDay);
      expect(forged).toBeGreaterThan(0);
      expect(breaks).toMatchObject([{ code: "wrongPrice", found: "0" }]);
      expect(breaks[0]?.detail).toMatch(/has 0 mills of penalty from center:xian to tenant:lab, not \d+\.$/);
    },
  );
});

describe("what was missing and comes on a later day", () => {
  test("heals the break: usage", () => {
    const [first, second] = twoDays([life], (event) => event.type === "JobMetered");
    // The award and its continuation.
    expect(new Set(codes(first.breaks))).toEqual(new Set(["awardWithoutUsage"]));
    expect(second.breaks).toEqual([]);
    expect(second.healed.map(({ found }) => found)).toEqual(first.breaks);
    expect(second.carried.filter(({ kind }) => kind === "open")).toEqual([]);
  });

  test("heals the break: a settlement", () => {
    const [first, second] = twoDays(
      [{ ...life, continuations: 0, ending: "runsOut" }],
      (event) => event.type === "HoldSettled",
    );
    expect(codes(first.breaks)).toEqual(["chargeNotSettled"]);
    expect(second).toMatchObject({ breaks: [], healed: [{ found: { code: "chargeNotSettled" } }] });
  });

  test("heals the break: a hold that is let go of", () => {
    const [first, second] = twoDays(
      [{ ...life, ending: "expires" }],
      (event) => event.type === "HoldReleased",
    );
    expect(codes(first.breaks)).toEqual(["holdNeverReleased"]);
    expect(second).toMatchObject({ breaks: [], healed: [{ found: { code: "holdNeverReleased" } }] });
  });

  test("is found once: the next day does not find it again", () => {
    const [first] = twoDays([life], (event) => event.type === "JobMetered");
    expect(first.breaks.length).toBeGreaterThan(0);
    const next = matchDay([], first.carried, periodPlus(firstDay, 1));
    expect(next).toMatchObject({ breaks: [], healed: [] });
  });
});

describe("a charge that was never posted", () => {
  test("is one break, though what its last slots delivered is metered on the next day only", () => {
    const fault = faults.find(({ name }) => name === "a run that was never charged");
    let found = 0;
    for (let slot = 195; slot <= 225; slot++) {
      const days = daysOf([{ ...life, ending: "lost", slot, slots: 11, continuations: 2 }]);
      const wrong = fault?.inject(days, 1);
      if (wrong === undefined) continue;
      let carried: readonly MatchFact[] = [];
      const breaks = wrong.days.flatMap(({ period, events }) => {
        const day = matchDay(factsOf(events), carried, period);
        carried = day.carried;
        return day.breaks;
      });
      expect(codes(breaks)).toEqual(["awardWithoutCharge"]);
      found += 1;
    }
    expect(found).toBeGreaterThan(10);
  });
});

describe("an award of 10 slots, run from the first second", () => {
  const award = awardOf(1);
  const until = (slot: number, cardSeconds: number) => meter(1, { from: 100, to: slot, cardSeconds });
  const ended = { type: "StretchEnded", placement: award.placement, at: inSlot(110, 60) } as const;
  const all = [...admitted(), place(award, 20_000), acceptAt(1), start(1)];
  const period = periodOf(100);

  function match(events: readonly JobEvent[], source = award): DayMatch {
    const time = instant(slotStart(100));
    const published: DomainEvent = {
      type: "AwardsPublished",
      data: { auction: 1, page: 0, awards: [source], prices: [], linkPrices: [] },
    };
    const zero = MillsText.parse("0");
    const opened: DomainEvent = {
      type: "AccountOpened",
      data: { account, owner: Object("university"), period, available: zero, holds: [] },
    };
    const joined = Object({ type: "CenterJoined", data: { center: "xian" } });
    const settled = events.flatMap((event): DomainEvent[] => {
      if (event.type !== "ChargePosted") return [];
      const { stretch, charge, tenantPays: paid, releases: released } = event.data;
      return [{ type: "HoldSettled", data: { account, job, stretch, charge, paid, released } }];
    });
    const streams = [[published], [opened, ...settled], [joined], events] as const;
    const facts = streams.flatMap((own, stream) =>
      own.flatMap((event: DomainEvent, version) =>
        matchFactsOf(event, { stream: `s${stream}`, version, time }),
      ),
    );
    return matchDay(facts, [], period);
  }

  test("is matched slot by slot when all 8 cards x 3600 s are metered", () => {
    const { events } = jobAfter(...all, until(110, 28_800), ended);
    expect(match(events)).toMatchObject({ counts: { matched: 10, withinTolerance: 0, breaks: 0 } });
  });

  test("of a divisible job is matched at the center that was ready: the other delivered nothing, and is owed nothing", () => {
    const both = awardOf(1, [fill({ cards: 4 }), fill({ cards: 4, center: wuhan })]);
    const { events } = jobAfter(
      ...admitted({ kind: "div" }),
      place(both, 20_000),
      acceptAt(1),
      start(1),
      until(104, 5_760),
      { type: "Cancel", at: inSlot(104) },
    );
    expect(match(events, both)).toMatchObject({ counts: { matched: 4, withinTolerance: 0 }, breaks: [] });
  });

  test("of a run that another followed is not paid where their center fails, and found where it was", () => {
    const usage = {
      center: xian,
      from: instant(inSlot(104)),
      to: instant(inSlot(104, 180)),
      cardSeconds: 1440,
    };
    const placement = placementId(1);
    const { events } = jobAfter(
      ...admitted({ kind: "div", retries: 1 }),
      place(award, 20_000),
      acceptAt(1),
      start(1),
      until(104, 11_520),
      finish(1, "failed", inSlot(104, 200)),
      start(1, 2, xian, inSlot(104, 210)),
      { type: "Meter", placement, center: xian, run: 1, usage, at: inSlot(104, 220) },
      { type: "Displace", placement, cause: "centerLost", center: xian, at: inSlot(104, 300) },
    );
    expect(match(events)).toMatchObject({ counts: { matched: 4 }, breaks: [] });
    const line = {
      kind: "compute",
      row: 9,
      from: `tenant:${account}`,
      to: `center:${xian}`,
      center: xian,
    } as const;
    const paid = events.map((event) =>
      event.type === "ChargePosted"
        ? { ...event, data: { ...event.data, lines: [...event.data.lines, { ...line, mills: mills(800) }] } }
        : event,
    );
    expect(match(paid)).toMatchObject({ breaks: [{ code: "wrongPrice", expected: "0", found: "800" }] });
  });

  test("is within tolerance when 1 % is lacking, and a break when more is", () => {
    const near = jobAfter(...all, until(110, 28_512), ended);
    expect(match(near.events).counts).toEqual({ matched: 0, withinTolerance: 10, breaks: 0 });
    const short = jobAfter(...all, until(110, 28_000), ended);
    expect(codes(match(short.events).breaks)).toEqual(["missingSlots"]);
  });

  test("lacks the slots that were not metered, and tells their worth", () => {
    const { events } = jobAfter(...all, until(107, 20_160), ended);
    expect(match(events)).toMatchObject({
      counts: { matched: 7 },
      breaks: [{ code: "missingSlots", from: 107, to: 110, mills: "4800", expected: "8640 card-seconds" }],
    });
  });

  test("is priced by the auction, not by its echo", () => {
    const { events } = jobAfter(...all, until(110, 28_800), ended);
    expect(match(events, awardOf(1, [fill({ price: 199 })]))).toMatchObject({
      breaks: [{ code: "wrongPrice", expected: "15920", found: "16000", mills: "80" }],
    });
  });
});
