import type { PlacementId } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_DAY, slotStart } from "../time.ts";
import { awardsWithoutCharge, chargesWithoutAward, duplicateCharges, wrongPrices } from "./match-charges.ts";
import type { FoundBreak, MatchFact } from "./match-facts.ts";
import {
  chargesNotSettled,
  hasEnded,
  holdsNeverReleased,
  leftOf,
  settledTwice,
  settledWithoutCharge,
} from "./match-funds.ts";
import { type AwardOf, centersIn, deliveriesCharged, type JobBook, jobBookOf } from "./match-job-book.ts";
import {
  applyRules,
  carriedFindings,
  type DayMatch,
  type HealedBreak,
  isRipe,
  type MatchDay,
  type MatchRule,
  ofMatch,
} from "./match-outcome.ts";
import {
  awardsWithoutUsage,
  duplicateUsage,
  lateUsage,
  missingSlots,
  type ProvenJob,
  proofName,
  provenJob,
  usageAboveAward,
  usageWithoutAward,
} from "./match-usage.ts";
import { lengthOf, type Range, shared, united, without } from "./ranges.ts";

/** Guards of one job's award, usage, charge and funds, in the order in which they claim what they find. */
export const jobRules: readonly MatchRule<ProvenJob>[] = [
  { code: "duplicateCharge", find: duplicateCharges },
  { code: "duplicateCharge", find: settledTwice },
  { code: "chargeWithoutAward", find: chargesWithoutAward },
  { code: "chargeWithoutAward", find: settledWithoutCharge },
  { code: "wrongPrice", find: wrongPrices },
  { code: "awardWithoutCharge", find: awardsWithoutCharge },
  { code: "chargeNotSettled", find: chargesNotSettled },
  { code: "holdNeverReleased", find: holdsNeverReleased },
  { code: "duplicateUsage", find: duplicateUsage },
  { code: "lateUsage", find: lateUsage },
  { code: "usageWithoutAward", find: usageWithoutAward },
  { code: "usageAboveAward", find: usageAboveAward },
  { code: "awardWithoutUsage", find: awardsWithoutUsage },
  { code: "missingSlots", find: missingSlots },
];

/** @param seen facts of one job, those that were carried and those of the day, in the order of their streams. */
export function matchJob(
  key: string,
  seen: readonly MatchFact[],
  day: MatchDay,
  table: readonly MatchRule<ProvenJob>[],
): DayMatch {
  const book = provenJob(jobBookOf(key, seen, day));
  const breaks = applyRules(table, book, day, book.open);
  const healed = book.open.flatMap((found) => healedBy(book, found));
  const slots = [...book.awards.values()].flatMap((award) => outcomesOf(book, award, breaks));
  const sum = (count: (one: SlotOutcome) => number) => slots.reduce((total, one) => total + count(one), 0);
  const gone = new Set(healed.map(({ found }) => found));
  const open = [...book.open.filter((found) => !gone.has(found)), ...breaks];
  return {
    counts: {
      matched: sum(({ matched }) => matched),
      withinTolerance: sum(({ near }) => near),
      breaks: breaks.length,
    },
    breaks,
    healed,
    carried: carriedOf(book, seen, slots, open),
  };
}

/** What the day told of one center's slots of an award. */
interface SlotOutcome {
  readonly award: AwardOf;
  readonly key: string;
  readonly matched: number;
  readonly near: number;
  /** All that is told by now. */
  readonly decided: readonly Range[];
  readonly pending: boolean;
}

function outcomesOf(book: ProvenJob, award: AwardOf, breaks: readonly FoundBreak[]): SlotOutcome[] {
  const { placement } = award.award;
  return centersIn(award).flatMap((center) => {
    const key = proofName(award, center);
    const proof = book.proofs.get(key);
    if (proof === undefined) return [];
    const known = book.decided.get(key) ?? [];
    const open = without(without(proof.delivered, proof.pending), known);
    const broken = slotsIn(breaks, ({ placement: of, center: at }) => {
      const own = of === placement || of === award.root;
      return own && (at === undefined || at === center);
    });
    // What nobody charged needs no usage either.
    const unpaid = slotsIn(
      breaks,
      ({ code, placement: of }) => code === "awardWithoutCharge" && of === placement,
    );
    const told = without(shared(proof.delivered, unpaid), deliveriesCharged(award));
    const sound = without(open, broken);
    const near = lengthOf(shared(sound, proof.near));
    return {
      ...{ award, key, near, matched: lengthOf(sound) - near, pending: proof.pending.length > 0 },
      decided: united([...known, ...open, ...told]),
    };
  });
}

function slotsIn(breaks: readonly FoundBreak[], isWanted: (found: FoundBreak) => boolean): Range[] {
  return united(
    breaks.flatMap((found): Range[] =>
      isWanted(found) && found.from !== undefined && found.to !== undefined ? [[found.from, found.to]] : [],
    ),
  );
}

