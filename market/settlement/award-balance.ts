import type * as z from "zod";
import type { Award, Fill } from "../../events/catalog/award.ts";
import type { ChargeLine, ChargePosted, CorrectionPosted } from "../../events/catalog/job.ts";
import type { AccountId, CenterId, PlacementId, Session } from "../../events/catalog/values.ts";
import { mills } from "../money.ts";
import { type MovedMoney, penaltiesIn, withLines, withReturned } from "./moved-money.ts";
import { type Taxed, taxableOf, taxIn, withTaxLine } from "./tax.ts";

export type ChargePostedData = z.infer<typeof ChargePosted.data>;
export type CorrectionPostedData = z.infer<typeof CorrectionPosted.data>;

/** A charge of an award, and what it and its corrections moved. */
export interface Charged {
  readonly kind: ChargeKind;
  readonly from: number;
  readonly to: number;
  readonly moved: MovedMoney;
  /** What its corrections gave back, and nobody paid again. */
  readonly returned: MovedMoney;
}

/** The money side of one award: what its slots were charged, and what is still held for it. */
export interface AwardBalance {
  readonly award: Award;
  readonly account: AccountId;
  /** Sets the release fee. */
  readonly session: Session;
  /** Held for the stretch, in mills. */
  readonly hold: bigint;
  /** First slot that is paid for: the one in which it first takes anything, or a later one after a late seal. */
  readonly paidFrom: number;
  /** `[paidFrom, chargedTo)` is charged as delivered; of it only links before the award's first slot. */
  readonly chargedTo: number;
  /** Centers that no longer deliver, with the first slot that they do not: they failed, or took their cards back. */
  readonly cuts: ReadonlyMap<CenterId, number>;
  /** Cards that a center delivered in a slot, where it had fewer than awarded. */
  readonly short: ReadonlyMap<CenterId, ReadonlyMap<number, number>>;
  /** First slot of a gang's award that is not delivered, because cards of it were taken back with notice. */
  readonly until?: number;
  /** `[feesTo, award.to)` was released by the tenant and awaits its waiver; absent: nothing is released. */
  readonly feesTo?: number;
  /** Tax on top, in basis points. */
  readonly taxRate: number;
  /** What charges so far came to that is taxed, in mills. */
  readonly taxable: bigint;
  /** What corrections changed of that: apart, for no correction touches the hold that charges must be within. */
  readonly taxableCorrected: bigint;
  /** Tax that was taken on both, in mills, but for what corrections said themselves: they count as what was due. */
  readonly taxed: bigint;
  /** Net of what the tenant paid (+) and received (-), in mills; tax included. */
  readonly paid: bigint;
  /** Let go of the hold so far, in mills. `hold - paid - released` is still held. */
  readonly released: bigint;
  /** No further charge touches it; corrections still may. */
  readonly final: boolean;
  /** Its charges by their ids, in the order in which they were posted. */
  readonly charges: ReadonlyMap<string, Charged>;
}

/** day: daily close; end: the award ended; reduce: a divisible job lost a center; release: fee on what was released. */
export type ChargeKind = "day" | "end" | "reduce" | "release";

/** `PLACEMENT:KIND:FROM-TO`, for a reduction `PLACEMENT:reduce.CENTER:FROM-TO`: posted once. */
export function chargeId(
  placement: PlacementId,
  kind: ChargeKind,
  from: number,
  to: number,
  center?: CenterId,
): string {
  return `${placement}:${center === undefined ? kind : `${kind}.${center}`}:${from}-${to}`;
}

const kinds: readonly ChargeKind[] = ["day", "end", "reduce", "release"];

/** What a charge is for, as its id names it. */
export function chargeKindOf(charge: string): ChargeKind | undefined {
  const name = charge.split(":")[1]?.split(".")[0];
  return kinds.find((kind) => kind === name);
}

/**
 * Whether what a tenant gave back of an award awaits a fee after this charge; undefined: as before. An end that is not
 * final keeps the largest fee on it; the last charge of the release lets it go.
 */
