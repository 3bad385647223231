import * as z from "zod";
import type { Award } from "../../events/catalog/award.ts";
import { Fill } from "../../events/catalog/award.ts";
import { type Exclusion, type JobEvent, JobSpec } from "../../events/catalog/job.ts";
import {
  AccountId,
  AuctionNumber,
  CenterId,
  FeedPosition,
  Instant,
  JobId,
  OwnerId,
  PlacementId,
  Slot,
} from "../../events/catalog/values.ts";
import { whyExcluded } from "../job/exclusion.ts";
import { awaitsFee } from "../settlement/award-balance.ts";
import { bidsForMore } from "../stretch.ts";
import {
  type At,
  assignmentsOf,
  put,
  remove,
  type ViewAppend,
  type ViewChange,
  type ViewEffect,
  viewKeys,
} from "./view.ts";

/** One award of a job, as its list and its centers need it. */
const ViewedPlacement = z.object({
  placement: PlacementId,
  /** First award of the run: the id in the centers' calls. */
  lease: PlacementId,
  auction: AuctionNumber,
  stretch: z.int().min(1),
  from: Slot,
  to: Slot,
  centers: z.array(CenterId),
});
type ViewedPlacement = z.infer<typeof ViewedPlacement>;

export const JobView = z.object({
  job: JobId,
  owner: OwnerId,
  account: AccountId,
  name: JobSpec.shape.name,
  session: JobSpec.shape.session,
  kind: JobSpec.shape.kind,
  cards: JobSpec.shape.cards,
  slots: JobSpec.shape.slots,
  status: z.enum([
    "requested",
    "rejected",
    "open",
    "placed",
    "running",
    "completed",
    "failed",
    "cancelled",
    "expired",
  ]),
  reason: z.string().optional(),
  requestedAt: Instant,
  /** It bids for a continuation at the end of its award. */
  mayGoOn: z.boolean().optional(),
  /** Run under the lease in force; 0: none has begun. */
  run: z.int().min(0),
  /** The last awards, oldest first. */
  placements: z.array(ViewedPlacement),
});
export type JobView = z.infer<typeof JobView>;

/** Awards that an item keeps: more than one feed page can speak of. */
const placementsKept = 20;

/** Entry of an owner's list: the job itself is the item of its stream. */
export const JobEntry = z.object({ job: JobId });

/** Entry of the list of placements that have not ended, for sweepers. */
export const PlacementView = z.object({
  job: JobId,
  /** The lease: first award of the run. */
  placement: PlacementId,
  owner: OwnerId,
  centers: z.array(CenterId),
  from: Slot,
  to: Slot,
});
export type PlacementView = z.infer<typeof PlacementView>;

/** Entry of the list of awards that a tenant gave back and that still await a fee, for the daily close. */
export const ReleaseView = z.object({
  job: JobId,
  /** The award's own id, a continuation's too. */
  placement: PlacementId,
});
export type ReleaseView = z.infer<typeof ReleaseView>;

/** Where a charge was posted: page, and version of the event in the job's stream. */
export const ChargeView = z.object({ job: JobId, position: FeedPosition, version: z.int().min(1) });
export type ChargeView = z.infer<typeof ChargeView>;

/** A change of a placement, as one of its centers has to act on it. */
export const AssignmentView = z.object({
  /** Number of the change among the center's. */
  position: z.int().min(1),
  change: z.enum(["placed", "continued", "released"]),
  job: JobId,
  placement: PlacementId,
  lease: PlacementId,
  run: z.int().min(1),
  auction: AuctionNumber,
  stretch: z.int().min(1),
  from: Slot,
  to: Slot,
  fills: z.array(Fill),
  centers: z.array(CenterId),
  cause: z.string().optional(),
  mayGoOn: z.boolean().optional(),
});
export type AssignmentView = z.infer<typeof AssignmentView>;

