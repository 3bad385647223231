import { gzipSync } from "node:zlib";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { PoolSupply } from "../../market/book/supply-left.ts";
import { OfferChange, type SupplySeen, type SupplyView } from "../../market/views/supply.ts";
import { offerChangesKey, viewKeys } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

/** Steps of one pool that an item holds, whatever they are; the dearest beyond are left out of quotes. */
const stepsMost = 25_000;
/** Changes of offers that one auction forgets at most: views that are made anew have all that ever were. */
const forgottenMost = 5_000;

/**
 * What a sealed auction left, for quotes: one item a pool. `position`: what its book had seen of the feed; changes of
 * offers up to there are in it, and need no item of their own any more.
 */
export async function saveSupply(
  { views, auctionItems }: Pick<Access, "views" | "auctionItems">,
  auction: number,
  position: number,
  supply: readonly PoolSupply[],
): Promise<void> {
  await forEachInFlight(16, supply, async ({ center, product, steps }) => {
    const text = gzipSync(JSON.stringify(steps.slice(0, stepsMost))).toString("base64");
    const data: SupplyView = { auction, position, steps: text };
    await auctionItems.put({ ...viewKeys.supply(center, product), position: auction, data });
  });
  const seen: SupplySeen = { position };
  await auctionItems.put({ ...viewKeys.supplySeen, position: auction, data: seen });
  const changes = await views.list({ pk: offerChangesKey, limit: forgottenMost }, OfferChange);
  const known = changes.filter((change) => change.position <= position);
  await forEachInFlight(16, known, (change) => views.remove(change, change.position));
}
