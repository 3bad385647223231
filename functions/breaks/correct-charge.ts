import type * as z from "zod";
import { ChargeLine } from "../../events/catalog/job.ts";
import { streams } from "../../events/catalog/streams.ts";
import { type CommandMeta, execute } from "../../events/store/execute.ts";
import { type FoundData, refundLine } from "../../market/break.ts";
import type { Rejection } from "../../market/decider.ts";
import { jobDecider } from "../../market/job.ts";
import type { BreakCorrection } from "../contract/breaks.ts";
import { carriedOut } from "../kit/carried-out.ts";
import type { Access } from "../kit/host.ts";
import { problem } from "../kit/problems.ts";

/**
 * Amends the charge that a break is about, once for each break. Gives the id of the correction.
 * @throws ProblemError 422 if the break has no charge that could be amended, or the job refuses the lines.
 */
export async function correctCharge(
  { store }: Pick<Access, "store">,
  found: FoundData,
  correcting: z.infer<typeof BreakCorrection>,
  { requestHash: _, ...meta }: CommandMeta,
): Promise<string> {
  const id = `break-${found.break}`;
  const charge = correcting.charge ?? found.subject;
  if (found.job === undefined)
    throw problem(
      422,
      "break-without-job",
      "The break is about no job: accept or explain it.",
      "/resolution",
    );
  if (charge === undefined)
    throw problem(422, "charge-missing", "Name the charge that the correction amends.", "/correction/charge");
  const command = {
    type: "Correct",
    id,
    charge,
    cause: "resolution",
    break: found.break,
    lines: linesOf(found, correcting),
    at: Date.parse(meta.time),
  } as const;
  // Under its own id: a repeat of the request finds it in the job's stream, whatever key it comes with.
  const correctMeta = { ...meta, commandId: `correct/${id}` };
  const outcome = await execute(store, jobDecider, streams.job(found.job), command, correctMeta);
  carriedOut(
    outcome.kind === "rejected" ? { ...outcome, rejection: inCorrection(outcome.rejection) } : outcome,
  );
  return id;
}

/** The job names a field of its own command: here it lies in the correction. */
function inCorrection({ field, ...rejection }: Rejection): Rejection {
  return field === undefined ? rejection : { ...rejection, field: `/correction${field}` };
}

function linesOf(found: FoundData, { lines, refund }: z.infer<typeof BreakCorrection>): ChargeLine[] {
  if ((lines === undefined) === (refund === undefined))
    throw problem(
      422,
      "correction-ambiguous",
      "Give either what is refunded or the lines.",
      "/correction/refund",
    );
  if (lines !== undefined) return lines.map(withParties);
  const line = refund === undefined ? undefined : refundLine(found, refund);
  if (line === undefined)
    throw problem(
      422,
      "refund-unclear",
      "The break names no tenant or no center: give the lines.",
      "/correction/lines",
    );
  return [line];
}

/** Statements list lines by center and link: the accounts that a line names tell which. */
function withParties(given: Omit<ChargeLine, "center" | "link" | "cardSlots">): ChargeLine {
  const [center, link] = (["center", "link"] as const).map((kind) => {
    const account = [given.to, given.from].find((one) => one.startsWith(`${kind}:`));
    return account?.slice(kind.length + 1);
  });
  const named = {
    ...given,
    ...(center === undefined ? {} : { center }),
    ...(link === undefined ? {} : { link }),
  };
  const line = ChargeLine.safeParse(named);
  if (line.success) return line.data;
  throw problem(422, "line-of-nobody", `${given.from} or ${given.to} is no account.`, "/correction/lines");
}
