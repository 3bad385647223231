import type { DivFills, Result } from "../clearing/instance.ts";
import type { Instance } from "./instance.ts";

/** Fills of one award at most: with the longest names an award of so many still fits a commit beside its event. */
export const fillsMost = 400;

/**
 * The result, in which no divisible bid has more fills than an award can list: a week by the hour over many pools would
 * not fit a commit. What is left out is what moves fewest cards. Leaving out some of a divisible bid takes nothing from
 * anybody and keeps every price as it is; the welfare is set no higher than what remains.
 */
export function withinAwardSize(instance: Instance, result: Result): Result {
  let lost = 0;
  const div = result.div.map((own) => {
    const kept = keptFills(result, instance, own);
    if (kept === own) return own;
    const limits = new Map(instance.book.bids[own.b]?.prods.map(({ p, limit }) => [p, limit]));
    const worth = ({ fills }: DivFills) =>
      fills.reduce((sum, [, p, , cards]) => sum + (limits.get(p) ?? 0) * cards, 0);
    lost += worth(own) - worth(kept);
    return kept;
  });
  return lost === 0 ? result : { ...result, div, welfare: Math.max(0, result.welfare - lost) };
}

type Fill = DivFills["fills"][number];

function keptFills(result: Result, instance: Instance, own: DivFills): DivFills {
  if (own.fills.length <= fillsMost) return own;
  const ranges = rangesOf(result, instance, own.fills);
  if (ranges.length <= fillsMost) return own;
  const cards = (range: readonly Fill[]) => range.reduce((sum, [, , , q]) => sum + q, 0);
  const largest = ranges
    .map((range, place) => ({ range, place, cards: cards(range) }))
    .sort((a, b) => b.cards - a.cards || a.place - b.place)
    .slice(0, fillsMost);
  const kept = new Set(largest.flatMap(({ range }) => range));
  return { ...own, fills: own.fills.filter((fill) => kept.has(fill)) };
}

/** Fills that an award lists as one: neighbouring slots of a pool with the same cards at the same price. */
function rangesOf(result: Result, { book }: Instance, fills: readonly Fill[]): Fill[][] {
  const pools = Map.groupBy(fills, ([c, p]) => book.pools.findIndex((pool) => pool.c === c && pool.p === p));
  return [...pools].flatMap(([pool, own]) => {
    const prices = result.prices[String(pool)] ?? [];
    const ranges: Fill[][] = [];
    for (const fill of own.toSorted(([, , a], [, , b]) => a - b)) {
      const [, , slot, cards] = fill;
      const [, , before = -2, same = 0] = ranges.at(-1)?.at(-1) ?? [];
      if (before + 1 === slot && same === cards && prices[before] === prices[slot]) ranges.at(-1)?.push(fill);
      else ranges.push([fill]);
    }
    return ranges;
  });
}
