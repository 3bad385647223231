import { cardsSold } from "./awards.ts";
import type { AwardFate } from "./leases.ts";
import { factsOf, type RawEvent } from "./raw-events.ts";
import { type AuditCheck, verdict } from "./verdict.ts";

/**
 * Cards that centers took back with notice were given back: by jobs that take such cards only, and so that in no slot
 * more is sold than remains. A reclaim counts from the first gate on that saw it, for slots that had not begun then.
 */
export function reclaimedCardsAreBack(
  events: readonly RawEvent[],
  fates: ReadonlyMap<string, AwardFate>,
): AuditCheck {
  const { left, reclaims } = offersLeft(events);
  const sold = reclaims === 0 ? new Map<string, number>() : cardsSold(fates);
  const faults = [...sold].flatMap(([cell, cards]) => {
    const [center, product, at] = cell.split("/");
    const slot = Number(at);
    const pool = left.get(`${center}/${product}`);
    if (pool === undefined || !pool.some((offer) => offer.reclaims.some(({ from }) => from <= slot)))
      return [];
    const most = pool.reduce((sum, offer) => sum + cardsIn(offer, slot), 0);
    return cards > most
      ? [`${cards} of ${most} cards of ${center}/${product} that remain are sold in slot ${slot}`]
      : [];
  });
  return verdict(
    "reclaimed cards given back, by jobs that take such cards only",
    [...firmFaults(events), ...faults],
    `${reclaims} reclaims`,
  );
}

interface OfferLeft {
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  readonly reclaims: { readonly from: number; readonly left: number }[];
}

/** Offers of each pool, each with what gates have seen taken back of it. */
function offersLeft(events: readonly RawEvent[]) {
  const offers = new Map<string, OfferLeft>();
  const left = new Map<string, OfferLeft[]>();
  const gates = factsOf(events, "GateClosed");
  let reclaims = 0;
  for (const { type, data, position } of events) {
    if (type === "CapacityOffered") {
      const { offer, center, product, from, to, cards } = data;
      const own = { from, to, cards, reclaims: [] };
      offers.set(offer, own);
      left.set(`${center}/${product}`, [...(left.get(`${center}/${product}`) ?? []), own]);
    }
    if (type !== "CapacityReclaimed") continue;
    const gate = gates.find((one) => one.position >= position);
    if (gate === undefined) continue;
    reclaims += 1;
    const from = Math.max(data.from, gate.gate + 1);
    offers.get(data.offer)?.reclaims.push({ from, left: data.left });
  }
  return { left, reclaims };
}

function cardsIn({ from, to, cards, reclaims }: OfferLeft, slot: number): number {
  if (slot < from || to <= slot) return 0;
  return Math.min(cards, ...reclaims.filter((one) => one.from <= slot).map((one) => one.left));
}

/** Jobs that lost cards to a reclaim though they take firm ones only. */
function firmFaults(events: readonly RawEvent[]): string[] {
  const takers = new Set(
    factsOf(events, "JobRequested").flatMap(({ job, spec }) => (spec.reclaimable ? [job] : [])),
  );
  const displaced = factsOf(events, "JobDisplaced").filter(({ cause }) => cause === "reclaimed");
  return [...factsOf(events, "JobReclaimed"), ...displaced]
    .filter(({ job }) => !takers.has(job))
    .map(({ job }) => `job ${job} takes firm cards only, and had to give some back`);
}
