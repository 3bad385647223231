import type { LinkUse } from "../../events/catalog/award.ts";
import type { ChargeLine } from "../../events/catalog/job.ts";
import type { CenterId, Period, ProductId } from "../../events/catalog/values.ts";
import type { JobKind } from "../job-kinds.ts";
import { atMost, mills, millsText, share } from "../money.ts";
import { rules } from "../rules.ts";
import { SLOT_SECONDS } from "../time.ts";
import { ledgerAccounts } from "./accounts.ts";
import {
  type AwardBalance,
  type ChargeKind,
  type ChargePostedData,
  centersOf,
  chargeId,
  delivered,
  fillsInForce,
  penaltiesOf,
  worth,
} from "./award-balance.ts";
import { withTax, withTaxLine } from "./tax.ts";

// What a placement owes: the market rules' table of money, rows 2 to 13. Amounts are bigint mills, rounded down
// once per line; a line of nothing is left out.

const tenantOf = (balance: AwardBalance) => ledgerAccounts.tenant(balance.account);

export type Line = Omit<ChargeLine, "mills"> & { readonly mills: bigint };

/** Lines as events have them; those of nothing are left out. */
export function posted(lines: readonly Line[]): ChargeLine[] {
  return lines.flatMap((line) => (line.mills === 0n ? [] : [{ ...line, mills: millsText(line.mills) }]));
}

/**
 * Delivered cards in `[from, to)` at the clearing price, one line per center; slots with fewer cards than awarded have a
 * line of their own (row 12), and the center pays as in row 8 what it did not deliver of them.
 */
function computeLines(balance: AwardBalance, from: number, to: number, row: number): Line[] {
  return centersOf(balance.award).flatMap((center): Line[] => {
    const { full, short } = delivered(balance, from, to, center);
    const parties = { from: tenantOf(balance), to: ledgerAccounts.center(center), center };
    const { mills: amount, cardSlots } = short;
    return [
      { kind: "compute", row, ...parties, ...full },
      { kind: "compute", row: 12, ...parties, mills: amount, cardSlots },
      {
        kind: "penalty",
        row: 8,
        from: parties.to,
        to: parties.from,
        mills: shortagePenalty(balance, from, to, center),
        center,
      },
    ];
  });
}

/** Percent of what slots with fewer cards lack (row 12, as in row 8), in mills. */
export function shortagePenalty(balance: AwardBalance, from: number, to: number, center: CenterId): bigint {
  const { whole, mills: amount } = delivered(balance, from, to, center).short;
  return share(whole - amount, BigInt(rules.refusalPenaltyPercent), 100n);
}

/**
 * The price of a link for the slots of it in `[from, to)`: the tenant's share is what it owes up to `to` less what it
 * owed up to `from`, so that its parts add up to the whole; the owner's is rounded down, congestion rent has the rest.
 */
function linkLines(balance: AwardBalance, use: LinkUse, from: number, to: number, row: number): Line[] {
  const length = BigInt(use.to - use.from);
  const upTo = (slot: number) =>
    share(mills(use.charge), BigInt(Math.max(0, Math.min(slot, use.to) - use.from)), length);
  const slots = Math.max(0, Math.min(to, use.to) - Math.max(from, use.from));
  const paid = upTo(to) - upTo(from);
  const received = share(mills(use.charge), BigInt(slots), length);
  const line = { kind: "link", row, from: tenantOf(balance), link: use.link } as const;
  const owner = ledgerAccounts.link(use.link);
  // Both are floors of the same amount's parts: the owner's can never exceed the tenant's.
  return [
    { ...line, to: owner, mills: received },
    { ...line, kind: "rent", to: ledgerAccounts.rent, mills: paid - received },
  ];
}

/** What the tenant pays for links in `[from, to)`, in mills. */
export function linksPaid(balance: AwardBalance, from: number, to: number): bigint {
  return balance.award.links
    .flatMap((use) => linkLines(balance, use, from, to, 12))
    .reduce((sum, line) => sum + line.mills, 0n);
}