export function awaitsFee({
  charge,
  final,
}: Pick<ChargePostedData, "charge" | "final">): boolean | undefined {
  const kind = chargeKindOf(charge);
  if (kind === "end" && !final) return true;
  return kind === "release" && final ? false : undefined;
}

/** The balance after a charge of its own award. */
export function withCharge(balance: AwardBalance, charge: ChargePostedData): AwardBalance {
  const kind = chargeKindOf(charge.charge);
  const next = {
    ...balance,
    charges: kind === undefined ? balance.charges : withCharged(balance, charge, kind),
    paid: balance.paid + mills(charge.tenantPays),
    taxable: balance.taxable + taxableOf(charge.lines, balance.account),
    taxed: balance.taxed + taxIn(charge.lines, balance.account),
    released: balance.released + mills(charge.releases),
    final: charge.final,
  };
  if (kind === "day") return { ...next, chargedTo: Math.max(balance.chargedTo, charge.to) };
  if (kind === "end") {
    const chargedTo = Math.max(balance.chargedTo, charge.to);
    // Of slots in which data was to be moved nothing is sold again.
    const feesTo = Math.max(chargedTo, balance.award.from);
    return charge.final ? { ...next, chargedTo } : { ...next, chargedTo, feesTo };
  }
  if (kind === "release") return { ...next, feesTo: charge.to };
  return next;
}

function withCharged({ charges }: AwardBalance, charge: ChargePostedData, kind: ChargeKind) {
  const { from, to, lines } = charge;
  const own = { kind, from, to, moved: withLines(new Map(), lines), returned: new Map() };
  return new Map([...charges, [charge.charge, own]]);
}

/** A charge after some more lines of corrections. */
export function withCorrectedLines(charged: Charged, lines: readonly ChargeLine[]): Charged {
  const returned = withReturned(charged.returned, charged.moved, lines);
  return { ...charged, moved: withLines(charged.moved, lines), returned };
}

/** The balance after a correction of one of its charges: the hold is not touched, what was moved is. */
export function withCorrection(
  balance: AwardBalance,
  { corrects, lines }: Pick<CorrectionPostedData, "corrects" | "lines">,
): AwardBalance {
  const taxableCorrected = balance.taxableCorrected + taxableOf(lines, balance.account);
  const taxed = balance.taxed + ratedTaxIn(balance, lines);
  const charged = balance.charges.get(corrects);
  if (charged === undefined) return balance;
  const corrected = withCorrectedLines(charged, lines);
  return {
    ...balance,
    taxableCorrected,
    taxed,
    charges: new Map([...balance.charges, [corrects, corrected]]),
  };
}

/** What charges and corrections so far came to that is taxed, and the tax that was taken on it. */
export function taxedSoFar({
  account,
  taxRate,
  taxable,
  taxableCorrected,
  taxed,
}: AwardBalance): Required<Taxed> {
  return { account, taxRate, taxable: taxable + taxableCorrected, taxed };
}

/** The tax of a correction; where it is not the rate's, for the correction said it itself, what the rate would have been. */
function ratedTaxIn(balance: AwardBalance, lines: readonly ChargeLine[]): bigint {
  const { account } = balance;
  const { taxed: _, ...due } = taxedSoFar(balance);
  const net = lines.filter(({ kind }) => kind !== "tax");
  const said = taxIn(lines, account);
  return said === taxIn(withTaxLine(net, taxedSoFar(balance)), account)
    ? said
    : taxIn(withTaxLine(net, due), account);
}

/** Penalties that centers paid for the award so far, in mills. */
export function penaltiesOf({ charges }: AwardBalance): bigint {
  return [...charges.values()].reduce((sum, { moved }) => sum + penaltiesIn(moved), 0n);
}

/** First slot that the award does not deliver any more, whatever becomes of its run. */
export function endOf({ award, until, paidFrom }: AwardBalance): number {
  return Math.max(paidFrom, Math.min(award.to, until ?? award.to));
}

/** The balance when these centers deliver nothing of it from `slot` on; what was cut before stays so. */
export function cutFrom(balance: AwardBalance, centers: readonly CenterId[], slot: number): AwardBalance {
  const cuts = new Map(balance.cuts);
  for (const center of centers) cuts.set(center, Math.min(slot, cuts.get(center) ?? slot));
  return { ...balance, cuts };
}

