import * as z from "zod";
import { Fill } from "../../events/catalog/award.ts";
import { CenterJoined, LinkSpec } from "../../events/catalog/center.ts";
import {
  AuctionNumber,
  CenterId,
  Instant,
  JobId,
  MillsText,
  PlacementId,
  ProductId,
  Slot,
} from "../../events/catalog/values.ts";
import { Amount } from "./amount.ts";
import { defineOperation } from "./operation.ts";

const params = z.object({ center: CenterId });

const described = z.object({
  ...CenterJoined.data.shape,
  carbon: CenterJoined.data.shape.carbon.describe(
    "What carbon costs on top of energy, mills per kWh for each hour of the market's day; left out: nothing",
  ),
});

export const NewCenter = z.strictObject(described.omit({ owner: true }).shape);
export type NewCenter = z.infer<typeof NewCenter>;

export const Center = z.object({
  ...described.shape,
  links: z.array(LinkSpec),
  guarantee: MillsText.describe("What is left of the money received for its penalties, in mills"),
  guaranteeNext: MillsText.optional().describe(
    "What is left of it once the day is closed in which the center asked for the rest; absent: all",
  ),
  status: z
    .enum(["joined", "lost", "suspended"])
    .describe(
      "lost: its lease ran out; off the market until it takes a new one. suspended: a payout drew on its guarantee; off the market until that is as much again as before",
    ),
  version: z.int().min(1).describe("The ETag, as a number"),
});
export type Center = z.infer<typeof Center>;

export const joinNetwork = defineOperation({
  id: "joinNetwork",
  method: "POST",
  path: "/centers",
  tag: "centers",
  summary: "Join the network with pools, home regions and what energy costs",
  roles: ["center"],
  names: { "/center": "new", "/pools/*/product": "published" },
  body: NewCenter,
  success: {
    status: 201,
    says: "The center is on the market once it holds a lease and offers.",
    body: Center,
  },
  problems: [409, 422],
  etag: true,
});

export const getCenter = defineOperation({
  id: "getCenter",
  method: "GET",
  path: "/centers/{center}",
  tag: "centers",
  summary: "One of the caller's centers, as the log has it now",
  roles: ["center", "finance", "operator"],
  names: { "path/center": "own" },
  seesAll: ["finance", "operator"],
  params,
  success: { status: 200, says: "The center.", body: Center },
  problems: [404],
  etag: true,
});

export const declareLinks = defineOperation({
  id: "declareLinks",
  method: "PUT",
  path: "/centers/{center}/links",
  tag: "centers",
  summary: "Declare the center's dedicated lines; replaces the list before",
  roles: ["center"],
  names: { "path/center": "own", "/links/*/to": "published" },
  params,
  body: z.strictObject({ links: z.array(LinkSpec).max(64) }),
  success: { status: 200, says: "The center with its links.", body: Center },
  problems: [404, 412, 422],
  etag: true,
});

/** What one pool was sensed to have. */
export const SensedPool = z.strictObject({
  product: ProductId,
  working: z
    .int()
    .min(0)
    .max(1_000_000)
    .describe("Cards in working order; fewer than offered derates the offers"),
  idle: z.int().min(0).max(1_000_000),
});

export const reportCapacity = defineOperation({
  id: "reportCapacity",
  method: "POST",
  path: "/centers/{center}/capacity",
  tag: "centers",
  summary: "Report how many cards of each pool work and how many are idle",
  roles: ["center"],
  names: { "path/center": "own", "/pools/*/product": "published" },
  params,
  body: z.strictObject({ pools: z.array(SensedPool).min(1).max(16) }),
  success: {
    status: 200,
    says: "Recorded; counts from the next gate on.",
    body: z.object({ center: CenterId, slot: Slot, pools: z.array(SensedPool) }),
  },
  problems: [404, 422],
});

