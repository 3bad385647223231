import type { Model } from "./model.ts";
import { emptyFills, type Schedule, slotsOf, unplace } from "./schedule.ts";

// What of others a bid depends on: of its group nobody else may have anything, and its parent must have a place. What a
// service takes beyond its floor is a row of its own, whose parent is the floor.

/** Nothing that others hold or lack bars it. */
export function mayEnter({ model, choice, fills }: Schedule, bid: number): boolean {
  const parent = model.parent[bid] ?? -1;
  if (parent >= 0 && choice[parent] === -1) return false;
  const group = model.group[bid] ?? -1;
  if (group < 0) return true;
  const others = model.groups[group] ?? [];
  return others.every((other) => other === bid || (choice[other] === -1 && fills[other] === undefined));
}

/** The first slot in which a gang may start: not before its window, nor before its parent's end. */
export function earliestStart({ model, choice, start }: Schedule, bid: number): number {
  const parent = model.parent[bid] ?? -1;
  const from = model.from[bid] ?? 0;
  if (parent < 0) return from;
  return Math.max(from, (start[parent] ?? 0) + slotsOf(model, choice[parent] ?? 0));
}

/** The pool that a service's cards beyond its floor must lie in; -1: any. */
export function hostPool({ model, choice }: Schedule, bid: number): number {
  const parent = model.parent[bid] ?? -1;
  return parent < 0 ? -1 : (model.wayPool[choice[parent] ?? -1] ?? -1);
}

/** Takes part in conditions, as the one or the other. */
export function isConditional({ group, parent, children }: Model, bid: number): boolean {
  return group[bid] !== -1 || parent[bid] !== -1 || children.has(bid);
}

/** Who must go when a bid goes: its children that have something, and theirs. */
export function dependants(schedule: Schedule, bid: number): number[] {
  const { model, choice, fills } = schedule;
  const own = model.children.get(bid);
  if (own === undefined) return [];
  return own
    .filter((child) => choice[child] !== -1 || fills[child] !== undefined)
    .flatMap((child) => [child, ...dependants(schedule, child)]);
}

/** Takes a gang's place away, and all that depends on it. */
export function unplaceWhole(schedule: Schedule, bid: number): void {
  for (const other of dependants(schedule, bid)) {
    if (schedule.choice[other] !== -1) unplace(schedule, other);
    emptyFills(schedule, other);
  }
  unplace(schedule, bid);
}
