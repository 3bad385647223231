import * as z from "zod";
import { AuctionNumber } from "../../events/catalog/values.ts";
import type { KnownAuction } from "../../market/auction.ts";
import { demandCurve, supplyCurve } from "../../market/book/curves.ts";
import { instanceAt } from "../../market/book/instance.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { afterSeal } from "./after-seal.ts";
import { loadAuction, tellAuction } from "./latest-auction.ts";

/** Seals an auction whose pages are all published; then the next gate may close. */
export const create = step(z.object({ auction: AuctionNumber }), async (access, { auction }) => {
  const published = await loadAuction(access, auction);
  const sealed = published.phase === "solved" ? await seal(access, auction, published) : published;
  if (sealed.phase !== "open") await afterSeal(access, auction, sealed);
  return { auction };
});
export const handler = onLambda(create);

async function seal(access: Access, auction: number, published: KnownAuction) {
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
  return tellAuction(access, auction, command, `clear/${auction}`);
}