/** The award's fills as far as their centers still deliver them. */
export function fillsInForce(balance: AwardBalance): Fill[] {
  return balance.award.fills.flatMap((fill) => {
    const from = Math.max(fill.from, balance.paidFrom);
    const to = Math.min(fill.to, balance.cuts.get(fill.center) ?? fill.to);
    return from < to ? [{ ...fill, from, to }] : [];
  });
}

/** Cards x slots and their price of the fills inside `[from, to)`, of one center or of all. */
export function worth(
  balance: AwardBalance,
  from: number,
  to: number,
  center?: CenterId,
): { readonly mills: bigint; readonly cardSlots: number } {
  let total = 0n;
  let cardSlots = 0;
  for (const fill of fillsInForce(balance)) {
    if (center !== undefined && fill.center !== center) continue;
    const slots = Math.min(fill.to, to) - Math.max(fill.from, from);
    if (slots <= 0) continue;
    cardSlots += fill.cards * slots;
    total += BigInt(fill.price) * BigInt(fill.cards) * BigInt(slots);
  }
  return { mills: total, cardSlots };
}

/** Cards that the award gives a center in a slot, of all products. */
function cardsIn(balance: AwardBalance, center: CenterId, slot: number): number {
  return worth(balance, slot, slot + 1, center).cardSlots;
}

/** The balance when a center had so many cards at least in some slots: the fewest that were ever told of a slot count. */
export function withFewest(
  balance: AwardBalance,
  center: CenterId,
  { from, to }: { readonly from: number; readonly to: number },
  cards: number,
): AwardBalance {
  const known = balance.short.get(center);
  const own = new Map(known);
  const { award } = balance;
  for (let slot = Math.max(from, award.from); slot < Math.min(to, award.to); slot++)
    if (cards < (own.get(slot) ?? cardsIn(balance, center, slot))) own.set(slot, cards);
  return own.size === (known?.size ?? 0) && [...own].every(([slot, fewest]) => known?.get(slot) === fewest)
    ? balance
    : { ...balance, short: new Map([...balance.short, [center, own]]) };
}

/** What a center delivered of some slots, in mills and cards x slots. */
export interface Delivered {
  /** Slots with all of their cards. */
  readonly full: { readonly mills: bigint; readonly cardSlots: number };
  /** Slots with fewer: what they would have come to, and what they did, rounded down once. */
  readonly short: { readonly whole: bigint; readonly mills: bigint; readonly cardSlots: number };
}

/** Slots in `[from, to)` with all and with fewer of a center's cards; the fewer count in proportion to their number. */
export function delivered(balance: AwardBalance, from: number, to: number, center: CenterId): Delivered {
  const all = worth(balance, from, to, center);
  let whole = 0n;
  let wholeSlots = 0;
  let cardSlots = 0;
  // By cards awarded, so that all of it is rounded once.
  const parts = new Map<bigint, bigint>();
  for (const [slot, cards] of balance.short.get(center) ?? []) {
    if (slot < from || slot >= to) continue;
    const own = worth(balance, slot, slot + 1, center);
    if (own.cardSlots <= cards) continue;
    whole += own.mills;
    wholeSlots += own.cardSlots;
    cardSlots += cards;
    const awarded = BigInt(own.cardSlots);
    parts.set(awarded, (parts.get(awarded) ?? 0n) + own.mills * BigInt(cards));
  }
  const common = [...parts.keys()].reduce((product, awarded) => product * awarded, 1n);
  const sum = [...parts].reduce((total, [awarded, part]) => total + (part * common) / awarded, 0n);
  return {
    full: { mills: all.mills - whole, cardSlots: all.cardSlots - wholeSlots },
    short: { whole, mills: sum / common, cardSlots },
  };
}

/** First slot in which an award takes anything: its cards, or a link over which its data are moved before. */
export function takesFrom({ from, links }: Award): number {
  return Math.min(from, ...links.map((use) => use.from));
}

/** Centers of an award in name order. */
export function centersOf(award: Award): CenterId[] {
  return [...new Set(award.fills.map((fill) => fill.center))].sort();
}
