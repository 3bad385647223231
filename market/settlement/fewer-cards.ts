import type { ChargeLine } from "../../events/catalog/job.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { atMost, share } from "../money.ts";
import { rules } from "../rules.ts";
import { ledgerAccounts } from "./accounts.ts";
import { type AwardBalance, type Charged, centersOf, delivered, worth } from "./award-balance.ts";
import { type Line, linksPaid, posted, shortagePenalty } from "./charges.ts";

// Row 12 for slots that were charged before it was told that a center had fewer cards in them: what their charge is
// amended by. It stays as it is.

/** A center that had fewer cards, and the most that may still be given back for its placement, in mills. */
export interface Shortage {
  readonly center: CenterId;
  readonly refundable: bigint;
}

/** A divisible job or a service: the slots of a charge cost less, and what they lack costs the center its percentage. */
export function proportionLines(
  before: AwardBalance,
  after: AwardBalance,
  { from, to, moved }: Charged,
  { center, refundable }: Shortage,
): ChargeLine[] {
  const owed = (balance: AwardBalance) => {
    const { full, short } = delivered(balance, from, to, center);
    return { mills: full.mills + short.mills, cardSlots: full.cardSlots + short.cardSlots };
  };
  const [was, is] = [owed(before), owed(after)];
  const tenant = ledgerAccounts.tenant(after.account);
  const own = ledgerAccounts.center(center);
  const paid = moved.get(`compute ${tenant} ${own}`) ?? 0n;
  const refund = atMost(atMost(refundable, paid), was.mills - is.mills);
  const penalty = shortagePenalty(after, from, to, center) - shortagePenalty(before, from, to, center);
  return posted([
    back(own, tenant, refund, center, was.cardSlots - is.cardSlots),
    { kind: "penalty", row: 8, from: own, to: tenant, mills: penalty, center },
  ]);
}

function back(from: string, to: string, amount: bigint, center: CenterId, cardSlots: number): Line {
  return { kind: "compute", row: 12, from, to, mills: amount, center, cardSlots };
}

/**
 * A gang pays nothing for its slots: the center gives back what it received for them, credits what the others and the
 * links received, for those did deliver, and pays as in row 8.
 */
export function gangLines(
  balance: AwardBalance,
  { moved }: Charged,
  slots: readonly number[],
  { center, refundable }: Shortage,
): ChargeLine[] {
  const sumOver = (of: (slot: number) => bigint) => slots.reduce((sum, slot) => sum + of(slot), 0n);
  const worthOf = (who: CenterId) => sumOver((slot) => worth(balance, slot, slot + 1, who).mills);
  const tenant = ledgerAccounts.tenant(balance.account);
  const own = ledgerAccounts.center(center);
  const paid = moved.get(`compute ${tenant} ${own}`) ?? 0n;
  const refund = atMost(atMost(refundable, paid), worthOf(center));
  const centers = centersOf(balance.award);
  const others = centers.filter((each) => each !== center).reduce((sum, each) => sum + worthOf(each), 0n);
  const links = sumOver((slot) => linksPaid(balance, slot, slot + 1));
  const whole = centers.reduce((sum, each) => sum + worthOf(each), 0n);
  const cardSlots = slots.reduce((sum, slot) => sum + worth(balance, slot, slot + 1, center).cardSlots, 0);
  return posted([
    back(own, tenant, refund, center, cardSlots),
    {
      kind: "credit",
      row: 12,
      from: own,
      to: tenant,
      mills: atMost(refundable - refund, others + links),
      center,
    },
    {
      kind: "penalty",
      row: 8,
      from: own,
      to: tenant,
      mills: share(whole, BigInt(rules.refusalPenaltyPercent), 100n),
      center,
    },
  ]);
}
