import { streams } from "../../events/catalog/streams.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { centerDecider } from "../../market/center.ts";
import { rules } from "../../market/rules.ts";
import { slotOf, slotStart } from "../../market/time.ts";
import { CenterView } from "../../market/views/centers.ts";
import { centersKey } from "../../market/views/view.ts";
import { thereSince } from "../auctions/closed-gates.ts";
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

/**
 * Whether centers could renew their leases lately: an exchange that was away took no renewal, and must not hold that
 * against them.
 */
async function hasBeenThere(access: Access): Promise<boolean> {
  const now = access.clock.now();
  const since = await thereSince(access, slotOf(now) - rules.silenceSlots - 1);
  return slotStart(since + rules.silenceSlots) <= now;
}

async function lose(access: Access, center: CenterId, now: number): Promise<void> {
  const meta = exchangeCommand(access, `lose/${center}/${now}`, `center-${center}`);
  await execute(access.store, centerDecider, streams.center(center), { type: "Lose", at: now }, meta);
  await displacePlacements(access, center);
}
