import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { scheduled } from "../kit/scheduled.ts";
import { isEnded, latestAuction, loadAuction } from "./latest-auction.ts";

/** Measures between two gates whether auctions run: it needs the log alone, so that it tells what their workflow cannot. */
export const create = scheduled(async (access, observer) => {
  const { gateAge, unsealedAge } = await agesOf(access);
  observer.measure("GateAge", gateAge);
  observer.measure("UnsealedAge", unsealedAge);
});
export const handler = onLambda(create);

/** Seconds since the last gate closed, and as long as its auction is without a seal; 0: there is none such. */
async function agesOf(access: Access): Promise<{ gateAge: number; unsealedAge: number }> {
  const auction = await loadAuction(access, await latestAuction(access, 0));
  if (auction.phase === "open") return { gateAge: 0, unsealedAge: 0 };
  const gateAge = Math.max(0, (access.clock.now() - Date.parse(auction.at)) / 1000);
  return { gateAge, unsealedAge: isEnded(auction) ? 0 : gateAge };
}
