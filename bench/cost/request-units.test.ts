import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item } from "../../events/store/dynamo.ts";
import { startDynalite, type TestDatabase, testTables } from "../../test/dynalite.ts";
import { itemBytes, messageUnits, readUnits, writeUnits } from "./request-units.ts";

const edges = (unit: number) => [
  [0, 1],
  [1, 1],
  [unit - 1, 1],
  [unit, 1],
  [unit + 1, 2],
  [2 * unit, 2],
  [2 * unit + 1, 3],
];

describe("request units", () => {
  test.each(edges(1024))("%i bytes are written as %i", (bytes, units) =>
    expect(writeUnits(bytes)).toBe(units),
  );
  test.each(edges(4096))("%i bytes are read as %i", (bytes, units) => expect(readUnits(bytes)).toBe(units));
  test.each(edges(65_536))("%i bytes are sent as %i", (bytes, units) =>
    expect(messageUnits(bytes)).toBe(units),
  );

  test("are of an item's names and values in UTF-8", () => {
    expect(itemBytes({ pk: "京", n: 0 })).toBe(2 + 3 + 1 + 1);
  });

  test("never shrink with size, and what is split never costs less", () => {
    const bytes = fc.integer({ min: 0, max: 400_000 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        for (const units of [writeUnits, readUnits, messageUnits]) {
          expect(units(Math.max(a, b))).toBeGreaterThanOrEqual(units(Math.min(a, b)));
          expect(units(a) + units(b)).toBeGreaterThanOrEqual(units(a + b));
        }
      }),
    );
  });
});

describe("what is charged", () => {
  let engine: TestDatabase;
  let client: DynamoDBClient;
  beforeAll(async () => {
    engine = await startDynalite();
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    client = new DynamoDBClient({ region: "local", endpoint: engine.endpoint, credentials });
  });
  afterAll(async () => {
    client.destroy();
    await engine.stop();
  });

  test("is what an engine says of itself, whatever the item", async () => {
    const item = fc.record({
      // Around the edges of 1 and 4 KB, with the other attributes.
      text: fc
        .oneof(fc.integer({ min: 980, max: 1_024 }), fc.integer({ min: 4_052, max: 4_096 }))
        .map((length) => "x".repeat(length)),
      // The engine counts letters beyond ASCII as if they were one byte, DynamoDB does not.
      name: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 }),
      number: fc.oneof(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(0, 1, 10, 100, 12, 120, 1e15)),
    });
    await fc.assert(
      fc.asyncProperty(item, async ({ text, name, number }) => {
        const stored: Item = { pk: "units", sk: 7, bytes: text, name, number };
        const [table, capacity] = [testTables.log, "TOTAL"] as const;
        const put = await client.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              pk: { S: "units" },
              sk: { N: "7" },
              bytes: { S: text },
              name: { S: name },
              number: { N: String(number) },
            },
            ReturnConsumedCapacity: capacity,
          }),
        );
        const got = await client.send(
          new GetItemCommand({
            TableName: table,
            Key: { pk: { S: "units" }, sk: { N: "7" } },
            ConsistentRead: true,
            ReturnConsumedCapacity: capacity,
          }),
        );
        // The engine charges an overwritten item by the larger of the two, so the item before is taken away.
        await engine.database.remove(table, { pk: "units", sk: 7 });
        expect(put.ConsumedCapacity?.CapacityUnits).toBe(writeUnits(itemBytes(stored)));
        expect(got.ConsumedCapacity?.CapacityUnits).toBe(readUnits(itemBytes(stored)));
      }),
      { numRuns: 200 },
    );
  });
});
