import type { Award, Fill } from "../../events/catalog/award.ts";
import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import type { CenterId, MillsText, PlacementId } from "../../events/catalog/values.ts";
import { isAnythingReady, readyPart } from "../job/readiness.ts";
import {
  evolveJob,
  inForce,
  isSuperseded,
  type JobState,
  type KnownJob,
  lostOfPart,
  lostSlots,
  placementOf,
} from "../job/state.ts";
import { mills } from "../money.ts";
import { slotStart } from "../time.ts";
import {
  type AwardBalance,
  type ChargeKind,
  type ChargePostedData,
  centersOf,
  chargeKindOf,
  endOf,
  fillsInForce,
} from "./award-balance.ts";
import { type DueLines, dueOfDisplacement, dueOfLateContinuation, dueOfReduction } from "./match-damages.ts";
import type { EventPlace, FoundBreak, JobFactEvent, MatchFact } from "./match-facts.ts";
import { type MatchDay, openFindings } from "./match-outcome.ts";
import { type Range, shared, united } from "./ranges.ts";

// All that the match knows of one job: the auctions' awards, what its own stream says that became of them, its charges,
// and the funds held for it. The state is folded by the job's own rules, with the awards of the auctions, not their echo.

type Metered = Extract<JobFactEvent, { type: "JobMetered" }>["data"];

export interface ChargeOf {
  readonly data: ChargePostedData;
  readonly place: EventPlace;
  /** undefined: its id names none. */
  readonly kind: ChargeKind | undefined;
  /** The award's money before the charge; undefined: no auction gave such an award. */
  readonly before: AwardBalance | undefined;
  /** The same without the cards of centers that had not said that they were ready. */
  readonly ready: AwardBalance | undefined;
  /** What had been metered in the charge's slots when it was posted, but for what was told of superseded runs. */
  readonly usage: readonly Metered[];
}

export interface UsageOf {
  readonly data: Metered;
  readonly place: EventPlace;
  /** ms. */
  readonly from: number;
  readonly to: number;
  /** When it was told its run was superseded: it is kept, unpaid. */
  readonly superseded: boolean;
}

interface ActiveRun {
  readonly center: CenterId;
  readonly from: number;
  to?: number;
}

/** What an ended placement delivered, and when its runs ran. */
interface Fate {
  /** First slot that is not delivered; absent: it is in force. */
  deliveredTo?: number;
  /** Version of the event that ended it. */
  endedIn?: number;
  readonly runs: ActiveRun[];
  /** Slots that row 10 credits: nobody has to prove them. */
  readonly credited: { readonly slots: Range; readonly center?: CenterId }[];
}

export interface HoldOf {
  readonly stretch: number;
  held: bigint;
  paid: bigint;
  /** Settled and let go of with a charge, or released whole. */
  released: bigint;
  readonly account: string;
}

export interface AwardOf {
  readonly award: Award;
  /** The placement that the center knows it by; undefined: its job was never told. */
  readonly root: PlacementId | undefined;
  readonly balance: AwardBalance | undefined;
  /** It became part of the placement; else it was given back whole. */
  readonly goesOn: boolean;
  readonly charges: readonly ChargeOf[];
}

export interface JobBook {
  readonly day: MatchDay;
  readonly key: string;
  readonly state: JobState;
  readonly awards: ReadonlyMap<PlacementId, AwardOf>;
  /** Fills of all awards that a placement is known by, by `PLACEMENT/CENTER`. */
  readonly fills: ReadonlyMap<string, readonly Fill[]>;
  readonly fates: ReadonlyMap<PlacementId, Fate>;
  readonly charges: readonly ChargeOf[];
  /** Lines that the faults which the job tells of come to, by the charge that they belong in. */
  readonly due: DueLines;
  /** By charge. */
  readonly settled: ReadonlyMap<string, readonly SettledOf[]>;
  readonly usages: readonly UsageOf[];
  readonly corrected: readonly Extract<MatchFact, { kind: "corrected" }>["correction"][];
  readonly holds: ReadonlyMap<number, HoldOf>;
  /** Slots that no auction gave: a run went on while the exchange was away, and nobody has to prove them (row 14). */
  readonly bridged: readonly Range[];
  /** Slots whose outcome an earlier day told, by `AWARD/CENTER`. */
  readonly decided: ReadonlyMap<string, readonly Range[]>;
  /** Breaks of earlier days that may heal. */
  readonly open: readonly FoundBreak[];
  /** Market time (ms) of the last fact. */
  readonly lastAt: number;
}

