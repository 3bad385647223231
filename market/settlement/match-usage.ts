import type { Fill } from "../../events/catalog/award.ts";
import type { CenterId, PlacementId } from "../../events/catalog/values.ts";
import { millsText } from "../money.ts";
import { rules } from "../rules.ts";
import { SLOT_SECONDS, slotStart } from "../time.ts";
import { worth } from "./award-balance.ts";
import {
  type AwardOf,
  centersIn,
  deliveredBy,
  deliveriesCharged,
  isDelivery,
  type JobBook,
  type UsageOf,
} from "./match-job-book.ts";
import type { Finding } from "./match-outcome.ts";
import { lengthOf, type Range, shared, united, without } from "./ranges.ts";

// Award and charge against usage: what a center metered is within its award, and every slot that was delivered to a run
// from its first to its last instant was metered. Slots need no usage that were charged though no run filled them: those
// before it began and after it ended, elapsed ones of a job that could not start, and those that row 10 credits.

const SLOT_MS = SLOT_SECONDS * 1000;
const permille = rules.usageTolerancePermille;

function slotsOf(from: number, to: number): Range {
  return [Math.floor(from / SLOT_MS), Math.ceil(to / SLOT_MS)];
}

function inMs(slots: readonly Range[]): Range[] {
  return slots.map(([from, to]): Range => [slotStart(from), slotStart(to)]);
}

/** Fills of a center in all awards that a placement is known by. */
function fillsOf({ fills }: JobBook, root: PlacementId, center: CenterId): readonly Fill[] {
  return fills.get(`${root}/${center}`) ?? [];
}

/** Cards x ms of some fills inside ranges of instants. */
function cardMs(fills: readonly Pick<Fill, "from" | "to" | "cards">[], ranges: readonly Range[]): number {
  let sum = 0;
  for (const { cards, from, to } of fills)
    for (const [a, b] of ranges)
      sum += cards * Math.max(0, Math.min(slotStart(to), b) - Math.max(slotStart(from), a));
  return sum;
}

function about({ data, from, to }: UsageOf): Omit<Finding["found"], "about" | "mills" | "detail"> {
  const { job, placement, usage } = data;
  const [first, last] = slotsOf(from, to);
  return {
    job,
    placement,
    center: usage.center,
    from: first,
    to: last,
    found: `${usage.cardSeconds} card-seconds`,
  };
}

const usageName = ({ data, place }: UsageOf) =>
  `usage:${data.placement}/${data.run}/${data.usage.center}@${place.version}`;
const nothing = millsText(0n);

function left({ usages }: JobBook, taken: ReadonlySet<string>): UsageOf[] {
  return usages.filter((usage) => !taken.has(usageName(usage)));
}

/** Usage for which no auction gave the center a card: of a day that is over, it may be of an award that is closed. */
export function usageWithoutAward(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  return left(book, taken).flatMap((usage): Finding[] => {
    const { placement, usage: own } = usage.data;
    if (own.cardSeconds === 0) return [];
    const known = book.fates.has(placement);
    if (known && cardMs(fillsOf(book, placement, own.center), [[usage.from, usage.to]]) > 0) return [];
    const detail = known
      ? `Award ${placement} has no cards of ${own.center} at that time.`
      : `No award ${placement} is open.`;
    return [
      {
        found: { ...about(usage), about: usageName(usage), mills: nothing, detail },
        takes: [usageName(usage)],
      },
    ];
  });
}

/** A center metered the same time of a run again. */
export function duplicateUsage(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  const metered = new Map<string, Range[]>();
  return left(book, taken).flatMap((usage): Finding[] => {
    const { placement, run, usage: own } = usage.data;
    const name = `${placement}/${run}/${own.center}`;
    const before = metered.get(name) ?? [];
    const again = lengthOf(shared([[usage.from, usage.to]], before));
    metered.set(name, united([...before, [usage.from, usage.to]]));
    if (again === 0) return [];
    const detail = `${Math.ceil(again / 1000)} seconds of run ${run} were metered before.`;
    return [
      {
        found: { ...about(usage), about: usageName(usage), mills: nothing, detail },
        takes: [usageName(usage)],
      },
    ];
  });
}

/** More card-seconds than the awarded cards have in that time. */
export function usageAboveAward(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  return left(book, taken).flatMap((usage): Finding[] => {
    const { placement, usage: own } = usage.data;
    const fills = fillsOf(book, placement, own.center);
    const most = cardMs(fills, [[usage.from, usage.to]]);
    if (own.cardSeconds * 1000 <= (most * (1000 + permille)) / 1000 + 1000) return [];
    const awarded = Math.ceil(most / 1000);
    const price = Math.max(0, ...fills.map((fill) => fill.price));
    const excess = Math.floor(((own.cardSeconds - awarded) * price) / SLOT_SECONDS);
    const expected = `${awarded} card-seconds`;
    const detail = `Run ${usage.data.run} was metered beyond its cards.`;
    const found = {
      ...about(usage),
      about: usageName(usage),
      expected,
      mills: millsText(BigInt(excess)),
      detail,
    };
    return [{ found, takes: [usageName(usage)] }];
  });
}

