import { type AwardFate, endOfFill, worth } from "./leases.ts";
import { factsOf, type RawEvent } from "./raw-events.ts";
import { type ChargedRelease, followRelease, noRelease, releaseFaults, spotGates } from "./releases.ts";
import { type AuditCheck, verdict, yuan } from "./verdict.ts";

/** The same of each center from when it had said that it was ready. */
function deliveredWorth(fate: AwardFate, from: number, to: number): bigint {
  const fills = fate.award.fills.map((fill) => ({
    ...fill,
    from: Math.max(fill.from, fate.readyFrom.get(fill.center) ?? 0),
  }));
  return worth({ ...fate, award: { ...fate.award, fills } }, from, to);
}

/**
 * What slots with fewer cards than awarded cost less, rounded up: of a divisible job and a service in proportion at the
 * center that said so; of a gang all that the center was to have for them.
 */
function lacking(fate: AwardFate, from: number, to: number): bigint {
  let sum = 0n;
  for (const [center, slots] of fate.fewest)
    for (const [slot, cards] of slots) {
      if (slot < from || slot >= to) continue;
      const own = fate.award.fills.filter(
        (fill) => fill.center === center && fill.from <= slot && slot < endOfFill(fate, fill),
      );
      const awarded = own.reduce((total, fill) => total + fill.cards, 0);
      const whole = own.reduce((total, fill) => total + BigInt(fill.price) * BigInt(fill.cards), 0n);
      if (awarded <= cards) continue;
      const rest = whole * BigInt(awarded - cards);
      sum += isGang(fate) ? whole : (rest + BigInt(awarded) - 1n) / BigInt(awarded);
    }
  return sum;
}

/** Cards are charged as they were awarded, up to the slot in which the award ended, less what reports say was lacking. */
function computeFaults(fate: AwardFate, sums: Charged | undefined, to: number): string[] {
  const net = (sums?.compute ?? 0n) - (sums?.refunds ?? 0n);
  const due = deliveredWorth(fate, fate.paidFrom, to);
  // What a divisible job's failing center delivered inside a slot is metered, not awarded: at most that slot's worth.
  const slack = fate.asked?.kind === "div" && fate.faulty ? worth(fate, to, to + 1) : 0n;
  // Of a gang that gave way after the daily close the centers that delivered keep what that charged for them.
  const late = isGang(fate) && fate.faulty && (sums?.to ?? 0) > to ? worth(fate, to, sums?.to ?? to) : 0n;
  const less = lacking(fate, fate.paidFrom, to);
  const rounding = less === 0n ? 0n : BigInt(fate.fewest.size * (1 + (sums?.charges ?? 0)));
  // Where a center left, what was credited as lost is not given back as well: then it is between the two.
  const surely = fate.faulty || fate.reduced.size > 0 ? 0n : less;
  const [least, most] = [due - less - rounding, due + slack + late - surely + rounding];
  return net < least || net > most
    ? [
        `award ${fate.award.placement} was charged ${net} mills, its slots ${fate.paidFrom} to ${to} come to ${due - less}`,
      ]
    : [];
}

function isGang({ asked }: AwardFate): boolean {
  return asked?.kind === "block" || asked?.kind === "split";
}

/** The whole worth of the slots in which centers left a divisible job: what they delivered of them is metered. */
function partialWorth({ award, reduced }: AwardFate): bigint {
  return award.fills.reduce((sum, { center, from, to, price, cards }) => {
    const slot = reduced.get(center);
    return slot !== undefined && from <= slot && slot < to ? sum + BigInt(price) * BigInt(cards) : sum;
  }, 0n);
}

interface Charged {
  compute: bigint;
  /** For slots in which a center left a divisible job. */
  partial: bigint;
  /** On what a tenant gave back. */
  readonly release: ChargedRelease;
  /** For links and for moving data over them. */
  links: bigint;
  penalties: bigint;
  /** Refunds of cards by corrections. */
  refunds: bigint;
  /** The same, those of finance included. */
  given?: bigint;
  /** Charges of delivered slots: each may round its lines down. */
  charges: number;
  to: number;
}

const linkLines = new Set(["link", "rent", "transfer"]);

/**
 * Links are paid no more than once, whatever became of the award, and in full by one that ran to its end and was told
 * in time.
 */
function linkFaults({ award, over, faulty, cut, paidFrom }: AwardFate, paid: bigint): string[] {
  const due = award.links.reduce((sum, { charge, transfer }) => sum + charge + transfer, 0n);
  const whole = over && !faulty && cut === undefined && paidFrom === award.from;
  return paid > due || (whole && paid < due)
    ? [`award ${award.placement} was charged ${paid} mills for links, ${due} are due`]
    : [];
}

