import type { CenterId, PlacementId } from "../../events/catalog/values.ts";
import { conflict, type Rejected } from "../decider.ts";
import { type KnownJob, type Placement, placementOf } from "./state.ts";

/** The placement that a center speaks of, or why it may not. */
export function placementFor(
  job: KnownJob,
  id: PlacementId,
  center: CenterId,
): { ok: true; placement: Placement } | Rejected {
  const placement = placementOf(job, id);
  if (placement === undefined) {
    return conflict("placement-unknown", "The job has no such placement.", "/placement");
  }
  if (!placement.centers.includes(center) && !placement.lost.has(center)) {
    return conflict("not-your-placement", "The center has no part in this placement.", "/center");
  }
  return { ok: true, placement };
}
