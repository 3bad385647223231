import type { AttributeContent, Condition, Database, Item, Range } from "./dynamo.ts";

/**
 * The tables in memory, for simulators, benches and tests: the same answers as DynamoDB's, no faults of its own.
 * Every method answers in a later turn of the event loop, so that callers interleave.
 */
export function createMemoryDatabase(): Database {
  const tables = new Map<string, Table>();
  const tableOf = (name: string) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  };
  const write = async (
    name: string,
    key: Item,
    anyOf: readonly Condition[],
    next: (old?: Item) => Item | undefined,
  ) => {
    await turn();
    const table = tableOf(name);
    const partition = table.get(key.pk) ?? new Map<AttributeContent | undefined, Item>();
    table.set(key.pk, partition);
    const old = partition.get(key.sk);
    if (anyOf.length > 0 && !anyOf.some((condition) => holds(condition, old))) return false;
    const item = next(old);
    if (item === undefined) partition.delete(key.sk);
    else partition.set(key.sk, item);
    return true;
  };
  return {
    async get(name, key) {
      await turn();
      return tableOf(name).get(key.pk)?.get(key.sk);
    },
    async getMany(name, keys) {
      await turn();
      const table = tableOf(name);
      return keys.map(({ pk, sk }) => table.get(pk)?.get(sk)).filter((item) => item !== undefined);
    },
    put: (name, item, anyOf = []) => write(name, item, anyOf, () => ({ ...item })),
    update: (name, key, set, anyOf = []) => write(name, key, anyOf, (old) => ({ ...key, ...old, ...set })),
    remove: (name, key, anyOf = []) => write(name, key, anyOf, () => undefined),
    async query(name, range) {
      await turn();
      const partition = [...(tableOf(name).get(range.pk)?.values() ?? [])];
      const items = partition.filter((item) => inRange(item, range));
      items.sort((a, b) => compare(a.sk, b.sk) * (range.descending === true ? -1 : 1));
      return items.slice(0, range.limit).map((item) => project(item, range.attributes));
    },
    async *scan(name, attributes) {
      await turn();
      const partitions = [...tableOf(name).values()];
      for (const partition of partitions)
        yield [...partition.values()].map((item) => project(item, attributes));
    },
    async createTable(name) {
      await turn();
      if (!tables.has(name)) tables.set(name, new Map());
    },
    close: () => tables.clear(),
  };
}

/** Items by partition key and sort key. */
type Table = Map<AttributeContent | undefined, Map<AttributeContent | undefined, Item>>;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function holds(condition: Condition, item: Item | undefined): boolean {
  if ("absent" in condition) return item?.[condition.absent] === undefined;
  const content = item?.[condition.attribute];
  // As in DynamoDB, contents of different types compare as false.
  if (typeof content !== typeof condition.to) return false;
  const order = compare(content, condition.to);
  switch (condition.is) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
    default:
      return condition.is satisfies never;
  }
}

/** Numbers by value, strings by their UTF-8 bytes. */
function compare(a: AttributeContent | undefined, b: AttributeContent | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function inRange(item: Item, { after, before, prefix }: Range): boolean {
  if (after !== undefined && compare(item.sk, after) <= 0) return false;
  if (before !== undefined && compare(item.sk, before) >= 0) return false;
  return prefix === undefined || String(item.sk).startsWith(prefix);
}

function project(item: Item, attributes: readonly string[] | undefined): Item {
  if (attributes === undefined) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => attributes.includes(name)));
}
