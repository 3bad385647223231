/** Half-open ranges `[from, to)` of slots or of instants; a list of them is in order and without overlaps. */
export type Range = readonly [from: number, to: number];

/** Their union. */
export function united(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].filter(([a, b]) => a < b).sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** What two lists share. */
export function shared(one: readonly Range[], other: readonly Range[]): Range[] {
  return united(
    one.flatMap(([from, to]) =>
      other.flatMap(([a, b]): Range[] => {
        const both: Range = [Math.max(from, a), Math.min(to, b)];
        return both[0] < both[1] ? [both] : [];
      }),
    ),
  );
}

/** What is left of a list without another. */
export function without(ranges: readonly Range[], taken: readonly Range[]): Range[] {
  let left = united(ranges);
  for (const [a, b] of taken)
    left = left.flatMap(([from, to]): Range[] => {
      if (b <= from || a >= to) return [[from, to]];
      const rest: Range[] = [];
      if (from < a) rest.push([from, a]);
      if (b < to) rest.push([b, to]);
      return rest;
    });
  return left;
}

export function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}
