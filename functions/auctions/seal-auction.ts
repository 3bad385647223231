import { z } from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { AuctionNumber } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { auctionDecider, type KnownAuction } from "../../market/auction.ts";
import { demandCurve, supplyCurve } from "../../market/book/curves.ts";
import { instanceAt } from "../../market/book/instance.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { afterSeal } from "./after-seal.ts";
import { loadAuction } from "./latest-auction.ts";

/** Seals an auction whose pages are all published; then the next gate may close. */
export const create = step(z.object({ auction: AuctionNumber }), async (access, { auction }) => {
  const published = await loadAuction(access, auction);
  if (published.phase === "solved") await seal(access, auction, published);
  const sealed = await loadAuction(access, auction);
  if (sealed.phase !== "open") await afterSeal(access, auction, sealed);
  return { auction };
});
export const handler = onLambda(create);

async function seal(access: Access, auction: number, published: KnownAuction): Promise<void> {
  const instance = instanceAt(await access.books.at(auction - 1, published.position), {
    ...published,
    auction,
  });
  const command = {
    type: "Clear",
    at: access.clock.now(),
    demand: demandCurve(instance),
    supply: supplyCurve(instance),
  } as const;
  const meta = exchangeCommand(access, `clear/${auction}`, `auction-${auction}`);
  await execute(access.store, auctionDecider, streams.auction(auction), command, meta);
}
