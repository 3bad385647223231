import { beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../events/store/dynamo.ts";
import { createMemoryDatabase } from "../../events/store/memory-database.ts";
import { countingDatabase, createItemSizes, type DatabaseCall } from "./counting-database.ts";

const text = (kilobytes: number) => "x".repeat(kilobytes * 1024);
const key = { pk: "job-1", sk: "a" };

let calls: DatabaseCall[];
let database: Database;
beforeEach(async () => {
  calls = [];
  database = countingDatabase(createMemoryDatabase(), createItemSizes(), (call) => calls.push(call));
  await database.createTable("log", { pk: "S", sk: "S" });
});

const units = () =>
  calls.map(({ kind, writeUnits, readUnits, refused }) => [kind, writeUnits, readUnits, refused]);

describe("a counted database", () => {
  test("charges a write for the larger of the item before and after, also where it is refused", async () => {
    await database.put("log", { ...key, bytes: text(2) });
    await database.put("log", { ...key, bytes: "small" });
    expect(await database.put("log", { ...key, bytes: text(5) }, [{ absent: "pk" }])).toBe(false);
    await database.put("log", { ...key, bytes: text(5) });
    await database.remove("log", key);
    expect(units()).toEqual([
      ["put", 3, 0, false],
      ["put", 3, 0, false],
      ["put", 6, 0, true],
      ["put", 6, 0, false],
      ["remove", 6, 0, false],
    ]);
  });

  test("charges reads key by key in a batch, by their sum in a query, and for what is not there", async () => {
    for (const sk of ["a", "b", "c"]) await database.put("log", { pk: "job-1", sk, bytes: text(1) });
    calls.length = 0;
    await database.get("log", key);
    await database.get("log", { pk: "job-2", sk: "a" });
    await database.getMany("log", [key, { pk: "job-1", sk: "b" }, { pk: "job-2", sk: "a" }]);
    await database.getMany("log", []);
    await database.query("log", { pk: "job-1" });
    await database.query("log", { pk: "job-2" });
    expect(units()).toEqual([
      ["get", 0, 1, false],
      ["get", 0, 1, false],
      ["getMany", 0, 3, false],
      ["query", 0, 1, false],
      ["query", 0, 1, false],
    ]);
  });

  test("charges a whole item whatever attributes are asked for, and refuses to guess", async () => {
    await database.put("log", { ...key, bytes: text(9) });
    calls.length = 0;
    await database.query("log", { pk: "job-1", attributes: ["sk"] });
    expect(units()).toEqual([["query", 0, 3, false]]);
    await expect(database.query("log", { pk: "job-1", attributes: ["bytes"] })).rejects.toThrow("sort key");
  });
});