/** Usage of a day that was closed, or of slots that were charged, before it came, and that no correction answers. */
export function lateUsage(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  return left(book, taken).flatMap((usage): Finding[] => {
    const late = isLate(book, usage) && !isProof(book, usage) && !isAnswered(book, usage);
    if (!late && !amendsCharge(book, usage)) return [];
    const detail = "It came after its day was closed: what was charged did not take it into account.";
    return [
      {
        found: { ...about(usage), about: usageName(usage), mills: nothing, detail },
        takes: [usageName(usage)],
      },
    ];
  });
}

/** What is reported within the hours in which runs are metered is in time, though a close lay between. */
function isLate({ day }: JobBook, { place, to }: UsageOf): boolean {
  return Date.parse(place.time) >= slotStart(day.from) && to <= slotStart(day.from - rules.matchGraceSlots);
}

/** It only shows what was charged: slots that were found to lack it, or that a run in force is still to prove. */
function isProof(book: JobBook, { data, from, to }: UsageOf): boolean {
  const { placement, usage } = data;
  const lacked = book.open.some(
    (one) =>
      (one.code === "awardWithoutUsage" || one.code === "missingSlots") &&
      one.placement === placement &&
      one.center === usage.center,
  );
  if (lacked) return true;
  const delivered = [...book.awards.values()]
    .filter(({ root }) => root === placement)
    .flatMap((award) => deliveredBy(book, award, usage.center));
  return without([[from, to]], inMs(united(delivered))).length === 0;
}

function isAnswered({ corrected }: JobBook, { data, from, to }: UsageOf): boolean {
  return corrected.some(
    (correction) =>
      correction.placement === data.placement &&
      slotStart(correction.from) < to &&
      from < slotStart(correction.to),
  );
}

/** It tells of fewer cards (row 12) than a charge before it took, and no correction amends that charge. */
function amendsCharge(book: JobBook, { data, place, from, to }: UsageOf): boolean {
  const { placement, cards, usage } = data;
  if (cards === undefined) return false;
  const slots: Range[] = [slotsOf(from, to)];
  return [...book.awards.values()].some(({ root, balance, charges }) => {
    const short = root === placement ? [...(balance?.short.get(usage.center)?.keys() ?? [])] : [];
    const told = shared(
      slots,
      short.map((slot): Range => [slot, slot + 1]),
    );
    return charges.some(
      (charge) =>
        isDelivery(charge.kind) &&
        charge.place.version < place.version &&
        balance !== undefined &&
        shared(told, [[charge.data.from, charge.data.to]]).some(
          ([a, b]) => worth(balance, a, b, usage.center).mills > 0n,
        ) &&
        !book.corrected.some(({ corrects }) => corrects === charge.data.charge),
    );
  });
}

/** What usage shows of the slots that one center delivered of one award. */
export interface Proof {
  readonly delivered: readonly Range[];
  /** Slots that a run filled and nobody metered, whose time to be metered has passed. */
  readonly missing: readonly Range[];
  /** Slots that may still be metered. */
  readonly pending: readonly Range[];
  /** Slots only touched, or metered within the tolerance. */
  readonly near: readonly Range[];
  /** Usage that is below the awarded cards beyond the tolerance. */
  readonly short: readonly UsageOf[];
  /** Something of it was metered. */
  readonly metered: boolean;
}

/** A job with the proof of all that it was awarded, by `AWARD/CENTER`. */
export interface ProvenJob extends JobBook {
  readonly proofs: ReadonlyMap<string, Proof>;
}

export function provenJob(book: JobBook): ProvenJob {
  const proofs = [...book.awards.values()].flatMap((award) =>
    centersIn(award).map((center) => [proofName(award, center), proofOf(book, award, center)] as const),
  );
  return { ...book, proofs: new Map(proofs) };
}

export function proofName({ award }: AwardOf, center: CenterId): string {
  return `${award.placement}/${center}`;
}

function proofOf(book: JobBook, award: AwardOf, center: CenterId): Proof {
  const delivered = deliveredBy(book, award, center);
  const { root } = award;
  const none = { delivered, missing: [], pending: [], near: [], short: [], metered: false };
  if (root === undefined || delivered.length === 0) return none;
  const active = activeAt(book, root, center, delivered);
  const credited = (book.fates.get(root)?.credited ?? []).flatMap((one) =>
    one.center === undefined || one.center === center ? [one.slots] : [],
  );
  const known = book.decided.get(`${award.award.placement}/${center}`) ?? [];
  const filled = united(
    active.map(([from, to]): Range => [Math.ceil(from / SLOT_MS), Math.floor(to / SLOT_MS)]),
  );
  const needed = without(shared(filled, delivered), [...credited, ...book.bridged, ...known]);
  const usages = book.usages.filter(
    (usage) => usage.data.placement === root && usage.data.usage.center === center,
  );
  const covered = united(usages.map(({ from, to }): Range => [from, to]));
  const gaps = without(inMs(needed), covered).filter(([from, to]) => to - from > (SLOT_MS * permille) / 1000);
  const bare = united(gaps.map(([from, to]) => slotsOf(from, to)));
  const ripe: Range[] = [[0, Math.floor(book.day.ripe / SLOT_MS)]];
  const fills = fillsOf(book, root, center);
  const lacking = lackingOf(book, root, center);
  const touched = without(
    shared(united(active.map(([from, to]) => slotsOf(from, to))), delivered),
    united(filled),
  ).filter((slots) => without(inMs([slots]), covered).length > 0);
  return {
    delivered,
    missing: shared(bare, ripe),
    pending: without(bare, ripe),
    near: united([...touched, ...usages.flatMap((usage) => nearly(fills, lacking, usage))]),
    short: usages.filter((usage) => isShort(fills, lacking, inMs(needed), usage)),
    metered: shared(inMs(delivered), covered).length > 0,
  };
}