export interface SettledOf {
  readonly stretch: number;
  readonly paid: MillsText;
  readonly released: MillsText;
  readonly place: EventPlace;
}

/** What folding a job's stream leaves. */
interface Draft {
  state: JobState;
  /** What faults come to, by charge. */
  readonly due: Map<string, readonly ChargeLine[]>;
  /** The job before it was charged for a center that left it: that is posted before it is told. */
  readonly beforeLeaving: Map<CenterId, KnownJob>;
  readonly charges: ChargeOf[];
  readonly fates: Map<PlacementId, Fate>;
  readonly usages: UsageOf[];
  readonly goesOn: Set<PlacementId>;
  readonly bridged: Range[];
}

type OfKind<Kind extends MatchFact["kind"]> = Extract<MatchFact, { kind: Kind }>;

/** @param seen facts of one job, in the order of their streams. */
export function jobBookOf(key: string, seen: readonly MatchFact[], day: MatchDay): JobBook {
  const of = <Kind extends MatchFact["kind"]>(kind: Kind) =>
    seen.filter((fact): fact is OfKind<Kind> => fact.kind === kind);
  const published = new Map(of("awarded").map(({ award }) => [award.placement, award]));
  const draft: Draft = {
    state: { phase: "unknown" },
    ...{ due: new Map(), beforeLeaving: new Map() },
    ...{ charges: [], fates: new Map(), usages: [], goesOn: new Set(), bridged: [] },
  };
  for (const fact of seen) {
    if (fact.kind === "echo") placeAward(draft, fact, published.get(fact.echo.award));
    if (fact.kind === "job") happen(draft, fact);
    // A fact that was carried over from before they had their lines says what was corrected, not what was moved.
    if (fact.kind === "corrected" && "lines" in fact.correction)
      evolve(draft, { type: "CorrectionPosted", data: fact.correction });
  }
  const awards = awardsOf(draft, published);
  return {
    ...{ day, key, state: draft.state, fates: draft.fates, usages: draft.usages, bridged: draft.bridged },
    ...{ awards, fills: fillsByCenter(awards.values()) },
    charges: draft.charges,
    due: draft.due,
    settled: Map.groupBy(of("settled"), ({ charge }) => charge),
    corrected: of("corrected").map(({ correction }) => correction),
    holds: holdsOf(seen),
    decided: new Map(of("decided").map(({ award, center, slots }) => [`${award}/${center}`, slots])),
    open: openFindings(seen, day),
    lastAt: Math.max(0, ...seen.map(({ place }) => (place.time === "" ? 0 : Date.parse(place.time)))),
  };
}

function placeAward(draft: Draft, { echo, place }: OfKind<"echo">, award: Award | undefined): void {
  const job = knownOf(draft);
  if (award === undefined || job === undefined) return;
  const { continues, bridged, award: placement, ...rest } = echo;
  const last = job.placements.at(-1);
  const goesOn = !continues || (last?.ended === undefined && award.from === last?.end);
  if (goesOn) draft.goesOn.add(placement);
  if (bridged === true) draft.bridged.push([award.from, award.to]);
  evolve(draft, { type: continues ? "JobContinued" : "JobPlaced", data: { ...rest, award } });
  const next = knownOf(draft);
  if (!goesOn && last !== undefined && next !== undefined)
    isDue(draft, dueOfLateContinuation(next, last, Date.parse(place.time)));
  const root = next?.placementOf.get(placement);
  if (root !== undefined && !draft.fates.has(root)) draft.fates.set(root, { runs: [], credited: [] });
}

function knownOf({ state }: Draft): KnownJob | undefined {
  return state.phase === "unknown" ? undefined : state;
}

function evolve(draft: Draft, event: JobEvent): void {
  draft.state = evolveJob(draft.state, event);
}

function isDue(draft: Draft, due: DueLines): void {
  for (const [charge, lines] of due) draft.due.set(charge, lines);
}

function happen(draft: Draft, { event, place }: OfKind<"job">): void {
  if (event.type === "ChargePosted") draft.charges.push(chargeOf(draft, event.data, place));
  if (event.type === "JobMetered") {
    const { from, to } = event.data.usage;
    const superseded = isSuperseded(draft.state, event.data.placement, event.data.run);
    draft.usages.push({ data: event.data, place, from: Date.parse(from), to: Date.parse(to), superseded });
  }
  if (draft.state.phase !== "unknown") {
    faulty(draft, draft.state, event);
    fateful(draft, draft.state, event);
  }
  for (const fate of draft.fates.values()) if (fate.deliveredTo !== undefined) fate.endedIn ??= place.version;
  evolve(draft, event);
}