/** A service has from its floor to its ceiling in every slot, all of it in one pool. */
function serviceFaults({ award, asked }: AwardFate): string[] {
  if (asked?.kind !== "service") return [];
  const pools = new Set(award.fills.map(({ center, product }) => `${center}/${product}`));
  const faults = pools.size > 1 ? [`service award ${award.placement} lies in ${pools.size} pools`] : [];
  for (let slot = award.from; slot < award.to; slot++) {
    const cards = award.fills
      .filter(({ from, to }) => from <= slot && slot < to)
      .reduce((sum, fill) => sum + fill.cards, 0);
    if (cards < (asked.floor ?? asked.cards) || cards > asked.cards)
      faults.push(`service award ${award.placement} has ${cards} cards in slot ${slot}`);
  }
  return faults;
}

/**
 * What the ledger charged for cards equals what the awards come to, up to the slot in which each of them ended; fees
 * are within their rate of what was given back, and due on all of it that no gate could sell again.
 */
export function chargesMatchAwards(
  events: readonly RawEvent[],
  fates: ReadonlyMap<string, AwardFate>,
): AuditCheck {
  const faults: string[] = [];
  const gates = spotGates(events);
  const closed = factsOf(events, "PeriodClosed").map(({ period }) => period);
  const charged = new Map<string, Charged>();
  const seen = new Set<string>();
  for (const data of factsOf(events, "ChargePosted")) {
    if (seen.has(data.charge)) faults.push(`charge ${data.charge} is posted twice`);
    seen.add(data.charge);
    const sums = charged.get(data.placement) ?? {
      ...{ compute: 0n, partial: 0n, release: noRelease(), links: 0n, penalties: 0n, refunds: 0n },
      ...{ charges: 0, to: 0 },
    };
    charged.set(data.placement, sums);
    const [, kind] = data.charge.split(":");
    if (kind === "day" || kind === "end") {
      sums.to = Math.max(sums.to, data.to);
      sums.charges += 1;
    }
    followRelease(sums.release, data, kind);
    const computed = String(kind).startsWith("reduce") ? "partial" : "compute";
    for (const line of data.lines) {
      if (line.kind === "compute") sums[computed] += line.mills;
      if (line.kind === "penalty") sums.penalties += line.mills;
      if (linkLines.has(line.kind) && line.from.startsWith("tenant:")) sums.links += line.mills;
    }
  }
  faults.push(...correct(events, charged));
  let total = 0n;
  let awards = 0;
  for (const [placement, fate] of fates) {
    const sums = charged.get(placement);
    const compute = sums?.compute ?? 0n;
    total += compute;
    awards += 1;
    const to = fate.over ? (fate.cut ?? fate.award.to) : (sums?.to ?? fate.paidFrom);
    faults.push(...computeFaults(fate, sums, to));
    const value = fate.award.fills.reduce(
      (sum, { price, cards, from, to: end }) => sum + BigInt(price) * BigInt(cards) * BigInt(end - from),
      0n,
    );
    if ((sums?.penalties ?? 0n) > value)
      faults.push(`award ${placement} has ${sums?.penalties} mills of penalties and is worth ${value}`);
    const partial = partialWorth(fate);
    if ((sums?.partial ?? 0n) > partial)
      faults.push(
        `award ${placement} was charged ${sums?.partial} mills for slots that a center left, at most ${partial} are due`,
      );
    faults.push(...linkFaults(fate, sums?.links ?? 0n), ...serviceFaults(fate));
    if (sums !== undefined) faults.push(...releaseFaults(fate, sums.release, to, gates, closed));
  }
  for (const placement of charged.keys())
    if (!fates.has(placement)) faults.push(`a charge names ${placement}, which no sealed auction awarded`);
  return verdict(
    "charges of the ledger = awards recomputed from the raw log",
    faults,
    `${awards} awards, ${yuan(total)}`,
  );
}

/** Takes corrections in: each once, of a charge that was posted, and no refund of cards beyond what was paid for them. */
function correct(events: readonly RawEvent[], charged: ReadonlyMap<string, Charged>): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  const posted = new Set(factsOf(events, "ChargePosted").map(({ charge }) => charge));
  for (const { correction, corrects, cause, placement, lines } of factsOf(events, "CorrectionPosted")) {
    if (seen.has(correction)) faults.push(`correction ${correction} is posted twice`);
    seen.add(correction);
    const sums = charged.get(placement);
    if (sums === undefined || !posted.has(corrects)) {
      faults.push(`correction ${correction} is of ${corrects}, which was never charged`);
      continue;
    }
    for (const { kind, from, mills } of lines) {
      const back = from.startsWith("tenant:") ? -mills : mills;
      if (kind === "penalty") sums.penalties += back;
      // What finance corrects is its own judgement; that it gives no more back than was paid is not.
      if (kind === "compute" && cause === "lateUsage") sums.refunds += back;
      if (kind === "compute") sums.given = (sums.given ?? 0n) + back;
    }
    if ((sums.given ?? 0n) > sums.compute + sums.partial)
      faults.push(`corrections of award ${placement} give ${sums.given} mills back of ${sums.compute}`);
  }
  return faults;
}