/**
 * Moving the data is owed once: in equal parts with the slots before the start over which it is staged, else with the
 * first delivered slot. After a late seal all of it goes over the slots that are left.
 */
function transferLine(balance: AwardBalance, use: LinkUse, from: number, to: number, row: number): Line {
  const owner = ledgerAccounts.link(use.link);
  const line = { kind: "transfer", row, from: tenantOf(balance), to: owner, link: use.link } as const;
  const all = mills(use.transfer);
  const first = Math.max(use.from, balance.paidFrom);
  const staged = Math.min(use.to, balance.award.from) - first;
  if (staged <= 0) return { ...line, mills: from === balance.paidFrom ? all : 0n };
  const upTo = (slot: number) =>
    share(all, BigInt(Math.max(0, Math.min(slot - first, staged))), BigInt(staged));
  return { ...line, mills: upTo(to) - upTo(from) };
}

/** Everything that the tenant owes for slots delivered from where the last charge stopped up to `to`. */
export function deliveredLines(balance: AwardBalance, to: number, row: number): ChargeLine[] {
  const from = balance.chargedTo;
  if (to <= from) return [];
  // Row 4 is a continuation that went as awarded; whatever else befell it has a row of its own.
  const named = balance.award.continues && row === 3 ? 4 : row;
  const links = balance.award.links.flatMap((use) => [
    ...linkLines(balance, use, from, to, named),
    transferLine(balance, use, from, to, named),
  ]);
  return posted([...computeLines(balance, from, to, named), ...links]);
}

/** The most that the release fee on `[from, to)` can come to, in mills: nothing of it sold again. */
export function releaseFeeMax(balance: AwardBalance, from: number, to = balance.award.to): bigint {
  const percent = BigInt(rules.releaseFeePercent[balance.session]);
  return centersOf(balance.award)
    .map((center) => share(worth(balance, from, to, center).mills, percent, 100n))
    .reduce((sum, fee) => sum + fee, 0n);
}

/** Cards of the award that a later auction sold, in one pool and slot. */
export interface ResoldCards {
  readonly center: CenterId;
  readonly product: ProductId;
  readonly slot: number;
  readonly cards: number;
}

/** On what no fee is due of what was given back; on all the rest it is. */
export interface Waiver {
  readonly resold: readonly ResoldCards[];
  /** Slots whose last gate never closed: the exchange was away, and nobody could buy them (decision 0103). */
  readonly notOnSale: readonly number[];
}

/** Row 2: rate x own price x own cards but those that are waived, one line per center, for slots in `[from, to)`. */
export function releaseFeeLines(
  balance: AwardBalance,
  from: number,
  to: number,
  { resold, notOnSale }: Waiver,
): ChargeLine[] {
  const percent = BigInt(rules.releaseFeePercent[balance.session]);
  const free = new Set(notOnSale.filter((slot) => from <= slot && slot < to));
  const lines = centersOf(balance.award).map((center): Line => {
    let { mills: value, cardSlots } = worth(balance, from, to, center);
    for (const slot of free) {
      const own = worth(balance, slot, slot + 1, center);
      cardSlots -= own.cardSlots;
      value -= own.mills;
    }
    for (const entry of resold) {
      if (entry.center !== center || entry.slot < from || entry.slot >= to || free.has(entry.slot)) continue;
      const own = ownInSlot(balance, entry);
      const cards = Math.min(entry.cards, own.cards);
      cardSlots -= cards;
      value -= BigInt(own.price) * BigInt(cards);
    }
    return {
      kind: "releaseFee",
      row: 2,
      from: tenantOf(balance),
      to: ledgerAccounts.center(center),
      mills: share(value, percent, 100n),
      center,
      cardSlots,
    };
  });
  return posted(lines);
}

function ownInSlot(balance: AwardBalance, pool: ResoldCards): { cards: number; price: number } {
  const fills = fillsInForce(balance).filter(
    (fill) =>
      fill.center === pool.center &&
      fill.product === pool.product &&
      fill.from <= pool.slot &&
      pool.slot < fill.to,
  );
  // One uniform price per pool and slot: all fills of it agree.
  return { cards: fills.reduce((sum, fill) => sum + fill.cards, 0), price: fills[0]?.price ?? 0 };
}

