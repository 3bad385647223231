import { inForce, type KnownJob } from "../../market/job/state.ts";
import { statusOf } from "./job-resource.ts";

/** What a job's parent means for its next bid, as their logs have it now: what the book will see at a gate. */
export interface ChildWait {
  /** Slot at which its parent ends, or ended; 0: it holds it back no more. */
  readonly from: number;
  /** One sentence: what must happen before it can bid; absent: nothing. */
  readonly waits?: string;
}

export function childWaitOf({ request: { spec }, awardedSlots }: KnownJob, parent: KnownJob): ChildWait {
  const { job } = parent.request;
  const own = parent.request.spec;
  const placement = inForce(parent);
  switch (parent.phase) {
    case "completed":
      return { from: parent.completedSlot ?? 0 };
    case "rejected":
    case "failed":
    case "cancelled":
    case "expired":
      return awardedSlots > 0
        ? { from: 0 }
        : {
            from: 0,
            waits: `Its parent, job ${job}, is ${statusOf(parent)}: it leaves the book at the next gate.`,
          };
    case "requested":
    case "queued":
    case "reserved":
    case "accepted":
    case "running":
      break;
    default:
      return parent.phase satisfies never;
  }
  if (own.extendLimit !== undefined)
    return {
      from: placement?.end ?? 0,
      waits: `It waits until its parent, job ${job}, has completed: that has an extendLimit and may run longer than its award.`,
    };
  if (placement !== undefined) return { from: placement.end };
  if (own.session === spec.session) return { from: 0 };
  return {
    from: 0,
    waits: `It waits for an award of its parent, job ${job}, which bids in the ${own.session} session.`,
  };
}
