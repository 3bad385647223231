import * as z from "zod";
import { JobMetered, Usage } from "../../events/catalog/job.ts";
import { CenterId, Instant, JobId, PlacementId } from "../../events/catalog/values.ts";
import { JobStatus } from "./jobs.ts";
import { defineOperation } from "./operation.ts";

const params = z.object({ placement: PlacementId });
const center = CenterId.describe("Which of the placement's centers speaks");
const run = z.int().min(1).max(1000).describe("Numbered attempt to execute the placement, from 1");

/** Where a placement stands after a center's call. */
export const PlacementState = z.object({
  placement: PlacementId,
  job: JobId,
  status: JobStatus,
  run: z.int().min(0),
});
export type PlacementState = z.infer<typeof PlacementState>;

const base = {
  method: "POST",
  tag: "placements",
  roles: ["center"],
  names: { "path/placement": "own", "/center": "own" },
  params,
  success: { status: 200, says: "Where the placement stands now.", body: PlacementState },
  problems: [404, 409, 422],
} as const;

export const acceptPlacement = defineOperation({
  ...base,
  id: "acceptPlacement",
  path: "/placements/{placement}/accept",
  summary: "Accept a placement: the cards will be ready at its first slot",
  description:
    "Each center of a placement accepts for itself. Silence displaces the job at the center's cost.",
  body: z.strictObject({ center }),
});

export const refusePlacement = defineOperation({
  ...base,
  id: "refusePlacement",
  path: "/placements/{placement}/refuse",
  summary: "Refuse a placement: the job is displaced, and the center pays the penalty",
  body: z.strictObject({ center }),
});

export const startPlacement = defineOperation({
  ...base,
  id: "startPlacement",
  path: "/placements/{placement}/start",
  summary: "Say that a run of the placement has begun",
  body: z.strictObject({ center, run }),
});

export const meterPlacement = defineOperation({
  ...base,
  id: "meterPlacement",
  path: "/placements/{placement}/meter",
  summary: "Report metered usage of a run",
  description:
    "A run that was superseded gets 409; its usage is recorded as unpaid. Say `cards` where the run had fewer than awarded, each such time in a report of its own: the slots that it touches cost the tenant nothing (a divisible job or a service: in proportion), the center pays the penalty, and a gang is displaced (409).",
  body: z.strictObject({
    center,
    run,
    from: Usage.shape.from,
    to: Usage.shape.to,
    cardSeconds: Usage.shape.cardSeconds,
    cards: JobMetered.data.shape.cards.describe(
      "Fewest cards that the run had in the range, where it had fewer than awarded",
    ),
    checkpointAt: Instant.optional().describe("Last instant from which the work can go on elsewhere"),
  }),
});

export const finishPlacement = defineOperation({
  ...base,
  id: "finishPlacement",
  path: "/placements/{placement}/finish",
  summary: "Say how a run ended",
  description:
    "Meter its last usage first. A run that ended while the exchange was away, and that is told of within two slots after that, ended where its usage does.",
  body: z.strictObject({
    center,
    run,
    outcome: z
      .enum(["completed", "failed", "notStartable"])
      .describe(
        "notStartable: the center was ready when the placement began, but the job could not start through its own fault",
      ),
    detail: z.string().max(1000).default(""),
  }),
});
