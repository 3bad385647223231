import type * as z from "zod";
import type { Award, Fill } from "../../events/catalog/award.ts";
import type { ChargePosted, CorrectionPosted } from "../../events/catalog/job.ts";
import type { AccountId, CenterId, PlacementId, Session } from "../../events/catalog/values.ts";
import { mills } from "../money.ts";
import { type MovedMoney, penaltiesIn, withLines } from "./moved-money.ts";

export type ChargePostedData = z.infer<typeof ChargePosted.data>;
export type CorrectionPostedData = z.infer<typeof CorrectionPosted.data>;

/** A charge of an award, and what it and its corrections moved. */
export interface Charged {
  readonly kind: ChargeKind;
  readonly from: number;
  readonly to: number;
  readonly moved: MovedMoney;
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
  /** First slot of a gang's award that is not delivered, because cards of it were taken back with notice. */
  readonly until?: number;
  /** `[feesTo, award.to)` was released by the tenant and awaits its waiver; absent: nothing is released. */
  readonly feesTo?: number;
  /** Net of what the tenant paid (+) and received (-), in mills. */
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

/** The balance after a charge of its own award. */
export function withCharge(balance: AwardBalance, charge: ChargePostedData): AwardBalance {
  const kind = chargeKindOf(charge.charge);
  const next = {
    ...balance,
    charges: kind === undefined ? balance.charges : withCharged(balance, charge, kind),
    paid: balance.paid + mills(charge.tenantPays),
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
  return new Map([...charges, [charge.charge, { kind, from, to, moved: withLines(new Map(), lines) }]]);
}

/** The balance after a correction of one of its charges: the hold is not touched, what was moved is. */
export function withCorrection(
  balance: AwardBalance,
  { corrects, lines }: Pick<CorrectionPostedData, "corrects" | "lines">,
): AwardBalance {
  const charged = balance.charges.get(corrects);
  if (charged === undefined) return balance;
  const corrected = { ...charged, moved: withLines(charged.moved, lines) };
  return { ...balance, charges: new Map([...balance.charges, [corrects, corrected]]) };
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

/** First slot in which an award takes anything: its cards, or a link over which its data are moved before. */
export function takesFrom({ from, links }: Award): number {
  return Math.min(from, ...links.map((use) => use.from));
}

/** Centers of an award in name order. */
export function centersOf(award: Award): CenterId[] {
  return [...new Set(award.fills.map((fill) => fill.center))].sort();
}