/** Cards that awards in force take, by `CENTER/PRODUCT/SLOT`; of slots that count. */
export function cardsSold(
  fates: ReadonlyMap<string, AwardFate>,
  counts: (fate: AwardFate, slot: number) => boolean = () => true,
): Map<string, number> {
  const sold = new Map<string, number>();
  for (const fate of fates.values())
    for (const fill of fate.award.fills) {
      const end = Math.min(fate.cut ?? fill.to, endOfFill(fate, fill));
      for (let slot = fill.from; slot < end; slot++) {
        if (!counts(fate, slot)) continue;
        const cell = `${fill.center}/${fill.product}/${slot}`;
        sold.set(cell, (sold.get(cell) ?? 0) + fill.cards);
      }
    }
  return sold;
}

/** Slots before delivery from which spot gates sell home reserves; no forward gate sells any. */
const lapse = 20;

/**
 * In no slot do awards in force take more cards of a pool than it has, or than were ever offered in it, less what its
 * center drew; and what was sold before home reserves lapsed, or in the forward session, is covered without them.
 */
export function nothingSoldTwice(
  events: readonly RawEvent[],
  fates: ReadonlyMap<string, AwardFate>,
): AuditCheck {
  const offered = offersOf(events);
  const has = poolsOf(events);
  const gates = new Map(factsOf(events, "GateClosed").map((gate) => [gate.auction, gate]));
  const sold = cardsSold(fates);
  const soldEarly = cardsSold(fates, ({ award, bridged }, slot) => {
    if (bridged) return false;
    const gate = gates.get(award.auction);
    return gate?.session !== "spot" || slot > gate.gate + lapse;
  });
  const faults = [...sold].flatMap(([cell, all]) => {
    const early = soldEarly.get(cell) ?? 0;
    const [center, product, at] = cell.split("/");
    const slot = Number(at);
    const pool = `${center}/${product}`;
    const own = (offered.get(pool) ?? []).map((offer) => ({ ...offer, cards: cardsIn(offer, slot) }));
    const most = Math.min(has.get(pool) ?? 0, cardsOf(own));
    const firm = cardsOf(own.filter(({ homeReserve }) => !homeReserve));
    const where = `cards of ${pool} are sold in slot ${slot}`;
    return [
      ...(all > most ? [`${all} of ${most} ${where}`] : []),
      ...(early > firm ? [`${early} of ${firm} ${where} before its home reserve lapsed`] : []),
    ];
  });
  return verdict("no card sold twice", faults, `${sold.size} pool slots`);
}

/** Cards of each pool as its center joined with it: several offers of it may come to more. */
function poolsOf(events: readonly RawEvent[]): Map<string, number> {
  const centers = factsOf(events, "CenterJoined");
  return new Map(
    centers.flatMap(({ center, pools }) =>
      pools.map(({ product, cards }) => [`${center}/${product}`, cards] as const),
    ),
  );
}

interface Offered {
  readonly from: number;
  readonly to: number;
  readonly cards: number;
  readonly homeReserve: boolean;
  readonly draws: readonly { readonly from: number; readonly to: number; readonly cards: number }[];
}

function offersOf(events: readonly RawEvent[]): Map<string, Offered[]> {
  const draws = Map.groupBy(factsOf(events, "ReserveDrawn"), ({ offer }) => offer);
  const offers = factsOf(events, "CapacityOffered").map((data) => ({
    pool: `${data.center}/${data.product}`,
    of: { ...data, draws: draws.get(data.offer) ?? [] },
  }));
  const pools = Map.groupBy(offers, ({ pool }) => pool);
  return new Map([...pools].map(([pool, own]) => [pool, own.map(({ of }) => of)]));
}

function cardsIn({ from, to, cards, draws }: Offered, slot: number): number {
  if (slot < from || slot >= to) return 0;
  const drawn = draws.filter((draw) => draw.from <= slot && slot < draw.to);
  return cards - cardsOf(drawn);
}

function cardsOf(list: readonly { readonly cards: number }[]): number {
  return list.reduce((sum, { cards }) => sum + cards, 0);
}
