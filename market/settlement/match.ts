import type { Period } from "../../events/catalog/values.ts";
import { type AccountBook, accountRules, matchAccount } from "./match-account.ts";
import { type CenterBook, centerRules, matchCenter } from "./match-center.ts";
import type { MatchFact } from "./match-facts.ts";
import { jobRules, matchJob } from "./match-job.ts";
import {
  type DayMatch,
  type MatchCounts,
  type MatchDay,
  type MatchRule,
  matchDayOf,
} from "./match-outcome.ts";
import type { ProvenJob } from "./match-usage.ts";

/** The guards of the match, by what they look at. */
export interface MatchRules {
  readonly job: readonly MatchRule<ProvenJob>[];
  readonly account: readonly MatchRule<AccountBook>[];
  readonly center: readonly MatchRule<CenterBook>[];
}

export const matchRules: MatchRules = { job: jobRules, account: accountRules, center: centerRules };

/**
 * Matches award, usage, charge and money of one bucket of keys for a settlement day: `facts` are those of the day's
 * range of the feed, in any order and however often, `carried` what the match of the day before carried of the same
 * keys. The outcome depends neither on that order nor on how keys are put into buckets.
 */
export function matchDay(
  facts: readonly MatchFact[],
  carried: readonly MatchFact[],
  period: Period,
  table: MatchRules = matchRules,
): DayMatch {
  const known = new Set(carried.map(identityOf));
  const fresh = distinct(facts).filter((fact) => !known.has(identityOf(fact)));
  const news = new Set(fresh);
  const day = matchDayOf(period);
  const byKey = Map.groupBy([...distinct(carried), ...fresh].sort(inOrder), ({ key }) => key);
  return together([...byKey].map(([key, seen]) => matchKey(key, seen, news, day, table)));
}

/** Parts of a day's match put together: buckets, or keys of one. */
export function together(parts: readonly DayMatch[]): DayMatch {
  const sum = (name: keyof MatchCounts) => parts.reduce((total, { counts }) => total + counts[name], 0);
  return {
    counts: { matched: sum("matched"), withinTolerance: sum("withinTolerance"), breaks: sum("breaks") },
    breaks: parts.flatMap(({ breaks }) => breaks),
    healed: parts.flatMap(({ healed }) => healed),
    carried: parts.flatMap(({ carried }) => carried),
  };
}

function matchKey(
  key: string,
  seen: readonly MatchFact[],
  fresh: ReadonlySet<MatchFact>,
  day: MatchDay,
  table: MatchRules,
): DayMatch {
  switch (key.slice(0, key.indexOf(":"))) {
    case "job":
      return matchJob(key, seen, day, table.job);
    case "account":
      return matchAccount(key, seen, day, table.account);
    default:
      return matchCenter(key, seen, fresh, day, table.center);
  }
}

function identityOf({ key, place, part, kind }: MatchFact): string {
  return `${key} ${place.stream}@${place.version}#${part} ${kind}`;
}

function distinct(facts: readonly MatchFact[]): MatchFact[] {
  return [...new Map(facts.map((fact) => [identityOf(fact), fact])).values()];
}

/** Keys in name order, and of each its streams, versions and parts. */
function inOrder(a: MatchFact, b: MatchFact): number {
  return (
    compare(a.key, b.key) ||
    compare(a.place.stream, b.place.stream) ||
    a.place.version - b.place.version ||
    a.part - b.part ||
    compare(a.kind, b.kind)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