/** @param before the job's own item as the commits before this one left it. */
export function projectJob(event: JobEvent, at: At, before: JobView | undefined): readonly ViewEffect[] {
  if (event.type === "JobRequested") return requested(event.data, at);
  // The item of a job that was never requested cannot be: the feed keeps the order of a stream.
  if (before === undefined) return [];
  switch (event.type) {
    case "JobAdmitted":
      return [own({ ...before, status: "open" })];
    case "JobRejected":
      return [own({ ...before, status: "rejected", reason: event.data.reason })];
    case "JobPlaced":
      return placed(before, event.data.award);
    case "JobContinued":
    case "JobBridged":
      return continued(before, event.data.award);
    case "JobStarted":
      return [own({ ...before, status: "running", run: event.data.run })];
    case "JobCompleted":
      return ended(before, { status: "completed" }, "completed", event.data.slot);
    case "JobFailed":
      return ended(before, { status: "failed", reason: event.data.cause }, "failed", event.data.slot);
    case "JobDisplaced":
      return ended(before, { status: "open", reason: event.data.cause }, event.data.cause, event.data.slot);
    case "JobCancelled":
      return ended(before, { status: "cancelled" }, "cancelled", event.data.slot);
    case "JobExpired":
      return [own(expired(before, event.data.excluded))];
    case "JobReduced":
      return reduced(before, event.data);
    case "JobReclaimed":
      return reclaimed(before, event.data);
    case "JobRunFailed":
    case "JobAccepted":
    case "JobMetered":
    case "CorrectionPosted":
    case "CorrectionRefused":
      return [];
    case "ChargePosted":
      return charged(event.data, at);
    default:
      return event satisfies never;
  }
}

type ChargePostedData = Extract<JobEvent, { type: "ChargePosted" }>["data"];

function charged({ charge, job, placement, final }: ChargePostedData, at: At): ViewChange[] {
  const where: ChargeView = { job, position: at.position, version: at.version };
  const posted = put(viewKeys.charge(charge), where);
  const release = viewKeys.release(placement);
  switch (awaitsFee({ charge, final })) {
    case true:
      return [posted, put<ReleaseView>(release, { job, placement })];
    case false:
      return [posted, remove(release)];
    case undefined:
      return [posted];
  }
}

function own(view: JobView): ViewChange {
  return put(viewKeys.job(view.job), view);
}

function expired(before: JobView, excluded: Exclusion | undefined): JobView {
  return {
    ...before,
    status: "expired",
    ...(excluded === undefined ? {} : { reason: whyExcluded(excluded) }),
  };
}

function requested(data: Extract<JobEvent, { type: "JobRequested" }>["data"], at: At): readonly ViewChange[] {
  const { job, owner, account, spec } = data;
  const { name, session, kind, cards, slots } = spec;
  const mayGoOn = bidsForMore(spec) ? { mayGoOn: true } : {};
  const view = { job, owner, account, name, session, kind, cards, slots, ...mayGoOn };
  return [
    put(viewKeys.jobOf(owner, at.time, job), { job }),
    own({ ...view, status: "requested", requestedAt: at.time, run: 0, placements: [] }),
  ];
}

function placed(before: JobView, award: Award): readonly ViewEffect[] {
  const placement = viewed(award, award.placement);
  const { reason: _, ...rest } = before;
  const view: JobView = { ...rest, status: "placed", run: 0, placements: kept(before, placement) };
  return [
    ...assignments("placed", view, placement, award),
    put<PlacementView>(viewKeys.placement(placement.lease), openPlacement(view, placement)),
    own(view),
  ];
}

/** One that comes when the run has ended, or that does not follow on what was reclaimed of it, is given back. */
function continued(before: JobView, award: Award): readonly ViewEffect[] {
  if (before.status !== "placed" && before.status !== "running") return [];
  const last = before.placements.at(-1);
  if (last === undefined || last.to !== award.from) return [];
  const { lease } = last;
  const placement = viewed(award, lease);
  const view: JobView = { ...before, placements: kept(before, placement) };
  const first = view.placements.find((other) => other.lease === lease) ?? placement;
  return [
    ...assignments("continued", view, placement, award),
    put<PlacementView>(viewKeys.placement(lease), openPlacement(view, { ...placement, from: first.from })),
    own(view),
  ];
}