/** A center that does not deliver from `slot` on. */
export interface Fault {
  readonly center: CenterId;
  /** First slot that it does not deliver in full. */
  readonly slot: number;
  /** The only one at fault: it answers for the whole of a split gang (row 13). */
  readonly alone: boolean;
  /** Divisible jobs: card-seconds that it metered in `slot` (row 9). */
  readonly cardSeconds: number;
}

/** Row 9, divisible: what the center did deliver of the slot in which it failed. */
function partialSlot(balance: AwardBalance, fault: Fault): Line[] {
  const { center, slot } = fault;
  if (slot < balance.chargedTo) return [];
  const whole = worth(balance, slot, slot + 1, center);
  if (whole.cardSlots === 0) return [];
  const seconds = Math.min(fault.cardSeconds, whole.cardSlots * SLOT_SECONDS);
  const amount = share(whole.mills, BigInt(seconds), BigInt(whole.cardSlots * SLOT_SECONDS));
  const to = ledgerAccounts.center(center);
  return [{ kind: "compute", row: 9, from: tenantOf(balance), to, mills: amount, center }];
}

/** Row 8: percent of the value that the center does not deliver; alone at fault in a split gang, of the gang's. */
function penaltyLine(balance: AwardBalance, fault: Fault, gang: boolean, partly: bigint): Line {
  const { center } = fault;
  const whole = gang && fault.alone ? undefined : center;
  const undelivered = worth(balance, fault.slot, balance.award.to, whole);
  return {
    kind: "penalty",
    row: 8,
    from: ledgerAccounts.center(center),
    to: tenantOf(balance),
    mills: share(undelivered.mills - partly, BigInt(rules.refusalPenaltyPercent), 100n),
    center,
    cardSlots: undelivered.cardSlots,
  };
}

/** Row 13: the innocent centers of a split gang are paid their current and next slot by the one that failed. */
function noticeLines(balance: AwardBalance, fault: Fault, notice: SlotRange): Line[] {
  const from = Math.max(fault.slot, notice.from);
  return centersOf(balance.award)
    .filter((center) => center !== fault.center)
    .map((center) => {
      const idle = worth(balance, from, notice.to, center);
      return {
        kind: "penalty",
        row: 13,
        from: ledgerAccounts.center(fault.center),
        to: ledgerAccounts.center(center),
        mills: idle.mills,
        center,
        cardSlots: idle.cardSlots,
      };
    });
}

export interface SlotRange {
  readonly from: number;
  readonly to: number;
}

/** Rows 8, 9 and 13: what a center at fault pays for one award, and what the tenant owes it for the slot it failed in. */
export function faultLines(
  balance: AwardBalance,
  kind: JobKind,
  fault: Fault,
  /** The current and the next slot. */
  notice: SlotRange,
): ChargeLine[] {
  const partial = kind === "div" ? partialSlot(balance, fault) : [];
  const partly = partial.reduce((sum, line) => sum + line.mills, 0n);
  const others = kind === "split" && fault.alone ? noticeLines(balance, fault, notice) : [];
  return posted([...partial, penaltyLine(balance, fault, kind === "split", partly), ...others]);
}

/** Of the mills that a placement's tenant paid for cards and links, what was neither refunded nor credited. */
export function refundableOf(balances: readonly AwardBalance[]): bigint {
  const paid = new Set(["compute", "link", "rent"]);
  let sum = 0n;
  for (const { charges } of balances)
    for (const { moved } of charges.values())
      for (const [key, amount] of moved) {
        const kind = key.slice(0, key.indexOf(" "));
        if (paid.has(kind)) sum += amount;
        else if (kind === "credit") sum -= amount;
      }
  return sum;
}

