import { atMost, splitByLargestRemainder } from "../money.ts";

/** What a center owes for a settlement day, and what there is to pay it with; all in mills, none below 0. */
export interface CenterDebt {
  /** Penalties, credits and refunds of the day. */
  readonly owed: bigint;
  /** Earned with cards, fees and links. */
  readonly earned: bigint;
  /** What is left of the guarantee that it posted. */
  readonly guarantee: bigint;
  /** What is left in the default fund. */
  readonly defaultFund: bigint;
  /** Who is to receive how much of `owed`; the parts add up to it. */
  readonly recipients: ReadonlyMap<string, bigint>;
}

/** Who bears what a center owes beyond what it earned, in mills: `shortfall` is the sum of the three after it. */
export interface DebtCover {
  readonly shortfall: bigint;
  readonly fromGuarantee: bigint;
  readonly fromDefaultFund: bigint;
  /** Nobody pays it: the recipients do without. */
  readonly uncollectible: bigint;
  /** What each recipient does without; they add up to `uncollectible`, and none exceeds its recipient's part. */
  readonly losses: ReadonlyMap<string, bigint>;
}

/**
 * Row 15 for a period: what a center owes is met by what it earned, then by its guarantee, then by the default fund; the
 * rest is borne by its recipients in proportion to their parts, by largest remainder. Whoever had to draw on more than
 * the earnings is suspended until its guarantee is whole again (`market/center.ts`).
 *
 * @throws RangeError for an amount below 0, or parts that do not add up to `owed`.
 */
export function coverDebt({ owed, earned, guarantee, defaultFund, recipients }: CenterDebt): DebtCover {
  const parts = [...recipients.values()];
  if ([owed, earned, guarantee, defaultFund, ...parts].some((amount) => amount < 0n))
    throw new RangeError("what a center owes and has is never below 0");
  const sum = parts.reduce((total, part) => total + part, 0n);
  if (sum !== owed) throw new RangeError(`the recipients' parts come to ${sum} of ${owed} mills`);
  const shortfall = atMost(owed, owed - earned);
  const fromGuarantee = atMost(guarantee, shortfall);
  const fromDefaultFund = atMost(defaultFund, shortfall - fromGuarantee);
  const uncollectible = shortfall - fromGuarantee - fromDefaultFund;
  const losses = splitByLargestRemainder(uncollectible, recipients);
  return { shortfall, fromGuarantee, fromDefaultFund, uncollectible, losses };
}
