/**
 * A map that is never changed, only followed by another one, where a change copies about the square root of its entries
 * instead of all of them: `recent` lies over `base`, less what is `gone` of it. It keeps the order of a `Map`. Accounts
 * and days of many thousand entries fold in time that grows little faster than their events, not with their square.
 */
export interface LayeredMap<Key, Value> {
  readonly base: ReadonlyMap<Key, Value>;
  readonly recent: ReadonlyMap<Key, Value>;
  /** Keys of `base` that were deleted; one that was set again since stands in `recent`. */
  readonly gone: ReadonlySet<Key>;
}

/** Entries over the base at most: as many as make copying them and, now and then, the base cost the same. */
const recentMost = (base: number) => Math.max(64, Math.ceil(Math.sqrt(2 * base)));

export function layered<Key, Value>(entries: Iterable<readonly [Key, Value]> = []): LayeredMap<Key, Value> {
  return { base: new Map(entries), recent: new Map(), gone: new Set() };
}

export function hasKey<Key, Value>({ base, recent, gone }: LayeredMap<Key, Value>, key: Key): boolean {
  return recent.has(key) || (base.has(key) && !gone.has(key));
}

export function sizeOf<Key, Value>({ base, recent, gone }: LayeredMap<Key, Value>): number {
  let fresh = 0;
  for (const key of recent.keys()) if (!base.has(key) || gone.has(key)) fresh += 1;
  return base.size - gone.size + fresh;
}

export function valueAt<Key, Value>(
  { base, recent, gone }: LayeredMap<Key, Value>,
  key: Key,
): Value | undefined {
  if (recent.has(key)) return recent.get(key);
  return gone.has(key) ? undefined : base.get(key);
}

export function withEntry<Key, Value>(
  map: LayeredMap<Key, Value>,
  key: Key,
  value: Value,
): LayeredMap<Key, Value> {
  const recent = new Map(map.recent).set(key, value);
  return settledDown({ ...map, recent });
}

export function withoutKey<Key, Value>(map: LayeredMap<Key, Value>, key: Key): LayeredMap<Key, Value> {
  if (!hasKey(map, key)) return map;
  const recent = new Map(map.recent);
  recent.delete(key);
  const gone = map.base.has(key) ? new Set(map.gone).add(key) : map.gone;
  return settledDown({ ...map, recent, gone });
}

function settledDown<Key, Value>(map: LayeredMap<Key, Value>): LayeredMap<Key, Value> {
  if (map.recent.size + map.gone.size <= recentMost(map.base.size)) return map;
  const base = new Map(map.base);
  for (const key of map.gone) base.delete(key);
  for (const [key, value] of map.recent) base.set(key, value);
  return { base, recent: new Map(), gone: new Set() };
}

/** All entries, in the order in which a `Map` would have them. */
export function* entriesIn<Key, Value>({
  base,
  recent,
  gone,
}: LayeredMap<Key, Value>): Generator<readonly [Key, Value]> {
  for (const [key, value] of base)
    if (!gone.has(key)) yield [key, recent.has(key) ? (recent.get(key) ?? value) : value];
  for (const entry of recent) if (!base.has(entry[0]) || gone.has(entry[0])) yield entry;
}

export function valuesIn<Key, Value>(map: LayeredMap<Key, Value>): Value[] {
  return Array.from(entriesIn(map), ([, value]) => value);
}