export const postGuarantee = defineOperation({
  id: "postGuarantee",
  method: "POST",
  path: "/centers/{center}/guarantee",
  tag: "centers",
  summary: "Record money that came in for a center's guarantee",
  description:
    "It comes on top of what is left of the guarantee, and ends a request for less. A suspended center whose guarantee is as much again as it had, or more, is on the market again.",
  roles: ["finance", "operator"],
  names: { "path/center": "own" },
  seesAll: ["finance", "operator"],
  params,
  body: z.strictObject({ mills: Amount.describe("Mills (1/1000 CNY), more than 0") }),
  success: { status: 201, says: "The center with its guarantee.", body: Center },
  problems: [404, 412, 422],
  etag: true,
});

export const reduceGuarantee = defineOperation({
  id: "reduceGuarantee",
  method: "PUT",
  path: "/centers/{center}/guarantee",
  tag: "centers",
  summary: "Ask for a part of the center's guarantee back",
  description:
    "Given back when the settlement day is closed, unless that draws on the guarantee; none of it while the center is suspended. The newest request counts, and one for all to stay ends it. More than there is finance alone can post, once it has received it.",
  roles: ["center"],
  names: { "path/center": "own" },
  params,
  body: z.strictObject({ mills: MillsText.describe("What is to be left, in mills") }),
  success: { status: 200, says: "The center, with what is to be left.", body: Center },
  problems: [404, 409, 412, 422],
  etag: true,
});

export const renewLease = defineOperation({
  id: "renewLease",
  method: "PUT",
  path: "/centers/{center}/lease",
  tag: "centers",
  summary: "Take or renew the center's lease: one sign of life for all that runs there",
  description: "Renew at a third of its length. When it runs out, the center's placements are displaced.",
  roles: ["center"],
  names: { "path/center": "own" },
  params,
  success: {
    status: 200,
    says: "The lease.",
    body: z.object({
      center: CenterId,
      until: Instant.describe("Market time at which the lease runs out"),
      seconds: z.int().min(1).describe("Its length in market seconds"),
    }),
  },
  problems: [404],
});

/** What happened to a placement, as far as one center has to act on it. */
export const AssignmentChange = z.object({
  position: z.int().min(1).describe("Number of the change among the center's, from 1 without a gap"),
  change: z
    .enum(["placed", "continued", "released"])
    .describe(
      "placed: accept, then start it at `from`; continued: the run goes on to `to`; released: stop it before slot `from`, which lies ahead where cards were reclaimed: give the job its checkpoint signal before",
    ),
  job: JobId,
  placement: PlacementId.describe("The award; `lease` is the one under which the run was started"),
  lease: PlacementId.describe("First award of the run: the id for accept, start, meter and finish"),
  auction: AuctionNumber,
  stretch: z.int().min(1),
  from: Slot.describe("released: first slot that is not delivered any more"),
  to: Slot,
  fills: z.array(Fill).describe("Cards of this center only"),
  centers: z.array(CenterId).describe("All centers of the award; released: those that deliver no more"),
  cause: z
    .string()
    .optional()
    .describe("released: completed, failed, cancelled, or the cause of a displacement"),
  mayGoOn: z
    .boolean()
    .optional()
    .describe(
      "The job bids for a continuation: unless it has been continued by then, give it its checkpoint signal 120 s before `to`. If the exchange cannot be reached at `to`, keep it running until it answers, for 4 hours at most and not into slots of another award",
    ),
});
export type AssignmentChange = z.infer<typeof AssignmentChange>;

export const listAssignments = defineOperation({
  id: "listAssignments",
  method: "GET",
  path: "/centers/{center}/assignments",
  tag: "centers",
  summary: "Changes of the center's placements, oldest first",
  description: "Keep `position` and pass it as `after` next time: every change comes once and in order.",
  roles: ["center"],
  names: { "path/center": "own" },
  params,
  query: z.object({
    after: z.coerce.number().int().min(0).default(0).describe("Number of the last change that is known"),
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(200)
      .describe("Most changes; an answer has fewer if they are large, and then says `more`"),
  }),
  success: {
    status: 200,
    says: "Changes.",
    body: z.object({
      changes: z.array(AssignmentChange),
      position: z.int().min(0).describe("`after` of the next call"),
      more: z.boolean().describe("Call again at once"),
    }),
  },
  problems: [404],
});
