import type { Model } from "./model.ts";

// Data that a way moves over its link: in equal parts in the slots before the start, or all of it in the start slot.

function firstSlot({ wayStage }: Model, way: number, start: number): number {
  return start - (wayStage[way] ?? 0);
}

function endSlot({ wayStage }: Model, way: number, start: number): number {
  return wayStage[way] === 0 ? start + 1 : start;
}

/** Calls back for each slot of a link that the staging uses: its place in rows of links x T, and the gigabits. */
export function eachStaged(
  model: Model,
  way: number,
  start: number,
  use: (at: number, gigabits: number) => void,
): void {
  const link = model.wayLink[way] ?? -1;
  if (link < 0) return;
  for (let t = firstSlot(model, way, start); t < endSlot(model, way, start); t++)
    use(link * model.T + t, model.wayGigabits[way] ?? 0);
}

/** Adds the gigabits of a staging to a row of links x T. */
export function addStaging(model: Model, row: Float64Array, way: number, start: number, sign: 1 | -1): void {
  const link = model.wayLink[way] ?? -1;
  if (link < 0) return;
  const gigabits = sign * (model.wayGigabits[way] ?? 0);
  const end = link * model.T + endSlot(model, way, start);
  for (let at = link * model.T + firstSlot(model, way, start); at < end; at++)
    row[at] = (row[at] ?? 0) + gigabits;
}

/** What the staging pays at link prices, mills; infinite before the data can have come. */
export function stagingPrice(model: Model, links: Float64Array, way: number, start: number): number {
  const link = model.wayLink[way] ?? -1;
  if (link < 0) return 0;
  const first = firstSlot(model, way, start);
  if (first < 0) return Infinity;
  let price = 0;
  for (let t = first; t < endSlot(model, way, start); t++) price += links[link * model.T + t] ?? 0;
  return (price * (model.wayGigabits[way] ?? 0)) / model.slotSeconds;
}

/** Its link has so much left beside what is used. */
export function stagingFits(model: Model, linkUsed: Float64Array, way: number, start: number): boolean {
  const link = model.wayLink[way] ?? -1;
  if (link < 0) return true;
  const first = firstSlot(model, way, start);
  if (first < 0) return false;
  const most = (model.linkCapacity[link] ?? 0) - (model.wayGigabits[way] ?? 0);
  for (let t = first; t < endSlot(model, way, start); t++)
    if ((linkUsed[link * model.T + t] ?? 0) > most) return false;
  return true;
}

/** The staging of a way that starts so uses this slot of its link. */
export function stagesIn(model: Model, way: number, start: number, slot: number): boolean {
  return firstSlot(model, way, start) <= slot && slot < endSlot(model, way, start);
}