/** What a fault comes to, as the state before it was told has it. */
function faulty(draft: Draft, job: KnownJob, event: JobFactEvent): void {
  if (event.type === "JobDisplaced") isDue(draft, dueOfDisplacement(job, event.data));
  if (event.type === "ChargePosted") {
    const left = centersOfAwards(job).find((center) => isReduction(event.data.charge, center));
    if (left !== undefined && !draft.beforeLeaving.has(left)) draft.beforeLeaving.set(left, job);
  }
  if (event.type !== "JobReduced") return;
  const { center } = event.data;
  isDue(draft, dueOfReduction(draft.beforeLeaving.get(center) ?? job, event.data));
  draft.beforeLeaving.delete(center);
}

function centersOfAwards({ balances }: KnownJob): CenterId[] {
  return balances.flatMap(({ award }) => centersOf(award));
}

/** Its name says which center left. */
function isReduction(charge: string, center: CenterId): boolean {
  return charge.split(":")[1] === `reduce.${center}`;
}

function chargeOf(draft: Draft, data: ChargePostedData, place: EventPlace): ChargeOf {
  const { state } = draft;
  const balances = state.phase === "unknown" ? [] : state.balances;
  const before = balances.find(({ award }) => award.placement === data.placement);
  const root = state.phase === "unknown" ? undefined : state.placementOf.get(data.placement);
  const ready = before === undefined || state.phase === "unknown" ? before : readyPart(state, before);
  const usage = draft.usages.flatMap(({ data: one, from, to, superseded }) =>
    one.placement === root && !superseded && from < slotStart(data.to + 1) && to > slotStart(data.from)
      ? [one]
      : [],
  );
  return { data, place, kind: chargeKindOf(data.charge), before, ready, usage };
}

/** Runs that begin and end, and placements that end, as the state before the event has them. */
function fateful(draft: Draft, job: KnownJob, event: JobFactEvent): void {
  switch (event.type) {
    case "JobStarted": {
      const { placement, center, at } = event.data;
      const known = placementOf(job, placement);
      for (const one of center === undefined ? (known?.centers ?? []) : [center])
        draft.fates.get(placement)?.runs.push({ center: one, from: Date.parse(at) });
      return;
    }
    case "JobRunFailed":
      stopRuns(draft.fates.get(event.data.placement), Date.parse(event.data.at));
      return;
    case "JobReduced":
      reduced(draft, job, event.data);
      return;
    case "JobCompleted":
    case "JobFailed": {
      const fate = draft.fates.get(event.data.placement);
      stopRuns(fate, Math.min(Date.parse(event.data.at), slotStart(event.data.slot)));
      if (fate !== undefined) fate.deliveredTo = event.data.slot;
      return;
    }
    case "JobCancelled":
      cancelled(draft, job, event.data);
      return;
    case "JobDisplaced":
      displaced(draft, job, event.data);
      return;
    default:
  }
}

function stopRuns(fate: Fate | undefined, at: number, center?: CenterId): void {
  for (const run of fate?.runs ?? [])
    if (run.to === undefined && (center === undefined || run.center === center)) run.to = at;
}

type DataOf<Type extends JobFactEvent["type"]> = Extract<JobFactEvent, { type: Type }>["data"];

function reduced(draft: Draft, job: KnownJob, data: DataOf<"JobReduced">): void {
  const { placement, center, slot } = data;
  const fate = draft.fates.get(placement);
  const known = placementOf(job, placement);
  stopRuns(fate, slotStart(slot), center);
  if (known === undefined || data.unheard === true) return;
  const { from, to } = lostOfPart(job, known, { center, slot });
  fate?.credited.push({ slots: [from, to], center });
}

function cancelled(draft: Draft, job: KnownJob, { at, slot }: DataOf<"JobCancelled">): void {
  const placement = inForce(job);
  const fate = placement === undefined ? undefined : draft.fates.get(placement.id);
  if (placement === undefined || fate === undefined) return;
  stopRuns(fate, Math.min(Date.parse(at), slotStart(slot)));
  fate.deliveredTo = isAnythingReady(job, placement) ? slot : Math.min(slot, placement.from);
}