/** Instants at which a run was under way at a center; a part of a divisible job that never began was to run all along. */
function activeAt(
  { fates, state, day }: JobBook,
  root: PlacementId,
  center: CenterId,
  delivered: readonly Range[],
): Range[] {
  const runs = fates.get(root)?.runs ?? [];
  const own = runs.filter((run) => run.center === center);
  const ran =
    state.phase !== "unknown" && state.placements.some((placement) => placement.id === root && placement.ran);
  if (own.length === 0) return ran ? inMs(delivered) : [];
  return united(own.map(({ from, to }): Range => [from, to ?? slotStart(day.to)]));
}

/** Cards that a center was known not to have in a slot (row 12), as fills. */
type Lacking = Pick<Fill, "from" | "to" | "cards">;

function lackingOf({ awards }: JobBook, placement: PlacementId, center: CenterId): Lacking[] {
  return [...awards.values()].flatMap(({ root, balance }) => {
    if (root !== placement || balance === undefined) return [];
    return [...(balance.short.get(center) ?? [])].map(([slot, cards]) => {
      const awarded = worth(balance, slot, slot + 1, center).cardSlots;
      return { from: slot, to: slot + 1, cards: Math.max(0, awarded - cards) };
    });
  });
}

function nearly(fills: readonly Fill[], lacking: readonly Lacking[], { data, from, to }: UsageOf): Range[] {
  const most = cardMs(fills, [[from, to]]);
  const metered = data.usage.cardSeconds * 1000;
  const known = metered <= most + 1000 && metered >= most - cardMs(lacking, [[from, to]]) - 1000;
  return known ? [] : [slotsOf(from, to)];
}

function isShort(
  fills: readonly Fill[],
  lacking: readonly Lacking[],
  needed: readonly Range[],
  { data, from, to }: UsageOf,
): boolean {
  const ranges = shared([[from, to]], needed);
  const least = cardMs(fills, ranges) - cardMs(lacking, ranges);
  return data.usage.cardSeconds * 1000 < (least * (1000 - permille)) / 1000 - 1000;
}

/** Delivered slots of which a run had all, at each center, and that were not metered. */
function unproven(
  job: ProvenJob,
  taken: ReadonlySet<string>,
  wanted: (proof: Proof) => readonly Range[],
  what: string,
): Finding[] {
  return [...job.awards.values()].flatMap((award) => {
    if (taken.has(`slots:${award.award.placement}`)) return [];
    return centersIn(award).flatMap((center) => {
      const proof = job.proofs.get(proofName(award, center));
      // Slots that nobody charged are found for that.
      const slots = proof === undefined ? [] : shared(wanted(proof), deliveriesCharged(award));
      return unprovenAt(award, center, slots, what);
    });
  });
}

function unprovenAt(
  { award, root, balance }: AwardOf,
  center: CenterId,
  slots: Range[],
  what: string,
): Finding[] {
  const [from, to] = [slots[0]?.[0], slots.at(-1)?.[1]];
  if (balance === undefined || from === undefined || to === undefined) return [];
  const { job, placement } = award;
  const due = slots.map(([a, b]) => worth(balance, a, b, center));
  const value = due.reduce((sum, one) => sum + one.mills, 0n);
  const seconds = due.reduce((sum, one) => sum + one.cardSlots, 0) * SLOT_SECONDS;
  const figures = { expected: `${seconds} card-seconds`, found: what, mills: millsText(value) };
  const detail = `${lengthOf(slots)} charged slots of award ${placement} at ${center}: ${what}.`;
  const of = { job, placement: root ?? placement, center, account: balance.account, from, to };
  return [{ found: { about: `${placement}/${center}/${from}-${to}`, ...of, ...figures, detail } }];
}

export function awardsWithoutUsage(job: ProvenJob, taken: ReadonlySet<string>): Finding[] {
  return unproven(job, taken, (proof) => (proof.metered ? [] : proof.missing), "no usage at all");
}

/** Part of what was charged was not metered: slots without usage, or usage of fewer cards than were charged. */
export function missingSlots(job: ProvenJob, taken: ReadonlySet<string>): Finding[] {
  return unproven(
    job,
    taken,
    ({ metered, missing, short, delivered }) =>
      metered
        ? united([
            ...missing,
            ...shared(
              short.map(({ from, to }) => slotsOf(from, to)),
              delivered,
            ),
          ])
        : [],
    "not all of it metered",
  );
}
