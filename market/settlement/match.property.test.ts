import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { daysOf, type FeedEvent, type MarketDays, marketDays } from "../../test/market-days.ts";
import { type Fault, faults, withCorrection, withPayout } from "../../test/market-faults.ts";
import { type MatchRules, matchDay, matchRules, together } from "./match.ts";
import { type MatchFact, matchFactsOf } from "./match-facts.ts";
import type { DayMatch } from "./match-outcome.ts";

const factsOf = (events: readonly FeedEvent[]): MatchFact[] =>
  events.flatMap(({ event, ...place }) => matchFactsOf(event, place));

/** Each day after the other, as the close does. */
function matchAll({ days }: MarketDays, table: MatchRules = matchRules): DayMatch[] {
  let carried: readonly MatchFact[] = [];
  return days.map(({ period, events }) => {
    const day = matchDay(factsOf(events), carried, period, table);
    carried = day.carried;
    return day;
  });
}

const codesOf = (matched: readonly DayMatch[]) =>
  matched.flatMap(({ breaks }) => breaks.map(({ code }) => code));

describe("any days of a market", () => {
  test("agree, and leave nothing open of what is over", () => {
    let slots = 0;
    fc.assert(
      fc.property(marketDays, (days) => {
        const matched = matchAll(days);
        expect(matched.flatMap(({ breaks }) => breaks)).toEqual([]);
        expect(matched.flatMap(({ healed }) => healed)).toEqual([]);
        const left = matched.at(-1)?.carried ?? [];
        expect(left.filter(({ key }) => key.startsWith("job:"))).toEqual([]);
        for (const { counts } of matched) slots += counts.matched + counts.withinTolerance;
      }),
      { numRuns: 120 },
    );
    expect(slots).toBeGreaterThan(1000);
  });

  test("agree with payouts of what the charges gave", () => {
    fc.assert(
      fc.property(marketDays, fc.nat(1), (days, pick) => {
        const paid = withPayout(days, pick, (earned) => earned);
        expect(codesOf(matchAll(paid ?? days))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test("agree with corrections that reach the account", () => {
    fc.assert(
      fc.property(marketDays, fc.nat(20), (days, pick) => {
        expect(codesOf(matchAll(withCorrection(days, pick, "settled") ?? days))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

/** Xi'an has cards in the first slot and in the last, neither of which the run fills, and none between them. */
const touches = daysOf([
  {
    ...{ kind: "div", ending: "completes", slot: 0, seconds: 0, slots: 5, after: 24, continuations: 1 },
    ...{ price: 100, staged: false, taxRate: 0, lateSeal: true, startsAfter: 1 },
  },
]);

describe("a fault put into any days", () => {
  test.each(faults.map((fault) => [fault.code, fault.name, fault] as const))(
    "is %s and nothing else: %s",
    (code, _, fault) => {
      fc.assert(
        fc.property(marketDays, fc.nat(50), (days, pick) => {
          const wrong = fault.inject(days, pick);
          fc.pre(wrong !== undefined);
          const matched = matchAll(wrong);
          expect(new Set(codesOf(matched))).toEqual(new Set([code]));
          // Of a run that was never metered each award is a break of its own; all else is one.
          const breaks = matched.flatMap((day) => day.breaks);
          expect(new Set(breaks.map(({ job }) => job)).size).toBe(1);
          if (code !== "awardWithoutUsage" && code !== "missingSlots") expect(breaks.length).toBe(1);
        }),
        { numRuns: 15, examples: [[touches, 0]] },
      );
    },
  );

  test("of each code is among them", () => {
    const rules = [...matchRules.job, ...matchRules.account, ...matchRules.center];
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(rules.map(({ code }) => code)));
  });
});

/** What a match says, whatever the order in which it says it. */
function told({ counts, breaks, healed, carried }: DayMatch) {
  const sorted = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort();
  return { counts, breaks: sorted(breaks), healed: sorted(healed), carried: sorted(carried) };
}

describe("the outcome", () => {
  const cut = fc.record({
    days: marketDays,
    fault: fc.constantFrom<Fault | undefined>(undefined, ...faults),
    pick: fc.nat(50),
    buckets: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(1000),
  });

  test("depends neither on buckets and ranges nor on the order of streams, nor on facts that come twice", () => {
    fc.assert(
      fc.property(cut, ({ days, fault, pick, buckets, seed }) => {
        const feed = fault?.inject(days, pick) ?? days;
        let [carried, carriedByBucket]: [readonly MatchFact[], readonly MatchFact[]] = [[], []];
        for (const { period, events } of feed.days) {
          const facts = factsOf(events);
          const whole = matchDay(facts, carried, period);
          carried = whole.carried;
          const torn = disordered(facts, seed);
          const parts = Array.from({ length: buckets }, (_, bucket) => {
            const own = (all: readonly MatchFact[]) =>
              all.filter(({ key }) => key.length % buckets === bucket);
            return matchDay(own(torn), own(carriedByBucket), period);
          });
          const sum = together(parts);
          carriedByBucket = sum.carried;
          expect(told(sum)).toEqual(told(whole));
        }
      }),
      { numRuns: 40 },
    );
  });

  /** Every third fact twice, and all in another order. */
  function disordered(facts: readonly MatchFact[], seed: number): MatchFact[] {
    const twice = facts.flatMap((fact, index) => (index % 3 === 0 ? [fact, fact] : [fact]));
    return twice
      .map((fact, index) => ({ fact, at: (index * 7919 + seed * 104729) % 65537 }))
      .sort((a, b) => a.at - b.at)
      .map(({ fact }) => fact);
  }
});

describe("each guard of the match", () => {
  const kinds = ["job", "account", "center"] as const;
  const guards = kinds.flatMap((kind) => matchRules[kind].map((rule, index) => ({ kind, rule, index })));
  /** The same days for all of them. */
  const samples = fc.sample(marketDays, { numRuns: 25, seed: 7 });

  test.each(guards.map((guard) => [guard.rule.find.name, guard] as const))(
    "is needed: without %s some fault goes unseen",
    (_, { kind, rule, index }) => {
      const table = { ...matchRules, [kind]: matchRules[kind].filter((_other, at) => at !== index) };
      const unseen = faults
        .filter(({ code }) => code === rule.code)
        .some((fault) =>
          samples.some((days, pick) => {
            const wrong = fault.inject(days, pick);
            if (wrong === undefined) return false;
            return (
              codesOf(matchAll(wrong)).includes(rule.code) &&
              !codesOf(matchAll(wrong, table)).includes(rule.code)
            );
          }),
        );
      expect(unseen).toBe(true);
    },
  );
});