/** A divisible job goes on without one of its centers, which lets its part go. */
function reduced(
  before: JobView,
  { center, slot, cause }: Extract<JobEvent, { type: "JobReduced" }>["data"],
): readonly ViewEffect[] {
  const last = before.placements.at(-1);
  if (last === undefined) return [];
  const part = { ...last, from: slot, to: Math.max(slot, last.to), centers: [center] };
  const rest = { ...last, centers: last.centers.filter((each) => each !== center) };
  const view: JobView = { ...before, placements: [...before.placements.slice(0, -1), rest] };
  return [
    ...assignments("released", before, part, undefined, cause),
    put<PlacementView>(viewKeys.placement(last.lease), openPlacement(view, rest)),
    own(view),
  ];
}

/** Cards were taken back with notice: a gang is let go of by all of its centers, a divisible job by that one only. */
function reclaimed(
  before: JobView,
  { center, slot }: Extract<JobEvent, { type: "JobReclaimed" }>["data"],
): readonly ViewEffect[] {
  const last = before.placements.at(-1);
  if (last === undefined) return [];
  const part = { ...last, from: slot, to: Math.max(slot, last.to) };
  if (before.kind === "div")
    return assignments("released", before, { ...part, centers: [center] }, undefined, "reclaimed");
  const rest = { ...last, to: Math.max(last.from, Math.min(last.to, slot)) };
  const view: JobView = { ...before, placements: [...before.placements.slice(0, -1), rest] };
  const first = view.placements.find(({ lease }) => lease === last.lease) ?? rest;
  return [
    ...assignments("released", before, part, undefined, "reclaimed"),
    put<PlacementView>(viewKeys.placement(last.lease), openPlacement(view, { ...rest, from: first.from })),
    own(view),
  ];
}

/** The run under the last lease ended at `slot`: each of its centers lets it go. */
function ended(
  before: JobView,
  fields: Pick<JobView, "status" | "reason">,
  cause: string,
  slot: number,
): readonly ViewEffect[] {
  const last = before.placements.at(-1);
  const inForce = before.status === "placed" || before.status === "running";
  const view: JobView = { ...before, ...fields };
  if (last === undefined || !inForce) return [own(view)];
  return [
    ...assignments(
      "released",
      before,
      { ...last, from: slot, to: Math.max(slot, last.to) },
      undefined,
      cause,
    ),
    remove(viewKeys.placement(last.lease)),
    own(view),
  ];
}

function assignments(
  kind: AssignmentView["change"],
  view: JobView,
  placement: ViewedPlacement,
  award: Award | undefined,
  cause?: string,
): ViewAppend[] {
  const { centers, ...shape } = placement;
  return centers.map((center) => ({
    list: assignmentsOf(center),
    item: (position): AssignmentView => ({
      position,
      change: kind,
      job: view.job,
      run: Math.max(view.run, 1),
      ...shape,
      centers,
      fills: award?.fills.filter((fill) => fill.center === center) ?? [],
      ...(cause === undefined ? {} : { cause }),
      ...(view.mayGoOn === true && kind !== "released" ? { mayGoOn: true } : {}),
    }),
  }));
}

function viewed(award: Award, lease: PlacementId): ViewedPlacement {
  const { placement, auction, stretch, from, to } = award;
  const centers = [...new Set(award.fills.map(({ center }) => center))].sort();
  return { placement, lease, auction, stretch, from, to, centers };
}

function kept(view: JobView, placement: ViewedPlacement): ViewedPlacement[] {
  return [...view.placements, placement].slice(-placementsKept);
}

function openPlacement(view: JobView, placement: ViewedPlacement): PlacementView {
  const { lease, centers, from, to } = placement;
  return { job: view.job, owner: view.owner, placement: lease, centers, from, to };
}
