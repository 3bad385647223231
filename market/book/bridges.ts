import type { Award, Fill, LinkUse } from "../../events/catalog/award.ts";
import { type JobId, type MillsText, PlacementId } from "../../events/catalog/values.ts";
import { mills, millsText, share } from "../money.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import { type BookAward, type BookJob, type BookState, type Lease, poolId } from "./book-state.ts";
import { stepsLeft } from "./capacity-left.ts";
import { continuation } from "./next-stretch.ts";

/** A run that went on while the exchange was away (row 14): the stretch that it went on for. */
export interface Bridge {
  readonly job: JobId;
  readonly award: Award;
  /** Held for the stretch, in mills. */
  readonly hold: MillsText;
}

/**
 * Runs that ended while the exchange was away, at the first gate after that: their last chance to bid for more, the spot
 * gate a slot before their end, never closed, or was not sealed in that slot. Each goes on from its end in the same pool
 * at the last spot price, if that is within its limit, the continuation's funds are held and its cards were not sold or
 * taken back meanwhile: up to the end of the slot that has begun, so that it bids at this gate like any other, and no
 * longer than 4 hours. Where cards are short, who was admitted first goes on.
 */
export function bridges(book: BookState, gate: number): Bridge[] {
  const last = book.gates.get("spot");
  if (last === undefined) return [];
  const stranded = [...book.jobs.values()]
    .filter(({ phase, lease }) => phase === "open" && lease !== undefined && wasLeft(book, lease, last, gate))
    .sort((a, b) => a.rank - b.rank);
  if (stranded.length === 0) return [];
  const range = { from: Math.min(...stranded.map(({ lease }) => lease?.end ?? gate)), to: gate + 1 };
  const room = roomIn(book, range);
  return stranded.flatMap((job) => bridgeOf(book, job, gate, room) ?? []);
}

/** It ended at or before this gate and after the last one, which could not tell it any more. */
function wasLeft(book: BookState, { end, awardedTo }: Lease, last: number, gate: number): boolean {
  if (awardedTo !== undefined || end > gate || end <= last) return false;
  return last < end - 1 || (book.sealedIn.get("spot") ?? last) >= end;
}

function bridgeOf(book: BookState, job: BookJob, gate: number, room: Room): Bridge | undefined {
  const { lease, spec, holds, stretch } = job;
  const hold = holds.get(stretch);
  const before = job.awards.findLast((award) => award.lease === lease?.id);
  if (lease === undefined || hold === undefined || before === undefined) return undefined;
  if (spec.extendLimit === undefined) return undefined;
  const longest = Math.min(slotsHeld(job, lease, hold), rules.outageHours * SLOTS_PER_HOUR);
  const fills = fillsAfter(book, before, lease.end, Math.min(gate + 1, lease.end + longest));
  const to = room.freeUntil(job, fills);
  if (to <= lease.end) return undefined;
  const bridged = fills.map((fill) => ({ ...fill, to }));
  const links = linksAfter(before, lease.end, to);
  const value = sum(
    bridged.map(({ price, cards, from }) => BigInt(price) * BigInt(cards) * BigInt(to - from)),
  );
  const cards = bridged.reduce((total, fill) => total + fill.cards, 0);
  const most = BigInt(spec.extendLimit) * BigInt(cards) * BigInt(to - lease.end);
  if (value + sum(links.map(({ charge }) => mills(charge))) > most) return undefined;
  room.take(bridged);
  const award: Award = {
    placement: unusedName(job, book.auctions),
    job: job.job,
    auction: book.auctions,
    session: "spot",
    stretch,
    continues: true,
    from: lease.end,
    to,
    fills: bridged,
    links,
    value: millsText(value),
  };
  return { job: job.job, award, hold: millsText(hold) };
}

/**
 * The last auction's number, behind as many zeros as it takes: no auction's number begins with one. That auction may have
 * given the job its award, or a bridge may have its name, if the next gate took the hold for more but never closed.
 */
function unusedName({ job, awards }: BookJob, auction: number): PlacementId {
  const used = new Set(awards.map(({ placement }) => placement));
  let name = `${job}.${auction}`;
  for (let zeros = "0"; used.has(PlacementId.parse(name)); zeros += "0") name = `${job}.${zeros}${auction}`;
  return PlacementId.parse(name);
}

/** Slots of the longest continuation that the run bid for and that its hold covers; 0: none. */
function slotsHeld(job: BookJob, { end }: Lease, hold: bigint): number {
  const bids = [
    continuation(job, "spot", end - 1),
    continuation(job, "forward", end - rules.forwardLeadSlots),
  ].flatMap((next) => (next !== undefined && next.hold <= hold ? [next.slots] : []));
  return Math.max(0, ...bids);
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

/** The cards of a run's last slot, at the last spot price of their pools; the run's own where no auction had one. */
function fillsAfter(book: BookState, { fills, to: end, cuts }: BookAward, from: number, to: number): Fill[] {
  return fills
    .filter((fill) => fill.to === end && (cuts.get(fill.center) ?? end) >= end)
    .map((fill) => ({ ...fill, from, to, price: lastPrice(book, fill, from) ?? fill.price }));
}

function lastPrice(book: BookState, { center, product }: Fill, slot: number): number | undefined {
  return book.prices
    .get("spot")
    ?.find((one) => one.center === center && one.product === product && one.from <= slot && slot < one.to)
    ?.price;
}

/** What a split gang reserves between its two centers goes on at what it paid; its data are where they are. */
function linksAfter({ links, to: end }: BookAward, from: number, to: number): LinkUse[] {
  return links
    .filter((use) => use.to === end && use.transfer === "0")
    .map((use) => {
      const charge = share(mills(use.charge), BigInt(to - from), BigInt(use.to - use.from));
      return { ...use, from, to, charge: millsText(charge) };
    });
}

/** Cards that nobody has in the slots in which the exchange was away. */
interface Room {
  /** First slot in which the fills would not find their cards; their end, if they always do. */
  freeUntil(job: BookJob, fills: readonly Fill[]): number;
  take(fills: readonly Fill[]): void;
}

function roomIn(book: BookState, range: { readonly from: number; readonly to: number }): Room {
  const left = new Map<string, number>();
  const cell = (pool: string, slot: number, firm: boolean) => `${pool}/${slot}/${firm ? "firm" : "all"}`;
  const add = (pool: string, slot: number, cards: number, firm: boolean) => {
    const key = cell(pool, slot, firm);
    left.set(key, (left.get(key) ?? 0) + cards);
  };
  for (const step of stepsLeft(book, { ...range, reservesUntil: range.to }, 1))
    for (let slot = range.from + step.from; slot < range.from + step.to; slot++) {
      add(step.pool, slot, step.cards, false);
      if (step.reclaimable !== true) add(step.pool, slot, step.cards, true);
    }
  const slotsOf = ({ from, to }: Fill) => Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
  return {
    freeUntil({ spec }, fills) {
      const ends = fills.map((fill) => {
        const pool = poolId(fill.center, fill.product);
        const short = slotsOf(fill).find(
          (slot) => (left.get(cell(pool, slot, spec.reclaimable !== true)) ?? 0) < fill.cards,
        );
        return short ?? fill.to;
      });
      return Math.min(...ends, ...fills.map(({ to }) => to));
    },
    take(fills) {
      for (const fill of fills)
        for (const slot of slotsOf(fill))
          for (const firm of [true, false]) add(poolId(fill.center, fill.product), slot, -fill.cards, firm);
    },
  };
}
