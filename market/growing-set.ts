/**
 * A set of texts that only grows; what it was before an addition stays as it was. Levels shrink from each to the next,
 * and levels of like size are made one, so that an addition copies few values in the mean and not all of them.
 */
export type GrowingSet = readonly ReadonlySet<string>[];

export const emptySet: GrowingSet = [];

export function contains(set: GrowingSet, value: string): boolean {
  return set.some((level) => level.has(value));
}

export function added(set: GrowingSet, value: string): GrowingSet {
  if (contains(set, value)) return set;
  const levels = [...set];
  let last: ReadonlySet<string> = new Set([value]);
  for (let above = levels.at(-1); above !== undefined && above.size <= last.size; above = levels.at(-1)) {
    levels.pop();
    last = new Set([...above, ...last]);
  }
  return [...levels, last];
}
