import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database, Item } from "./dynamo.ts";

/** An engine with empty tables, for one suite. */
export interface Engine {
  readonly database: Database;
  stop(): Promise<void>;
}

/** What every implementation of Database does. @param table name of a table with string keys pk and sk */
export function describeDatabase(name: string, start: () => Promise<Engine>, table: string): void {
  describe(`database: ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await start();
    });
    afterAll(() => engine.stop());
    const put = (item: Item) => engine.database.put(table, item);
    const key = (pk: string, sk: string) => ({ pk, sk });

    test("keeps strings of any characters and numbers", async () => {
      const item = {
        ...key("kept", "a"),
        text: "",
        han: "算网\u0000🐉",
        large: 9_007_199_254_740_991,
        small: -0.5,
      };
      await put(item);
      expect(await engine.database.get(table, key("kept", "a"))).toEqual(item);
      expect(await engine.database.get(table, key("kept", "b"))).toBeUndefined();
    });

    test("writes if any condition holds", async () => {
      const { database } = engine;
      const item = (n: number) => ({ ...key("conditional", "a"), n });
      const newer = (n: number) => [{ absent: "pk" }, { attribute: "n", is: "<", to: n }] as const;
      expect(await database.put(table, item(2), [{ attribute: "n", is: "<", to: 2 }])).toBe(false);
      expect(await database.put(table, item(2), newer(2))).toBe(true);
      expect(await database.put(table, item(2), newer(2))).toBe(false);
      expect(await database.put(table, item(1), newer(1))).toBe(false);
      expect(await database.put(table, item(3), newer(3))).toBe(true);
      expect(await database.get(table, key("conditional", "a"))).toEqual(item(3));
    });

    test.for([
      ["<", [true, false, false]],
      ["<=", [true, true, false]],
      ["=", [false, true, false]],
      [">=", [false, true, true]],
      [">", [false, false, true]],
    ] as const)("compares by %s", async ([is, expected]) => {
      const held: boolean[] = [];
      for (const n of [1, 2, 3]) {
        await put({ ...key("compared", is), n });
        const condition = { attribute: "n", is, to: 2 } as const;
        held.push(await engine.database.update(table, key("compared", is), { met: 1 }, [condition]));
      }
      expect(held).toEqual(expected);
    });

    test("a condition on an attribute of another type or of no item fails", async () => {
      const { database } = engine;
      const condition = [{ attribute: "n", is: "=", to: 1 }] as const;
      expect(await database.remove(table, key("typed", "a"), condition)).toBe(false);
      await put({ ...key("typed", "a"), n: "1" });
      expect(await database.remove(table, key("typed", "a"), condition)).toBe(false);
      expect(await database.remove(table, key("typed", "a"))).toBe(true);
      expect(await database.get(table, key("typed", "a"))).toBeUndefined();
    });

    test("an update keeps the other attributes and makes a missing item", async () => {
      const { database } = engine;
      await put({ ...key("updated", "a"), n: 1, kept: "yes" });
      await database.update(table, key("updated", "a"), { n: 2, name: "reserved words are names too" });
      await database.update(table, key("updated", "b"), { n: 3 });
      expect(await database.query(table, { pk: "updated" })).toEqual([
        { ...key("updated", "a"), n: 2, kept: "yes", name: "reserved words are names too" },
        { ...key("updated", "b"), n: 3 },
      ]);
    });

    test("a range is ordered, bounded, projected and may be read backwards", async () => {
      const { database } = engine;
      for (const sk of ["b#1", "a#2", "a#1", "c", "a#10"]) await put({ ...key("ranged", sk), n: 1 });
      await put({ ...key("ranged-other", "a#1"), n: 1 });
      const sortKeys = async (range: Parameters<Database["query"]>[1]) =>
        (await database.query(table, range)).map(({ sk }) => sk);
      const pk = "ranged";
      expect(await sortKeys({ pk })).toEqual(["a#1", "a#10", "a#2", "b#1", "c"]);
      expect(await sortKeys({ pk, prefix: "a#" })).toEqual(["a#1", "a#10", "a#2"]);
      expect(await sortKeys({ pk, after: "a#2" })).toEqual(["b#1", "c"]);
      expect(await sortKeys({ pk, before: "a#2" })).toEqual(["a#1", "a#10"]);
      expect(await sortKeys({ pk, descending: true, limit: 2 })).toEqual(["c", "b#1"]);
      expect(await database.query(table, { pk, prefix: "c", attributes: ["n"] })).toEqual([{ n: 1 }]);
    });

    test("reads more than one response holds", async () => {
      const { database } = engine;
      const text = "x".repeat(300_000);
      const sortKeys = ["1", "2", "3", "4", "5", "6", "7"];
      for (const sk of sortKeys) await put({ ...key("large", sk), text });
      const whole = await database.query(table, { pk: "large" });
      expect(whole.map(({ sk }) => sk)).toEqual(sortKeys);
      expect(await database.query(table, { pk: "large", limit: 5 })).toHaveLength(5);
      const seen: unknown[] = [];
      for await (const items of database.scan(table, ["pk", "sk"])) seen.push(...items);
      for (const sk of sortKeys) expect(seen).toContainEqual(key("large", sk));
    });

    test("gets any number of items at once", async () => {
      const { database } = engine;
      const keys = Array.from({ length: 230 }, (_, n) => key(`many-${n}`, "a"));
      await Promise.all(keys.filter((_, n) => n % 2 === 0).map(put));
      const found = await database.getMany(table, keys);
      expect(found.map(({ pk }) => pk).sort()).toEqual(
        keys
          .filter((_, n) => n % 2 === 0)
          .map(({ pk }) => pk)
          .sort(),
      );
      expect(await database.getMany(table, [])).toEqual([]);
    });

    test("a table that exists is left as it is", async () => {
      await put(key("left", "a"));
      await engine.database.createTable(table, { pk: "S", sk: "S" });
      expect(await engine.database.get(table, key("left", "a"))).toEqual(key("left", "a"));
    });
  });
}
