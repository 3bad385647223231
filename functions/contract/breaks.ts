import * as z from "zod";
import { BreakCode, BreakFound, BreakResolved } from "../../events/catalog/break.ts";
import { ChargeLine } from "../../events/catalog/job.ts";
import { BreakId, Instant, MillsText } from "../../events/catalog/values.ts";
import { Day } from "./identifiers.ts";
import { defineOperation } from "./operation.ts";
import { marketPageOf, pageQuery } from "./paging.ts";

const Assignee = z.string().min(1).max(200);

export const Break = z.object({
  ...BreakFound.data.shape,
  status: z.enum(["open", "resolved"]),
  assignee: Assignee.optional().describe("Who looks into it"),
  /** The following once it is resolved. */
  resolution: BreakResolved.data.shape.resolution.optional(),
  note: z.string().optional(),
  correction: z.string().optional().describe("Id of the correction that amends the charge"),
  resolvedAt: Instant.optional(),
  reopened: z.string().optional().describe("Why its job refused the correction that it was resolved by"),
  version: z.int().min(1),
});
export type Break = z.infer<typeof Break>;

const params = z.object({ break: BreakId });
const roles = ["finance", "operator"] as const;
const names = { "path/break": "published" } as const;

export const listBreaks = defineOperation({
  id: "listBreaks",
  method: "GET",
  path: "/breaks",
  tag: "finance",
  summary: "The queue of breaks between award, usage, charge and money, the oldest first",
  roles,
  names: { "query/cursor": "published" },
  query: z.object({
    ...pageQuery,
    status: Break.shape.status.default("open"),
    code: BreakCode.optional(),
    period: Day.optional().describe("Settlement day whose match found them"),
    assignee: Assignee.optional(),
  }),
  success: { status: 200, says: "A page of breaks.", body: marketPageOf(Break) },
});

export const getBreak = defineOperation({
  id: "getBreak",
  method: "GET",
  path: "/breaks/{break}",
  tag: "finance",
  summary: "A break, who looks into it and how it was resolved",
  roles,
  names,
  params,
  success: { status: 200, says: "The break.", body: Break },
  problems: [404],
  etag: true,
});

export const assignBreak = defineOperation({
  id: "assignBreak",
  method: "POST",
  path: "/breaks/{break}/assignment",
  tag: "finance",
  summary: "Say who looks into a break",
  roles,
  names,
  params,
  body: z.strictObject({ assignee: Assignee }),
  success: { status: 200, says: "Assigned.", body: Break },
  problems: [404, 409, 412],
  etag: true,
});

/** So many lines fit the commits of a break and of its job, whatever their accounts are called. */
const linesAtMost = 150;

/** What amends the charge that a break is about. */
export const BreakCorrection = z.strictObject({
  charge: z
    .string()
    .min(1)
    .optional()
    .describe("Charge that it amends; left out: the one that the break is about"),
  refund: MillsText.optional().describe("Mills that the break's center gives back to its tenant"),
  lines: z
    .array(ChargeLine.omit({ center: true, link: true, cardSlots: true }))
    .min(1)
    .max(linesAtMost)
    .optional()
    .describe("What is moved, where it is more than one refund; a line the other way round takes back"),
});

export const resolveBreak = defineOperation({
  id: "resolveBreak",
  method: "POST",
  path: "/breaks/{break}/resolution",
  tag: "finance",
  summary: "Resolve a break for good",
  description:
    "corrected: a correction amends the charge, in the period that is open; give its `refund` or its `lines`. If the charge has less left to give back by then, the break is open again. accepted: what was charged stays as it is. explained: there was nothing wrong.",
  roles,
  names,
  params,
  body: z.strictObject({
    resolution: z.enum(["corrected", "accepted", "explained"]),
    note: BreakResolved.data.shape.note,
    correction: BreakCorrection.optional(),
  }),
  success: { status: 200, says: "Resolved.", body: Break },
  problems: [404, 409, 412, 422],
  etag: true,
});
