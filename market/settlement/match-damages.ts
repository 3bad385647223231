import type { ChargeLine } from "../../events/catalog/job.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { chargesByCenters, chargesOfLateContinuation, chargesOfReduction } from "../job/charging.ts";
import { type KnownJob, type Placement, placementOf, silentCenters } from "../job/state.ts";
import type { AwardBalance } from "./award-balance.ts";
import { deliveredLines, withinValue } from "./charges.ts";
import type { JobFactEvent } from "./match-facts.ts";

// What centers owe for their faults, and what is credited for lost work: worked out anew by the job's own charging rules
// from the state that the match has of the job when the fault is told.

type DataOf<Type extends JobFactEvent["type"]> = Extract<JobFactEvent, { type: Type }>["data"];

/** Lines by charge. */
export type DueLines = ReadonlyMap<string, readonly ChargeLine[]>;

const byCharge = (charges: ReturnType<typeof chargesByCenters>): DueLines =>
  new Map(charges.map(({ data }) => [data.charge, data.lines]));

/** A placement that centers bring to its end. @param job before it ended */
export function dueOfDisplacement(job: KnownJob, data: DataOf<"JobDisplaced">): DueLines {
  const placement = placementOf(job, data.placement);
  if (placement === undefined || data.cause === "continuationLost" || data.cause === "reclaimed")
    return new Map();
  const faults = { centers: faultyOf(placement, data), slot: data.slot, at: Date.parse(data.at) };
  const fewer = data.cause === "fewerCards" ? { fewerCards: true as const } : {};
  return byCharge(chargesByCenters(job, placement, { ...faults, ...fewer }));
}

/** The event names the first one: of those that were silent the state tells all. */
function faultyOf(placement: Placement, { cause, center }: DataOf<"JobDisplaced">): readonly CenterId[] {
  // An exchange that was away could hear nobody: then none is named.
  if (center === undefined) return [];
  return cause === "notAccepted" || cause === "notStarted" ? silentCenters(placement, cause) : [center];
}

/** A divisible job that goes on without a center. @param job before it was charged for that */
export function dueOfReduction(job: KnownJob, data: DataOf<"JobReduced">): DueLines {
  const placement = placementOf(job, data.placement);
  if (placement === undefined || data.unheard === true) return new Map();
  return byCharge(chargesOfReduction(job, placement, data.center, data.slot, Date.parse(data.at)));
}

/** A continuation that follows on nothing, for its run had ended. @param job with the award */
export function dueOfLateContinuation(job: KnownJob, run: Placement, at: number): DueLines {
  const balance = job.balances.at(-1);
  return balance === undefined ? new Map() : byCharge(chargesOfLateContinuation(job, run, balance, at));
}

/** Any other charge of delivered slots: the centers pay for the cards that they had not (row 12). */
export function dueOfDelivery(
  ready: AwardBalance,
  { from, to }: { readonly from: number; readonly to: number },
): readonly ChargeLine[] {
  return withinValue(ready, deliveredLines({ ...ready, chargedTo: from }, to, 3));
}
