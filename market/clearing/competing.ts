import type { PriceSums } from "./best-response.ts";
import type { Model, ModelBid, PoolOption } from "./model.ts";

/** One cell (`row` is its pool) or one slot of a link (`row` is the link). */
export interface Scarce {
  readonly kind: "cell" | "link";
  readonly row: number;
  readonly slot: number;
}

/** Up to which price a bid still wants something scarce, all other prices as they are, and how much of it. */
export interface Wish {
  readonly upTo: number;
  readonly units: number;
}

/** What a bid would pay at most for something scarce before it went elsewhere or stayed away; null: it has no use for it. */
export function wishOf(model: Model, bid: ModelBid, prices: PriceSums, scarce: Scarce): Wish | null {
  if (bid.kind === "div") return scarce.kind === "cell" ? divisibleWish(model, bid, prices, scarce) : null;
  let using = -Infinity;
  let units = 0;
  let other = 0;
  for (const option of bid.feasible) {
    const weight = scarce.kind === "cell" ? bid.g : option.gigabits / model.slotSeconds;
    const row = scarce.kind === "cell" ? option.pool : option.link;
    const sums = option.pool * (model.T + 1);
    const { d } = option;
    for (const start of option.starts) {
      const cards = (prices.sums[sums + start + d] ?? 0) - (prices.sums[sums + start] ?? 0);
      const gain = option.value - option.transfer - cards * bid.g - staging(model, option, start, prices);
      const uses = row === scarce.row && covers(scarce, start, d);
      if (!uses) other = Math.max(other, gain);
      else if (gain > using) {
        using = gain;
        units = weight;
      }
    }
  }
  if (units === 0) return null;
  return { upTo: priceOf(model, prices, scarce) + (using - other) / units, units };
}

/** A cell is used in all slots of a placement, a link by staging in the first one only. */
function covers({ kind, slot }: Scarce, start: number, d: number): boolean {
  return kind === "link" ? start === slot : start <= slot && slot < start + d;
}

function staging(model: Model, option: PoolOption, start: number, { linkPrices }: PriceSums): number {
  if (option.link < 0) return 0;
  return ((linkPrices[option.link * model.T + start] ?? 0) * option.gigabits) / model.slotSeconds;
}

export function priceOf(model: Model, { prices, linkPrices }: PriceSums, scarce: Scarce): number {
  const row = scarce.kind === "cell" ? prices : linkPrices;
  return row[scarce.row * model.T + scarce.slot] ?? 0;
}

/** A div bid wants a cell until its other cells, or another pool in the same slot, give it as much. */
function divisibleWish(model: Model, bid: ModelBid, prices: PriceSums, scarce: Scarce): Wish | null {
  const here = bid.options.find(({ pool }) => pool === scarce.row);
  if (!here || scarce.slot < bid.from || scarce.slot >= bid.to) return null;
  const others: { margin: number; cards: number }[] = [];
  let beside = 0;
  for (const option of bid.options)
    for (let slot = bid.from; slot < bid.to; slot++) {
      if (option === here && slot === scarce.slot) continue;
      const cell = option.pool * model.T + slot;
      const cards = Math.min(bid.g, model.capacity[cell] ?? 0);
      const margin = ((option.limit - (prices.prices[cell] ?? 0)) * here.unit) / option.unit;
      if (margin <= 0 || cards === 0) continue;
      if (slot === scarce.slot && cards === bid.g) beside = Math.max(beside, margin);
      others.push({ margin, cards: (cards * option.unit) / here.unit });
    }
  others.sort((x, y) => y.margin - x.margin);
  const budget = bid.budget / here.unit;
  let left = budget;
  let instead = 0;
  for (const { margin, cards } of others) {
    left -= cards;
    if (left > 0) continue;
    instead = margin;
    break;
  }
  return { upTo: here.limit - Math.max(instead, beside), units: Math.min(bid.g, budget) };
}
