import type { Model } from "./model.ts";
import { stagingPrice } from "./staging.ts";

// A gang that is shared between two pools.

/**
 * The fewest and the most chunks that the first pool may have, where so many cards can be had in either; no share does if
 * the fewest are more.
 */
export function chunksBetween(
  model: Model,
  bid: number,
  pair: number,
  inFirst: number,
  inSecond: number,
): { readonly fewest: number; readonly most: number } {
  const g = model.g[bid] ?? 0;
  const chunk = model.pairChunk[pair] ?? 1;
  return {
    fewest: Math.ceil(Math.max(chunk, g - inSecond) / chunk),
    most: Math.floor(Math.min(g - chunk, inFirst) / chunk),
  };
}

/** What links cost from a start on, mills: the staging of both parts, and what is reserved between them. */
export function pairLinkPrice(model: Model, links: Float64Array, pair: number, start: number): number {
  const [first, second] = [model.pairFirst[pair] ?? 0, model.pairSecond[pair] ?? 0];
  const at = (model.pairLink[pair] ?? 0) * model.T + start;
  let sum = 0;
  for (let i = at, end = at + (model.wayD[first] ?? 0); i < end; i++)
    sum += (links[i] ?? 0) * (model.pairGigabits[pair] ?? 0);
  return (
    sum / model.slotSeconds +
    stagingPrice(model, links, first, start) +
    stagingPrice(model, links, second, start)
  );
}
