import { type FactOf, factsOf, type RawAward, type RawEvent } from "./raw-events.ts";

/** What became of an award, read off its job's stream. */
export interface AwardFate {
  readonly award: RawAward;
  /** What the job asked for; absent: its request is not in the feed yet. */
  readonly asked: FactOf<"JobRequested">["spec"] | undefined;
  paidFrom: number;
  /** First slot that it no longer takes; absent: it ran to its end, or still runs. */
  cut?: number;
  /** Its job's stream has ended the run that it belongs to. */
  over: boolean;
  /** Page of the feed that told of its end: gates that saw the feed up to there could sell the rest of it again. */
  endedOn?: number;
  /** A center ended it, or a part of it. */
  faulty: boolean;
  /**
   * Of a divisible job's centers that were not ready from the first: the first slot that no daily close had charged when
   * they said that they were, Infinity while they say nothing. What is before it is not charged.
   */
  readonly readyFrom: Map<string, number>;
  /** First slot that no daily close has charged. */
  chargedTo: number;
  /** First slot of each center that a divisible job went on without. */
  readonly reduced: Map<string, number>;
  /** First slot of each center that took its cards back with notice; a gang ends at all of them. */
  readonly reclaimed: Map<string, number>;
  /** Fewest cards that were reported of a slot, by center, where a report names any. */
  readonly fewest: Map<string, Map<number, number>>;
  /** No auction gave it: the run went on while the exchange was away. */
  readonly bridged: boolean;
}

/** First slot of which a fill of the award delivers nothing any more, the end of the whole run aside. */
export function endOfFill(
  { reduced, reclaimed }: AwardFate,
  { center, to }: RawAward["fills"][number],
): number {
  return Math.min(to, reduced.get(center) ?? to, reclaimed.get(center) ?? to);
}

/** Price x cards of a range of slots, as the award states it. */
export function worth(fate: AwardFate, from: number, to: number): bigint {
  return fate.award.fills.reduce((sum, fill) => {
    const end = Math.min(to, endOfFill(fate, fill));
    const slots = Math.max(0, end - Math.max(fill.from, from));
    return sum + BigInt(fill.price) * BigInt(fill.cards) * BigInt(slots);
  }, 0n);
}

/** Awards of sealed auctions, each with what the jobs' streams say became of it. */
export function fatesOf(events: readonly RawEvent[]): Map<string, AwardFate> {
  const sealed = new Set(events.filter(({ type }) => type === "AuctionCleared").map(({ stream }) => stream));
  const specs = new Map<string, AwardFate["asked"]>();
  const fates = new Map<string, AwardFate>();
  for (const { type, stream, data } of events) {
    if (type === "JobRequested") specs.set(data.job, data.spec);
    if (type !== "AwardsPublished" || !sealed.has(stream)) continue;
    for (const award of data.awards) fates.set(award.placement, fateOf(award, false));
  }
  for (const award of factsOf(events, "JobBridged").map((data) => data.award))
    fates.set(award.placement, fateOf(award, true));
  for (const [placement, fate] of fates) fates.set(placement, { ...fate, asked: specs.get(fate.award.job) });
  follow(events, fates);
  return fates;
}

function fateOf(award: RawAward, bridged: boolean): AwardFate {
  const known = { asked: undefined, paidFrom: award.from, over: false, faulty: false, bridged };
  return {
    award,
    ...known,
    chargedTo: 0,
    readyFrom: new Map(),
    reduced: new Map(),
    reclaimed: new Map(),
    fewest: new Map(),
  };
}

/** Causes of a displacement that no center answers for. */
const blameless = new Set(["continuationLost", "reclaimed"]);

function takeBack(fate: AwardFate | undefined, { center, slot }: { center: string; slot: number }): void {
  if (fate === undefined) return;
  const centers = fate.asked?.kind === "div" ? [center] : fate.award.fills.map((fill) => fill.center);
  for (const each of centers) fate.reclaimed.set(each, Math.min(slot, fate.reclaimed.get(each) ?? slot));
}

interface Running {
  readonly awards: string[];
  readonly centers: Set<string>;
  readonly accepted: Set<string>;
  /** The attempt that began last, and the slot in which it did. */
  attempt?: { readonly run: number; readonly slot: number };
  /** First slot that it did not deliver. */
  deliveredTo: number;
  /** Absent while it goes on; whether a center ended it, and the page that told so. */
  over?: { readonly faulty: boolean; readonly endedOn: number };
}

const newRun = (): Running => ({
  awards: [],
  centers: new Set(),
  accepted: new Set(),
  deliveredTo: Number.POSITIVE_INFINITY,
});

const slotMs = 360_000;

