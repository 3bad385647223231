import type { BreakCode } from "../../events/catalog/break.ts";
import type { Period } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { periodStart, SLOTS_PER_DAY, slotStart } from "../time.ts";
import type { FoundBreak, MatchFact } from "./match-facts.ts";

/** Outcomes of a day's match; they add up over buckets. */
export interface MatchCounts {
  /** Slots of an award at one center that agree with usage and charge. */
  readonly matched: number;
  /** Slots that do within what `rules` tolerates. */
  readonly withinTolerance: number;
  /** Breaks found. */
  readonly breaks: number;
}

/** A break of an earlier period whose missing side has arrived. */
export interface HealedBreak {
  readonly found: FoundBreak;
  readonly note: string;
  /** The correction that amends the charge, if one does. */
  readonly correction?: string;
}

export interface DayMatch {
  readonly counts: MatchCounts;
  readonly breaks: readonly FoundBreak[];
  readonly healed: readonly HealedBreak[];
  /** What the next day's match needs: awards, holds and charges still open, and breaks that may heal. */
  readonly carried: readonly MatchFact[];
}

/** One guard of the match: what it finds ends as a break of its code. */
export interface MatchRule<Book> {
  readonly code: BreakCode;
  /** What is wrong; `taken` says what a rule before this one has found already. */
  find(book: Book, taken: ReadonlySet<string>): readonly Finding[];
}

/** A break, and what else it accounts for: charges, holds or ranges of usage that no later rule looks at. */
export interface Finding {
  readonly found: Omit<FoundBreak, "code" | "period">;
  readonly takes?: readonly string[];
}

/** The end of a settlement day, and the instant (ms) before which nothing can still be under way. */
export interface MatchDay {
  readonly period: Period;
  /** First slot of the day, and the first after it. */
  readonly from: number;
  readonly to: number;
  /** ms: what is older than this and lacks its counterpart is a break; younger waits for the next day. */
  readonly ripe: number;
}

export function matchDayOf(period: Period): MatchDay {
  const from = periodStart(period);
  const to = from + SLOTS_PER_DAY;
  return { period, from, to, ripe: slotStart(to - rules.matchGraceSlots) };
}

/** Whether what has lacked its counterpart since then must have had it by now. */
export function isRipe(day: MatchDay, time: string): boolean {
  return Date.parse(time) <= day.ripe;
}

/** Applies rules in their order; what was found on an earlier day is not found again. */
export function applyRules<Book>(
  table: readonly MatchRule<Book>[],
  book: Book,
  day: MatchDay,
  before: readonly FoundBreak[],
): FoundBreak[] {
  const known = new Set(before.map(({ code, about }) => `${code} ${about}`));
  const taken = new Set<string>();
  const breaks: FoundBreak[] = [];
  for (const { code, find } of table)
    for (const { found, takes = [] } of find(book, taken)) {
      for (const one of takes) taken.add(one);
      if (known.has(`${code} ${found.about}`)) continue;
      known.add(`${code} ${found.about}`);
      breaks.push({ ...found, code, period: day.period });
    }
  return breaks;
}

/** Breaks found before that could still heal. */
export function openFindings(seen: readonly MatchFact[], day: MatchDay): FoundBreak[] {
  const oldest = day.from - rules.breakHealDays * SLOTS_PER_DAY;
  return seen.flatMap((fact) =>
    fact.kind === "open" && periodStart(fact.found.period) >= oldest ? [fact.found] : [],
  );
}

/** Breaks as facts of the next day. */
export function carriedFindings(key: string, open: readonly FoundBreak[]): MatchFact[] {
  return open.map((found, part) => ({ ...ofMatch(key, part), kind: "open", found }));
}

/** Place of a fact that the match itself carries on: it comes before all others. */
export function ofMatch(key: string, part: number): Pick<MatchFact, "key" | "place" | "part"> {
  return { key, part, place: { stream: "", version: 0, time: "" } };
}
