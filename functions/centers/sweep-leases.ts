import { streams } from "../../events/catalog/streams.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { centerDecider } from "../../market/center.ts";
import { slotOf } from "../../market/time.ts";
import { AuctionView } from "../../market/views/auctions.ts";
import { CenterView } from "../../market/views/centers.ts";
import { auctionsKey, centersKey } from "../../market/views/view.ts";
import { displacePlacements } from "../jobs/displaced-placements.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { scheduled } from "../kit/scheduled.ts";
import { leasesUntil } from "./lease.ts";

/** A center whose lease ran out is lost, and what runs there is displaced. */
export const create = scheduled(async (access) => {
  if (!(await hasBeenThere(access))) return;
  const centers = await access.views.list({ pk: centersKey }, CenterView);
  const now = access.clock.now();
  const ids = centers.map(({ data }) => data.center);
  const leases = await leasesUntil(access, ids);
  const silent = ids.filter((center) => (leases.get(center) ?? 0) <= now);
  await forEachInFlight(16, silent, (center) => lose(access, center, now));
});
export const handler = onLambda(create);

/** Spot gates in a row before silence counts: a whole slot, in which a center renews its lease more than once. */
const gatesInRow = 3;

/**
 * Whether centers could renew their leases lately: an exchange that was away took no renewal, and must not hold that
 * against them. Gates close in every slot; if the last ones left none out and reach up to now, it has been there.
 */
async function hasBeenThere({ views, clock }: Access): Promise<boolean> {
  // At most every other one is a forward gate.
  const newest = await views.list({ pk: auctionsKey, descending: true, limit: 2 * gatesInRow }, AuctionView);
  const gates = newest
    .flatMap(({ data }) => (data.session === "spot" ? [data.gate] : []))
    .slice(0, gatesInRow);
  const [last] = gates;
  if (last === undefined) return true;
  return last >= slotOf(clock.now()) - 1 && gates.every((gate, index) => gate === last - index);
}

async function lose(access: Access, center: CenterId, now: number): Promise<void> {
  const meta = exchangeCommand(access, `lose/${center}/${now}`, `center-${center}`);
  await execute(access.store, centerDecider, streams.center(center), { type: "Lose", at: now }, meta);
  await displacePlacements(access, center);
}
