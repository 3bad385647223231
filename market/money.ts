import { Currency, MillsText } from "../events/catalog/values.ts";

/** What the market trades in, and what an event without a currency is in. */
export const marketCurrency = Currency.parse("CNY");

/** Exact amounts in mills (1/1000 of the currency) as bigint; decimal strings only at the edges. */
export function mills(text: MillsText): bigint {
  return BigInt(text);
}

export function millsText(amount: bigint): MillsText {
  return MillsText.parse(amount.toString());
}

export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** `amount x numerator / denominator`, rounded to the mill once per entry: down, and where negative towards 0. */
export function share(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  return (amount * numerator) / denominator;
}

/**
 * Splits `total` in proportion to `weights` by largest remainder; ties go to the smaller key, so the order of the
 * input never matters. The parts add up to `total` exactly.
 */
export function splitByLargestRemainder(
  total: bigint,
  weights: ReadonlyMap<string, bigint>,
): Map<string, bigint> {
  const sum = [...weights.values()].reduce((a, b) => a + b, 0n);
  if (sum === 0n) return new Map([...weights.keys()].map((key) => [key, 0n]));
  const rows = [...weights].map(([key, weight]) => ({
    key,
    part: (total * weight) / sum,
    rest: (total * weight) % sum,
  }));
  let left = total - rows.reduce((a, row) => a + row.part, 0n);
  const byRest = [...rows].sort((a, b) =>
    a.rest === b.rest ? (a.key < b.key ? -1 : 1) : a.rest > b.rest ? -1 : 1,
  );
  for (const row of byRest) {
    if (left === 0n) break;
    row.part += 1n;
    left -= 1n;
  }
  return new Map(rows.map((row) => [row.key, row.part]));
}

/** `amount`, but no less than 0 and no more than `most`. */
export function atMost(most: bigint, amount: bigint): bigint {
  if (amount <= 0n || most <= 0n) return 0n;
  return amount < most ? amount : most;
}
