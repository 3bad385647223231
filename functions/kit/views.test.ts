import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { createMemoryDatabase } from "../../events/store/memory-database.ts";
import { createTables, testTables } from "../../test/dynalite.ts";
import { createAuctionItems, createViews } from "./views.ts";

async function emptyViews() {
  const database = createMemoryDatabase();
  await createTables(database);
  return { database, views: createViews(database, testTables.views) };
}

test("an item is what the latest page made of it, in whatever order and however often pages come", async () => {
  const write = fc.record({ position: fc.integer({ min: 1, max: 6 }), remove: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 15 }), async (writes) => {
      const { views } = await emptyViews();
      const key = { pk: "offers", sk: "o-1" };
      let model: number | undefined;
      for (const { position, remove } of writes) {
        if (remove) {
          expect(await views.remove(key, position)).toBe(model !== undefined && model <= position);
          if (model !== undefined && model <= position) model = undefined;
        } else {
          const newer = model === undefined || model < position;
          expect(await views.put({ ...key, position, data: { position } })).toBe(newer);
          if (newer) model = position;
        }
        const item = await views.get(key, z.object({ position: z.int() }));
        expect(item?.position).toBe(model);
        expect(item?.data.position).toBe(model);
      }
    }),
  );
});

test("a list has a partition's items in order, from either end and after any of them", async () => {
  const { views } = await emptyViews();
  const keys = ["a", "b", "c", "d"];
  for (const sk of keys) await views.put({ pk: "list", sk, position: 1, data: sk });
  await views.put({ pk: "other", sk: "b2", position: 1, data: "other" });
  const list = async (range: { after?: string; descending?: boolean; limit?: number }) =>
    (await views.list({ pk: "list", ...range }, z.string())).map(({ data }) => data);
  expect(await list({})).toEqual(keys);
  expect(await list({ after: "b" })).toEqual(["c", "d"]);
  expect(await list({ descending: true })).toEqual(keys.toReversed());
  expect(await list({ descending: true, after: "c", limit: 1 })).toEqual(["b"]);
  const wanted = ["d", "x", "a", "d"].map((sk) => ({ pk: "list", sk }));
  expect((await views.getMany(wanted, z.string())).map(({ data }) => data)).toEqual(["d", "a"]);
});

test("the position that all items have seen moves forward only", async () => {
  const { views } = await emptyViews();
  expect(await views.asOf()).toBe(0);
  expect(await views.advance(5)).toBe(true);
  expect(await views.advance(4)).toBe(false);
  expect(await views.advance(5)).toBe(false);
  expect(await views.asOf()).toBe(5);
});

test("what is no item of this version is refused rather than shown", async () => {
  const { database } = await emptyViews();
  const items = createAuctionItems(database, testTables.views);
  await database.put(testTables.views, { pk: "list", sk: "a", data: "1" });
  await expect(items.list({ pk: "list" }, z.unknown())).rejects.toThrow("is no view");
  await items.put({ pk: "list", sk: "b", position: 1, data: { old: true } });
  await expect(items.get({ pk: "list", sk: "b" }, z.string())).rejects.toThrow(z.ZodError);
});

test("views of another generation lie apart, and begin at the first page; what auctions wrote is there for all", async () => {
  const { database, views } = await emptyViews();
  const key = { pk: "list", sk: "a" };
  await views.put({ ...key, position: 7, data: "old" });
  await views.advance(7);
  await createAuctionItems(database, testTables.views).put({ ...key, position: 3, data: "left" });
  const next = createViews(database, testTables.views, 2);
  expect(await next.asOf()).toBe(0);
  expect(await next.get(key, z.string())).toBeUndefined();
  await next.put({ ...key, position: 1, data: "new" });
  await next.advance(1);
  const shown = [views, next, createAuctionItems(database, testTables.views)].map(async (items) => {
    const item = await items.get(key, z.string());
    return [item?.pk, item?.data];
  });
  expect(await Promise.all(shown)).toEqual([
    ["list", "old"],
    ["list", "new"],
    ["list", "left"],
  ]);
  expect([await views.asOf(), await next.asOf()]).toEqual([7, 1]);
});
