import { bestResponse, type PriceSums, pricesWithSums } from "./best-response.ts";
import type { Model } from "./model.ts";
import type { Guide } from "./placement.ts";

/**
 * Upper bound of the welfare of any result, in mills rounded up, by weak duality at given prices: what every bid
 * could gain, plus what every seller could gain, plus link prices times capacity.
 */
export function upperBound(model: Model, guide: Guide): number {
  const prices = pricesWithSums(model, guide);
  let sum = sellersSurplus(model, prices);
  for (const i of model.contenders) {
    const bid = model.bids[i];
    if (bid) sum += Math.max(0, bestResponse(model, bid, prices).surplus);
  }
  return Math.ceil(sum);
}

/** What sellers of cards and of links gain at prices, if they sell all that they would. */
export function sellersSurplus(model: Model, { prices, linkPrices }: PriceSums | Guide): number {
  let sum = 0;
  for (let cell = 0; cell < model.capacity.length; cell++) {
    const price = prices[cell] ?? 0;
    const end = model.stepStart[cell + 1] ?? 0;
    for (let step = model.stepStart[cell] ?? 0; step < end; step++) {
      const cost = model.stepCost[step] ?? 0;
      if (cost >= price) break;
      sum += (price - cost) * (model.stepCards[step] ?? 0);
    }
  }
  for (let link = 0; link < model.links; link++)
    for (let t = 0; t < model.T; t++)
      sum += ((linkPrices[link * model.T + t] ?? 0) * (model.linkCapacity[link] ?? 0)) / model.slotSeconds;
  return sum;
}
