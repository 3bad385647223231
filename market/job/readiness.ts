import { jobKinds } from "../job-kinds.ts";
import { type AwardBalance, cutFrom } from "../settlement/award-balance.ts";
import { type KnownJob, type Placement, placementOf } from "./state.ts";

// Cards that no center said were ready were not delivered: nobody pays for them. A gang runs at all of its centers or at
// none; of a divisible job each center's part is ready by itself.

/** Whether any cards of a placement in force are ready. */
export function isAnythingReady(job: KnownJob, { accepted }: Placement): boolean {
  return job.phase !== "reserved" || (isDivisible(job) && accepted.length > 0);
}

/** An award of a divisible job without the centers that have not said that they are ready, though others may run. */
export function readyPart(job: KnownJob, balance: AwardBalance): AwardBalance {
  const root = job.placementOf.get(balance.award.placement);
  const placement = root === undefined ? undefined : placementOf(job, root);
  if (placement === undefined || !isDivisible(job)) return balance;
  const silent = placement.centers.filter((center) => !placement.accepted.includes(center));
  return cutFrom(balance, silent, balance.paidFrom);
}

function isDivisible({ request }: KnownJob): boolean {
  return jobKinds[request.spec.kind].divisible;
}
