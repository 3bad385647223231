import type { MillsText, Period } from "../../events/catalog/values.ts";
import { mills, millsText } from "../money.ts";
import { rules } from "../rules.ts";
import { periodPlus } from "../time.ts";
import type { FoundBreak, MatchFact } from "./match-facts.ts";
import {
  applyRules,
  carriedFindings,
  type DayMatch,
  type Finding,
  isRipe,
  type MatchDay,
  type MatchRule,
  ofMatch,
  openFindings,
} from "./match-outcome.ts";

type OfKind<Kind extends MatchFact["kind"]> = Extract<MatchFact, { kind: Kind }>;
type Earnings = Omit<OfKind<"earnings">, "key" | "place" | "part" | "kind">;

export interface CenterBook {
  readonly day: MatchDay;
  readonly key: string;
  readonly joined: readonly OfKind<"joined">[];
  readonly moved: readonly OfKind<"moved">[];
  /** What charges and corrections of each day gave the center. */
  readonly earnings: ReadonlyMap<Period, Earnings>;
  readonly stated: readonly OfKind<"stated">[];
  readonly paid: readonly OfKind<"paid">[];
}

/** Guards of one center. */
export const centerRules: readonly MatchRule<CenterBook>[] = [
  { code: "orphanedAccount", find: orphanedCenter },
  { code: "payoutWithoutCharge", find: payoutsWithoutCharge },
  { code: "payoutWithoutCharge", find: paidWithoutPayout },
];

/** A charge names a center that never joined. */
function orphanedCenter({ day, key, joined, moved }: CenterBook): Finding[] {
  const ripe = moved.filter(({ place }) => isRipe(day, place.time));
  if (joined.length > 0 || ripe.length === 0) return [];
  const sum = ripe.reduce((total, one) => total + mills(one.receives) + mills(one.pays), 0n);
  const detail = `${ripe[0]?.subject} moves money of ${key}, which never joined.`;
  return [{ found: { about: key, subject: key, mills: millsText(sum), detail }, takes: ["orphan"] }];
}

/** A statement says that a center earned more, or owes less, than the charges of its day say. */
function payoutsWithoutCharge({ earnings, stated }: CenterBook): Finding[] {
  const ids = new Set<string>();
  return stated.flatMap((payout): Finding[] => {
    const again = ids.has(payout.payout);
    ids.add(payout.payout);
    const given = earnings.get(payout.period) ?? nothingEarned(payout.period);
    const beyond = again ? mills(payout.payable) : beyondCharges(payout, given);
    if (beyond <= 0n) return [];
    const { payout: subject, earned, owed } = payout;
    const center = {
      expected: `${given.receives} earned, ${given.pays} owed`,
      found: `${earned} earned, ${owed} owed`,
    };
    const detail = again
      ? `Payout ${subject} was stated again.`
      : `Payout ${subject} states ${beyond} mills that no charge of ${payout.period} gave.`;
    const about = again ? `${subject}@${payout.place.stream}@${payout.place.version}` : subject;
    return [{ found: { about, subject, ...center, mills: millsText(beyond), detail } }];
  });
}

function beyondCharges({ earned, owed, links }: OfKind<"stated">, given: Earnings): bigint {
  const cards = mills(earned) - mills(given.receives);
  const net = cards - (mills(owed) - mills(given.pays));
  const lines = links.reduce((sum, { link, mills: amount }) => {
    return sum + positive(mills(amount) - mills(given.links[link] ?? millsText(0n)));
  }, 0n);
  // Either too much is earned, or too little owed.
  const over = positive(cards);
  return lines + over + positive(net - over);
}

function positive(amount: bigint): bigint {
  return amount < 0n ? 0n : amount;
}

/** Money was paid out that no statement says, or more of it than it says. */
function paidWithoutPayout({ stated, paid }: CenterBook): Finding[] {
  const byPayout = Map.groupBy(paid, ({ payout }) => payout);
  return [...byPayout].flatMap(([payout, entries]): Finding[] => {
    const due = mills(stated.find((one) => one.payout === payout)?.payable ?? millsText(0n));
    const sum = entries.reduce((total, one) => total + mills(one.mills), 0n);
    if (sum <= due) return [];
    const figures = { expected: String(due), found: String(sum), mills: millsText(sum - due) };
    const detail = `${sum} mills were paid for payout ${payout}, which states ${due}.`;
    return [{ found: { about: `${payout}@paid`, subject: payout, ...figures, detail } }];
  });
}

function nothingEarned(period: Period): Earnings {
  return { period, receives: millsText(0n), pays: millsText(0n), links: {} };
}

function added(before: Earnings, moved: readonly OfKind<"moved">[]): Earnings {
  const links: Record<string, MillsText> = { ...before.links };
  let [receives, pays] = [mills(before.receives), mills(before.pays)];
  for (const { link, ...line } of moved) {
    if (link === undefined) {
      receives += mills(line.receives);
      pays += mills(line.pays);
    } else {
      const net = mills(links[link] ?? millsText(0n)) + mills(line.receives) - mills(line.pays);
      links[link] = millsText(net);
    }
  }
  return { ...before, receives: millsText(receives), pays: millsText(pays), links };
}

/** @param fresh facts of the day itself: what they move is earned on it. */
export function matchCenter(
  key: string,
  seen: readonly MatchFact[],
  fresh: ReadonlySet<MatchFact>,
  day: MatchDay,
  table: readonly MatchRule<CenterBook>[],
): DayMatch {
  const of = <Kind extends MatchFact["kind"]>(kind: Kind) =>
    seen.filter((fact): fact is OfKind<Kind> => fact.kind === kind);
  const moved = of("moved");
  const today = added(
    nothingEarned(day.period),
    moved.filter((fact) => fresh.has(fact)),
  );
  const earnings = new Map<Period, Earnings>(
    [...of("earnings"), today].map((one) => {
      const { period, receives, pays, links } = one;
      return [period, { period, receives, pays, links }];
    }),
  );
  const book = { day, key, joined: of("joined"), moved, earnings, stated: of("stated"), paid: of("paid") };
  const before = openFindings(seen, day);
  const breaks = applyRules(table, book, day, before);
  const healed = before.filter(({ code }) => code === "orphanedAccount" && book.joined.length > 0);
  const open = [...before.filter((found) => !healed.includes(found)), ...breaks];
  return {
    counts: { matched: 0, withinTolerance: 0, breaks: breaks.length },
    breaks,
    healed: healed.map((found) => ({ found, note: "The center joined." })),
    carried: carriedOf(book, open),
  };
}

/** Earnings wait for their payout, payouts for their money. */
function carriedOf(book: CenterBook, open: readonly FoundBreak[]): MatchFact[] {
  const { day, key, joined, moved, earnings, stated, paid } = book;
  const oldest = periodPlus(day.period, -rules.breakHealDays);
  const unpaid = stated.filter(({ payout, payable, period }) => {
    const sum = paid.reduce((total, one) => total + (one.payout === payout ? mills(one.mills) : 0n), 0n);
    return sum < mills(payable) && period >= oldest;
  });
  const waiting = new Set(unpaid.map(({ payout }) => payout));
  const sums = [...earnings.values()].filter(({ period }) => period >= oldest);
  const early = joined.length > 0 ? [] : moved.filter(({ place }) => !isRipe(day, place.time));
  return [
    ...joined.slice(0, 1),
    ...early,
    ...sums.map((one, part): MatchFact => ({ ...ofMatch(key, part), kind: "earnings", ...one })),
    ...unpaid,
    ...paid.filter(({ payout }) => waiting.has(payout)),
    ...carriedFindings(key, open),
  ];
}