function displaced(draft: Draft, job: KnownJob, { cause, slot }: DataOf<"JobDisplaced">): void {
  const placement = inForce(job);
  const fate = placement === undefined ? undefined : draft.fates.get(placement.id);
  if (placement === undefined || fate === undefined) return;
  stopRuns(fate, slotStart(slot));
  const inTime = cause === "continuationLost" || cause === "reclaimed";
  fate.deliveredTo = inTime || placement.ran ? slot : 0;
  if (inTime || !placement.ran) return;
  const { from, to } = lostSlots(job, placement, slot);
  fate.credited.push({ slots: [from, to] });
}

function awardsOf(draft: Draft, published: ReadonlyMap<PlacementId, Award>): Map<PlacementId, AwardOf> {
  const { state, goesOn } = draft;
  const known = state.phase === "unknown" ? undefined : state;
  const charges = Map.groupBy(draft.charges, ({ data }) => data.placement);
  return new Map(
    [...published].map(([placement, award]) => [
      placement,
      {
        award,
        root: known?.placementOf.get(placement),
        balance: known?.balances.find((balance) => balance.award.placement === placement),
        goesOn: goesOn.has(placement),
        charges: charges.get(placement) ?? [],
      },
    ]),
  );
}

function fillsByCenter(awards: Iterable<AwardOf>): Map<string, Fill[]> {
  const fills = [...awards].flatMap(({ award, root }) =>
    root === undefined ? [] : award.fills.map((fill) => ({ name: `${root}/${fill.center}`, fill })),
  );
  const named = Map.groupBy(fills, ({ name }) => name);
  return new Map([...named].map(([name, own]) => [name, own.map(({ fill }) => fill)]));
}

function holdsOf(seen: readonly MatchFact[]): Map<number, HoldOf> {
  const holds = new Map<number, HoldOf>();
  for (const fact of seen) {
    if (fact.kind !== "held" && fact.kind !== "released" && fact.kind !== "settled") continue;
    const { stretch, account } = fact;
    const hold = holds.get(stretch) ?? { stretch, account, held: 0n, paid: 0n, released: 0n };
    holds.set(stretch, hold);
    if (fact.kind === "held") hold.held += mills(fact.mills);
    if (fact.kind === "released") hold.released += mills(fact.mills);
    if (fact.kind === "settled") {
      hold.paid += mills(fact.paid);
      hold.released += mills(fact.released);
    }
  }
  return holds;
}

/** First slot that an award does not deliver; of one in force, that it has not delivered by the end of the day. */
export function deliveredEnd(book: JobBook, { award, root, balance, goesOn, charges }: AwardOf): number {
  const fate = root === undefined ? undefined : book.fates.get(root);
  if (balance === undefined || fate === undefined || !goesOn) return 0;
  // A slot that was charged before the end stays delivered: a correction amends it.
  const before = ({ kind, place }: ChargeOf) => isDelivery(kind) && place.version < (fate.endedIn ?? 0);
  const closed = Math.max(0, ...charges.filter(before).map(({ data }) => data.to));
  if (fate.deliveredTo !== undefined) return Math.max(Math.min(award.to, fate.deliveredTo), closed);
  const began = fate.runs.some(({ from }) => from < slotStart(book.day.to));
  return began && ranBy(book, root) ? Math.min(endOf(balance), book.day.to) : 0;
}

function ranBy({ state }: JobBook, root: PlacementId | undefined): boolean {
  return state.phase !== "unknown" && state.placements.some(({ id, ran }) => id === root && ran);
}

/** Slots that a center delivered of an award. */
export function deliveredBy(book: JobBook, award: AwardOf, center: CenterId): Range[] {
  const { balance } = award;
  if (balance === undefined || book.state.phase === "unknown") return [];
  const fills = fillsInForce(readyPart(book.state, balance)).filter((fill) => fill.center === center);
  return shared(united(fills.map(({ from, to }): Range => [from, to])), [[0, deliveredEnd(book, award)]]);
}

export function centersIn({ award }: AwardOf): CenterId[] {
  return centersOf(award);
}

/** Slots for which a charge takes what was delivered: those of a daily close and of an end. */
export function deliveriesCharged({ charges }: AwardOf): Range[] {
  return united(
    charges.flatMap(({ kind, data }): Range[] => (isDelivery(kind) ? [[data.from, data.to]] : [])),
  );
}

export function isDelivery(kind: ChargeKind | undefined): boolean {
  return kind === "day" || kind === "end";
}