/** A report of the last attempt says how many cards a center had at least in the slots that it touches. */
function tellFewest(
  fate: AwardFate | undefined,
  run: Running | undefined,
  { run: number, usage, cards }: FactOf<"JobMetered">,
): void {
  if (fate === undefined || cards === undefined || run?.attempt?.run !== number) return;
  const slots = fate.fewest.get(usage.center) ?? new Map<number, number>();
  fate.fewest.set(usage.center, slots);
  const from = Math.max(Math.floor(Date.parse(usage.from) / slotMs), run.attempt.slot);
  const to = Math.min(Math.ceil(Date.parse(usage.to) / slotMs), run.deliveredTo);
  for (let slot = from; slot < to; slot++) slots.set(slot, Math.min(cards, slots.get(slot) ?? cards));
}

/** Cards that no center said were ready were not delivered; of a divisible job each center speaks for its own. */
function isReady({ centers, accepted }: Running, fate: AwardFate | undefined): boolean {
  if (fate?.asked?.kind === "div") return accepted.size > 0;
  return [...centers].every((center) => accepted.has(center));
}

function beReady(fate: AwardFate | undefined, center: string): void {
  if (fate?.readyFrom.get(center) === Number.POSITIVE_INFINITY) fate.readyFrom.set(center, fate.chargedTo);
}

/** Goes through the jobs' own events: which awards make a run, and at which slot it ended. */
function follow(events: readonly RawEvent[], fates: ReadonlyMap<string, AwardFate>): void {
  const runs = new Map<string, Running>();
  const endOf = (lease: string, slot: number, over: { faulty: boolean; endedOn: number }) => {
    const run = runs.get(lease);
    if (run !== undefined) Object.assign(run, { over, deliveredTo: slot });
    for (const id of run?.awards ?? []) {
      const fate = fates.get(id);
      if (fate === undefined || fate.over) continue;
      Object.assign(fate, over, { over: true });
      if (slot < fate.award.to) fate.cut = Math.max(slot, fate.paidFrom);
    }
  };
  const leaseOf = new Map<string, string>();
  for (const { type, data, position: endedOn } of events) {
    switch (type) {
      case "JobPlaced":
      case "JobBridged":
      case "JobContinued": {
        const { placement, fills } = data.award;
        const fate = fates.get(placement);
        if (fate !== undefined && data.paidFrom !== undefined) fate.paidFrom = data.paidFrom;
        const lease = type === "JobPlaced" ? placement : (leaseOf.get(data.job) ?? placement);
        leaseOf.set(data.job, lease);
        const run = runs.get(lease) ?? newRun();
        runs.set(lease, run);
        run.awards.push(placement);
        // Its run ended before it was told to go on: given back whole.
        if (fate !== undefined && run.over !== undefined)
          Object.assign(fate, run.over, { over: true, cut: fate.paidFrom });
        for (const { center } of fills) {
          run.centers.add(center);
          if (fate?.asked?.kind === "div" && !run.accepted.has(center))
            fate.readyFrom.set(center, Number.POSITIVE_INFINITY);
        }
        break;
      }
      case "JobStarted": {
        const run = runs.get(data.placement);
        if (run !== undefined && run.attempt?.run !== data.run) run.attempt = data;
        break;
      }
      case "JobMetered": {
        const run = runs.get(data.placement);
        for (const id of run?.awards ?? []) tellFewest(fates.get(id), run, data);
        break;
      }
      case "JobAccepted":
        runs.get(data.placement)?.accepted.add(data.center);
        for (const id of runs.get(data.placement)?.awards ?? []) beReady(fates.get(id), data.center);
        break;
      case "ChargePosted": {
        const fate = fates.get(data.placement);
        const isDay = data.charge.split(":")[1] === "day";
        if (fate !== undefined && isDay) fate.chargedTo = Math.max(fate.chargedTo, data.to);
        break;
      }
      case "JobReduced":
        for (const id of runs.get(data.placement)?.awards ?? [])
          fates.get(id)?.reduced.set(data.center, data.slot);
        break;
      case "JobReclaimed":
        for (const id of runs.get(data.placement)?.awards ?? []) takeBack(fates.get(id), data);
        break;
      case "JobCompleted":
      case "JobFailed":
        endOf(data.placement, data.slot, { faulty: false, endedOn });
        break;
      case "JobDisplaced":
        endOf(data.placement, data.slot, { faulty: !blameless.has(data.cause), endedOn });
        break;
      case "JobCancelled": {
        const { placement, slot } = data;
        const run = placement === undefined ? undefined : runs.get(placement);
        if (placement === undefined || run === undefined) break;
        endOf(placement, isReady(run, fates.get(placement)) ? slot : 0, { faulty: false, endedOn });
        break;
      }
      default:
    }
  }
}