/** What the tenant is about to pay for cards in slots before `to`, in mills. */
export function dueUpTo(balances: readonly AwardBalance[], to: number): bigint {
  return balances.reduce((sum, balance) => {
    if (balance.final || balance.feesTo !== undefined) return sum;
    return centersOf(balance.award).reduce((own, center) => {
      const { full, short } = delivered(balance, balance.chargedTo, to, center);
      return own + full.mills + short.mills;
    }, sum);
  }, 0n);
}

/**
 * Row 10: charged slots in `lost` are credited, borne by the center at fault; of a divisible job only its own. `balances`:
 * all awards of the placement, for an hour may reach back over a continuation.
 */
export function creditLines(
  balances: readonly AwardBalance[],
  lost: SlotRange,
  center: CenterId,
  ownOnly: boolean,
  /** The most that can be credited: what was, or is now being paid, and not given back. */
  most: bigint,
): ChargeLine[] {
  let amount = 0n;
  let cardSlots = 0;
  let account: string | undefined;
  for (const balance of balances) {
    for (const of of ownOnly ? [center] : centersOf(balance.award)) {
      const { full, short } = delivered(balance, lost.from, lost.to, of);
      amount += full.mills + short.mills;
      cardSlots += full.cardSlots + short.cardSlots;
    }
    account = tenantOf(balance);
  }
  if (account === undefined) return [];
  const from = ledgerAccounts.center(center);
  return posted([
    { kind: "credit", row: 10, from, to: account, mills: atMost(most, amount), center, cardSlots },
  ]);
}

/** The lost hour at most: from the last checkpoint (or the run's beginning) to the first slot that was not delivered. */
export function lostWork(from: number, to: number): SlotRange {
  const longest = (rules.lostWorkCreditMinutesMax * 60) / SLOT_SECONDS;
  return { from: Math.min(to, Math.max(from, to - longest)), to };
}

/** Row 15, per award: what its penalties, of all faults together, may still grow by, in mills. */
export function penaltyRoom(balance: AwardBalance): bigint {
  const percent = BigInt(rules.penaltyOfAwardPercentMax);
  return share(mills(balance.award.value), percent, 100n) - penaltiesOf(balance);
}

/** Lines with their penalties cut to what the award has room for; the first ones are paid first. */
export function withinValue(balance: AwardBalance, lines: readonly ChargeLine[]): ChargeLine[] {
  let room = penaltyRoom(balance);
  return lines.flatMap((line) => {
    if (line.kind !== "penalty") return [line];
    const amount = atMost(room, mills(line.mills));
    room -= amount;
    return amount > 0n ? [{ ...line, mills: millsText(amount) }] : [];
  });
}

export interface Posting {
  readonly kind: ChargeKind;
  readonly from: number;
  readonly to: number;
  readonly lines: readonly ChargeLine[];
  readonly period: Period;
  /** What must stay held for charges to come, in mills without tax; "all": nothing is let go of; 0 ends the stretch's money. */
  readonly keeps: bigint | "all";
  /** Tells the charges of several centers apart. */
  readonly center?: CenterId;
}

/** The charge for one award: its lines and their tax, what the tenant pays, and how much of the hold is let go of. */
export function charge(balance: AwardBalance, posting: Posting): ChargePostedData {
  const { award } = balance;
  const tenant = tenantOf(balance);
  const { account, taxRate, taxable } = balance;
  const lines = withTaxLine(posting.lines, { account, taxRate, taxable });
  const pays = lines.reduce(
    (sum, line) =>
      sum + (line.from === tenant ? mills(line.mills) : 0n) - (line.to === tenant ? mills(line.mills) : 0n),
    0n,
  );
  const held = balance.hold - balance.paid - balance.released - pays;
  const releases = posting.keeps === "all" ? 0n : held - withTax(posting.keeps, balance.taxRate);
  return {
    charge: chargeId(award.placement, posting.kind, posting.from, posting.to, posting.center),
    job: award.job,
    placement: award.placement,
    stretch: award.stretch,
    account: balance.account,
    from: posting.from,
    to: posting.to,
    lines: [...lines],
    tenantPays: millsText(pays),
    releases: millsText(releases),
    final: posting.keeps === 0n,
    period: posting.period,
  };
}
