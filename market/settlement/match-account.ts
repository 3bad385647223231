import { mills, millsText } from "../money.ts";
import type { FoundBreak, MatchFact } from "./match-facts.ts";
import {
  applyRules,
  carriedFindings,
  type DayMatch,
  type Finding,
  isRipe,
  type MatchDay,
  type MatchRule,
  openFindings,
} from "./match-outcome.ts";

type OfKind<Kind extends MatchFact["kind"]> = Extract<MatchFact, { kind: Kind }>;

export interface AccountBook {
  readonly day: MatchDay;
  readonly key: string;
  readonly opened: readonly OfKind<"opened">[];
  readonly booked: readonly OfKind<"booked">[];
  readonly due: readonly OfKind<"due">[];
  /** By correction. */
  readonly adjusted: ReadonlyMap<string, readonly OfKind<"adjusted">[]>;
}

/** Guards of one account. */
export const accountRules: readonly MatchRule<AccountBook>[] = [
  { code: "orphanedAccount", find: orphanedAccount },
  { code: "chargeNotSettled", find: correctionsNotSettled },
];

/** Money was booked on an account that was never opened. */
function orphanedAccount({ day, key, opened, booked }: AccountBook): Finding[] {
  const ripe = booked.filter(({ place }) => isRipe(day, place.time));
  if (opened.length > 0 || ripe.length === 0) return [];
  const sum = ripe.reduce((total, one) => total + absolute(mills(one.mills)), 0n);
  const detail = `Money was booked on ${key}, which was never opened, for ${ripe[0]?.subject}.`;
  return [{ found: { about: key, subject: key, mills: millsText(sum), detail }, takes: ["orphan"] }];
}

/** What a correction changes reaches the account once, as it says. */
function correctionsNotSettled({ day, due, adjusted }: AccountBook, taken: ReadonlySet<string>): Finding[] {
  if (taken.has("orphan")) return [];
  return due.flatMap(({ correction, mills: amount, place }): Finding[] => {
    const entries = adjusted.get(correction) ?? [];
    const found = entries.reduce((sum, one) => sum + mills(one.mills), 0n);
    const waits = entries.length === 0 && !isRipe(day, place.time);
    if (found === mills(amount) || waits) return [];
    const figures = {
      expected: amount,
      found: String(found),
      mills: millsText(absolute(mills(amount) - found)),
    };
    const detail = `Correction ${correction} is not in the account as it says.`;
    return [{ found: { about: correction, subject: correction, ...figures, detail } }];
  });
}

function absolute(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

export function matchAccount(
  key: string,
  seen: readonly MatchFact[],
  day: MatchDay,
  table: readonly MatchRule<AccountBook>[],
): DayMatch {
  const of = <Kind extends MatchFact["kind"]>(kind: Kind) =>
    seen.filter((fact): fact is OfKind<Kind> => fact.kind === kind);
  const adjusted = Map.groupBy(of("adjusted"), ({ correction }) => correction);
  const book = { day, key, opened: of("opened"), booked: of("booked"), due: of("due"), adjusted };
  const before = openFindings(seen, day);
  const breaks = applyRules(table, book, day, before);
  const healed = before.filter((found) => isHealed(book, found));
  const open = [...before.filter((found) => !healed.includes(found)), ...breaks];
  // Of an account that is open nothing but that is needed; what it was booked before waits no longer than a day.
  const waits = of("due").filter(
    ({ correction, place }) => !adjusted.has(correction) && !isRipe(day, place.time),
  );
  const early = book.opened.length > 0 ? [] : of("booked").filter(({ place }) => !isRipe(day, place.time));
  return {
    counts: { matched: 0, withinTolerance: 0, breaks: breaks.length },
    breaks,
    healed: healed.map((found) => ({ found, note: "What was missing has come." })),
    carried: [...book.opened.slice(0, 1), ...early, ...waits, ...carriedFindings(key, open)],
  };
}

function isHealed({ opened, adjusted }: AccountBook, { code, about, expected }: FoundBreak): boolean {
  if (code === "orphanedAccount") return opened.length > 0;
  const sum = (adjusted.get(about) ?? []).reduce((total, one) => total + mills(one.mills), 0n);
  return code === "chargeNotSettled" && String(sum) === expected;
}
