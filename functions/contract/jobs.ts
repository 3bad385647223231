import * as z from "zod";
import { Award } from "../../events/catalog/award.ts";
import { JobSpec } from "../../events/catalog/job.ts";
import {
  AccountId,
  AuctionNumber,
  BidReason,
  GroupId,
  Instant,
  JobId,
  MillsText,
  OwnerId,
  PlacementId,
  Price,
  ProductId,
  Slot,
} from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";
import { pageOf, pageQuery } from "./paging.ts";

const params = z.object({ job: JobId });

export const NewJob = z.strictObject({
  ...JobSpec.shape,
  group: GroupId.optional().describe("Of your jobs that name the same group at most one is awarded"),
  parent: JobId.optional().describe(
    "Job of yours without whose award this one gets none, and at whose end it may start",
  ),
  account: AccountId.optional().describe("Account that pays; left out: the one named like the owner"),
});
export type NewJob = z.infer<typeof NewJob>;

export const JobStatus = z
  .enum(["requested", "rejected", "open", "placed", "running", "completed", "failed", "cancelled", "expired"])
  .describe("requested: funds are not held yet; open: it bids in every auction of its session");
export type JobStatus = z.infer<typeof JobStatus>;

export const Job = z.object({
  job: JobId,
  owner: OwnerId,
  account: AccountId,
  spec: JobSpec,
  hold: MillsText.describe("Held before the first award: the most that it can cost, in mills"),
  status: JobStatus,
  reclaimedFrom: Slot.optional().describe(
    "Cards of the award in force were reclaimed with notice: it stops before this slot and returns to the book",
  ),
  /** Why it was rejected, failed, left the book early or is on its way back to it. */
  reason: z.string().optional(),
  awards: z
    .array(Award)
    .describe("All awards, oldest first; the last one is in force while placed or running"),
  run: z.int().min(0).describe("Runs begun under the award in force"),
  version: z.int().min(1).describe("The ETag, as a number"),
});
export type Job = z.infer<typeof Job>;

/** A job in a list: without its awards but the last one's place and time. */
export const JobSummary = z.object({
  job: JobId,
  account: AccountId,
  name: z.string(),
  session: JobSpec.shape.session,
  kind: JobSpec.shape.kind,
  cards: JobSpec.shape.cards,
  slots: JobSpec.shape.slots,
  status: JobStatus,
  reason: z.string().optional(),
  placement: PlacementId.optional(),
  centers: z.array(z.string()),
  from: Slot.optional(),
  to: Slot.optional(),
  requestedAt: Instant,
});
export type JobSummary = z.infer<typeof JobSummary>;

/** Slots `[from, to)` that lie side by side. */
const SlotRange = z.object({ from: Slot, to: Slot });

/** What one auction answered to the job's bid. */
export const BidOutcome = z.object({
  auction: AuctionNumber,
  reason: BidReason.describe(
    "won, or what bound: price: its limit met the published prices nowhere; capacity, link: too few cards, or too little of the link, in `slots`; minRun: cards were left, but their offers are sold in longer runs only, and with this bid alone they would have been sold for too short a time in `slots`; paradox: it would have gained at the published prices, but the cards left cost more, or others won the tie; group: another bid of its group won; parent: the job that it follows did not win, or ends too late for it; window, product, owner, region, framework, latency: no pool fits the request; funds: its next hold was refused",
  ),
  limitToWin: Price.optional().describe(
    "The lowest limit that would have won at the published prices; left out: none would have",
  ),
  product: ProductId.optional().describe("What that limit is for"),
  slots: z
    .array(SlotRange)
    .optional()
    .describe("Where the shortage or the short run was, for the place that pays most"),
});
export type BidOutcome = z.infer<typeof BidOutcome>;

export const JobWhy = z.object({
  job: JobId,
  status: JobStatus,
  explanation: z.string().describe("One sentence: where the job stands and why"),
  nextBid: z
    .object({
      session: JobSpec.shape.session,
      from: Slot,
      to: Slot,
      waitsFor: JobId.optional().describe("Its parent, which must be awarded or end first"),
    })
    .optional()
    .describe("Present while the job is in the book: the window that is left to it"),
  auctions: z.array(BidOutcome).describe("What the last auctions answered, newest first"),
});
export type JobWhy = z.infer<typeof JobWhy>;

export const postJob = defineOperation({
  id: "postJob",
  method: "POST",
  path: "/jobs",
  tag: "jobs",
  summary: "Ask for a job to run, and bid for it",
  description:
    "Holds the most that the first award can cost. Without the funds the job is rejected: 201 with status rejected and the reason.",
  roles: ["tenant"],
  names: { "/account": "own", "/parent": "own", "/home": "published", "/products/*/product": "published" },
  body: NewJob,
  success: { status: 201, says: "The job was recorded; `status` says whether it bids.", body: Job },
  problems: [422],
  etag: true,
});

export const listJobs = defineOperation({
  id: "listJobs",
  method: "GET",
  path: "/jobs",
  tag: "jobs",
  summary: "The caller's own jobs, newest first",
  roles: ["tenant"],
  names: { "query/cursor": "own" },
  query: z.object(pageQuery),
  success: { status: 200, says: "Jobs.", body: pageOf(JobSummary) },
});

export const getJob = defineOperation({
  id: "getJob",
  method: "GET",
  path: "/jobs/{job}",
  tag: "jobs",
  summary: "One of the caller's jobs, as the log has it now",
  roles: ["tenant", "operator"],
  names: { "path/job": "own" },
  seesAll: ["operator"],
  params,
  success: { status: 200, says: "The job.", body: Job },
  problems: [404],
  etag: true,
});

export const cancelJob = defineOperation({
  id: "cancelJob",
  method: "DELETE",
  path: "/jobs/{job}",
  tag: "jobs",
  summary: "Withdraw a job, or cancel its award",
  description:
    "A job without an award leaves the book from the next gate on; if the auction under way awards it, it is placed and cancelled at the release fee. A placed or running one is cancelled at once, at the release fee.",
  roles: ["tenant"],
  names: { "path/job": "own" },
  params,
  success: { status: 202, says: "Cancelled; counts from the next gate on.", body: Job },
  problems: [404, 409, 412],
  etag: true,
});

export const explainJob = defineOperation({
  id: "explainJob",
  method: "GET",
  path: "/jobs/{job}/why",
  tag: "jobs",
  summary: "Why a job stands where it stands: what the last auctions answered to its bid",
  roles: ["tenant", "operator"],
  names: { "path/job": "own" },
  seesAll: ["operator"],
  params,
  success: { status: 200, says: "The explanation.", body: JobWhy },
  problems: [404],
});
