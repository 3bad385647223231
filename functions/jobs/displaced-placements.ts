import { streams } from "../../events/catalog/streams.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { jobDecider } from "../../market/job.ts";
import { PlacementView } from "../../market/views/jobs.ts";
import { openPlacementsKey } from "../../market/views/view.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

/**
 * Displaces what runs at a lost center. The list may lag behind the log: the decider sees what is in force, and the
 * sweeper of leases asks again for as long as the center is lost.
 */
export async function displacePlacements(access: Access, center: CenterId): Promise<void> {
  const open = await access.views.list({ pk: openPlacementsKey }, PlacementView);
  const own = open.filter(({ data }) => data.centers.includes(center));
  const at = access.clock.now();
  await forEachInFlight(32, own, ({ data: { job, placement } }) => {
    const meta = exchangeCommand(access, `lost/${placement}/${center}/${at}`, `center-${center}`);
    const command = { type: "Displace", placement, cause: "centerLost", center, at } as const;
    return execute(access.store, jobDecider, streams.job(job), command, meta);
  });
}
