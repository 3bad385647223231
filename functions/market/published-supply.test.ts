import { expect, test } from "vitest";
import { CenterId, FeedPosition, OfferId, ProductId } from "../../events/catalog/values.ts";
import { createMemoryDatabase } from "../../events/store/memory-database.ts";
import { OfferChange } from "../../market/views/supply.ts";
import { offerChangesKey, viewKeys } from "../../market/views/view.ts";
import { createTables, testTables } from "../../test/dynalite.ts";
import { saveSupply } from "../auctions/supply-left.ts";
import { createAuctionItems, createViews } from "../kit/views.ts";
import { createSupplyReader } from "./published-supply.ts";

const pool = { center: CenterId.parse("xian"), product: ProductId.parse("ascend910") };

async function world() {
  const database = createMemoryDatabase();
  await createTables(database);
  const views = createViews(database, testTables.views);
  const auctionItems = createAuctionItems(database, testTables.views);
  const read = createSupplyReader(views, auctionItems);
  const offer = (position: number, cards: number) => {
    const data = OfferChange.parse({ ...pool, from: 10, to: 20, cards, reserve: position });
    return views.put({
      ...viewKeys.offerChange(position, OfferId.parse(`o-${position}`), 1),
      position,
      data,
    });
  };
  const left = async () => (await read([pool])).flat().map(([, , cards, reserve]) => [reserve, cards]);
  const kept = async () =>
    (await views.list({ pk: offerChangesKey }, OfferChange)).map(({ position }) => position);
  return { views, auctionItems, offer, left, kept };
}

test("an offer is left to sell once, whether or not the auction that has seen it has forgotten it", async () => {
  const { views, auctionItems, offer, left, kept } = await world();
  await offer(3, 30);
  await offer(4, 40);
  expect(await left()).toEqual([
    [3, 30],
    [4, 40],
  ]);
  const supply = [{ ...pool, steps: [[10, 20, 25, 3] as const] }];
  await saveSupply({ views, auctionItems }, 1, FeedPosition.parse(3), supply);
  expect(await kept()).toEqual([4]);
  expect(await left()).toEqual([
    [3, 25],
    [4, 40],
  ]);
  // Views that are made anew have it again.
  await offer(3, 30);
  expect(await kept()).toEqual([3, 4]);
  expect(await left()).toEqual([
    [3, 25],
    [4, 40],
  ]);
});

test("changes that views made anew have of all the years are forgotten some at a time", async () => {
  const { views, auctionItems, offer, left, kept } = await world();
  for (let position = 1; position <= 5_010; position++) await offer(position, 1);
  await saveSupply({ views, auctionItems }, 1, FeedPosition.parse(5_009), []);
  expect(await kept()).toEqual(Array.from({ length: 10 }, (_, n) => 5_001 + n));
  expect(await left()).toEqual([[5_010, 1]]);
  await saveSupply({ views, auctionItems }, 2, FeedPosition.parse(5_009), []);
  expect(await kept()).toEqual([5_010]);
});