/** An earlier break whose missing side is there now. */
function healedBy(book: JobBook, found: FoundBreak): HealedBreak[] {
  const { code, about, placement, center, from = 0, to = 0 } = found;
  const range: Range[] = [[slotStart(from), slotStart(to)]];
  switch (code) {
    case "awardWithoutUsage":
    case "missingSlots": {
      const metered = book.usages.flatMap((usage): Range[] =>
        usage.data.placement === placement && usage.data.usage.center === center
          ? [[usage.from, usage.to]]
          : [],
      );
      return without(range, united(metered)).length === 0 ? [{ found, note: "It was metered later." }] : [];
    }
    case "awardWithoutCharge": {
      const charged = [...book.awards.values()].filter(({ award }) => award.placement === placement);
      const left = without([[from, to]], united(charged.flatMap(deliveriesCharged)));
      return charged.length > 0 && left.length === 0 ? [{ found, note: "It was charged later." }] : [];
    }
    case "chargeNotSettled":
      return book.settled.has(about) && found.found === "none"
        ? [{ found, note: "It was settled later." }]
        : [];
    case "holdNeverReleased": {
      const hold = [...book.holds.values()].find(({ stretch }) => about.endsWith(`/${stretch}`));
      return hold !== undefined && hold.held - hold.paid - hold.released <= -BigInt(found.mills)
        ? [{ found, note: "It was released later." }]
        : hold !== undefined && hold.held > 0n && leftOf(hold) === 0n
          ? [{ found, note: "It was released later." }]
          : [];
    }
    case "lateUsage": {
      const answer = book.corrected.find(
        (one) => one.placement === placement && one.from < to && from < one.to,
      );
      return answer === undefined
        ? []
        : [{ found, note: "A correction takes it into account.", correction: answer.correction }];
    }
    default:
      return [];
  }
}

/** What the next day needs: all of a job until it is over, without the placements of it that are. */
function carriedOf(
  book: JobBook,
  seen: readonly MatchFact[],
  slots: readonly SlotOutcome[],
  open: readonly FoundBreak[],
): MatchFact[] {
  const findings = carriedFindings(book.key, open);
  const facts = seen.filter(({ kind }) => kind !== "open" && kind !== "decided");
  if (book.state.phase === "unknown")
    // What it belongs to may come into the feed behind the cut-off.
    return [...facts.filter(({ place }) => !isRipe(book.day, place.time)), ...findings];
  const still = openAwards(book, slots, open);
  const holds = [...book.holds.values()].some(
    (hold) => leftOf(hold) !== 0n && !isFound(book, open, hold.stretch),
  );
  const stale = book.lastAt <= slotStart(book.day.from - HEAL_SLOTS);
  const over = hasEnded(book) && (stale || (book.lastAt <= book.day.ripe && still.size === 0 && !holds));
  if (over) return findings;
  const closed = hasEnded(book) ? new Set<PlacementId>() : closedAwards(book, facts, still);
  const stretches = new Set(
    [...book.awards.values()].flatMap(({ award }) => (closed.has(award.placement) ? [award.stretch] : [])),
  );
  const kept = facts.filter((fact) => {
    if (fact.kind === "held" || fact.kind === "settled" || fact.kind === "released")
      return !stretches.has(fact.stretch);
    const placement = placementIn(fact);
    return placement === undefined || !closed.has(placement);
  });
  const marks = slots
    .filter(({ award, decided }) => decided.length > 0 && !closed.has(award.award.placement))
    .map(({ award, key, decided }, part): MatchFact => {
      const [placement, center] = [
        award.award.placement,
        centersIn(award).find((one) => key.endsWith(`/${one}`)),
      ];
      if (center === undefined) throw new Error(`no center of ${key}`);
      return { ...ofMatch(book.key, part), kind: "decided", award: placement, center, slots: decided };
    });
  return [...kept, ...marks, ...findings];
}

const HEAL_SLOTS = rules.breakHealDays * SLOTS_PER_DAY;

function isFound({ key }: JobBook, open: readonly FoundBreak[], stretch: number): boolean {
  const about = `${key.slice("job:".length)}/${stretch}`;
  return open.some((found) => found.code === "holdNeverReleased" && found.about === about);
}

/** Awards that something is still to happen to: slots to be metered, charges to be posted or settled. */
function openAwards(
  book: JobBook,
  slots: readonly SlotOutcome[],
  open: readonly FoundBreak[],
): Set<PlacementId> {
  const pending = slots.filter((one) => one.pending).map(({ award }) => award.award.placement);
  const unsettled = book.charges.flatMap(({ data, place }) =>
    book.settled.has(data.charge) || isRipe(book.day, place.time) ? [] : [data.placement],
  );
  const unfinished = [...book.awards.values()].flatMap(({ award, balance }) => {
    const told = balance !== undefined || open.some(({ about }) => about === award.placement);
    return told && balance?.final !== false ? [] : [award.placement];
  });
  return new Set([...pending, ...unsettled, ...unfinished]);
}

/** Awards of placements that ended and that nothing more can happen to. */
function closedAwards(
  book: JobBook,
  facts: readonly MatchFact[],
  open: ReadonlySet<PlacementId>,
): Set<PlacementId> {
  const byRoot = Map.groupBy(book.awards.values(), ({ root }) => root);
  const last = new Map<PlacementId, number>();
  for (const fact of facts) {
    const placement = placementIn(fact);
    const root = placement === undefined ? undefined : (book.awards.get(placement)?.root ?? placement);
    if (root !== undefined) last.set(root, Math.max(last.get(root) ?? 0, Date.parse(fact.place.time)));
  }
  return new Set(
    [...byRoot].flatMap(([root, awards]) => {
      const ids = awards.map(({ award }) => award.placement);
      const ended = root !== undefined && book.fates.get(root)?.deliveredTo !== undefined;
      const quiet = root !== undefined && (last.get(root) ?? 0) <= book.day.ripe;
      return ended && quiet && ids.every((id) => !open.has(id)) ? ids : [];
    }),
  );
}

/** The award or placement that a fact is about. */
function placementIn(fact: MatchFact): PlacementId | undefined {
  switch (fact.kind) {
    case "awarded":
      return fact.award.placement;
    case "echo":
      return fact.echo.award;
    case "job":
      return "placement" in fact.event.data ? fact.event.data.placement : undefined;
    case "corrected":
      return fact.correction.placement;
    default:
      return undefined;
  }
}
