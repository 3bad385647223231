import type * as z from "zod";
import { ChargeLine } from "../../events/catalog/job.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { BreakId } from "../../events/catalog/values.ts";
import { type CommandMeta, execute, loadState } from "../../events/store/execute.ts";
import {
  type Amends,
  breakDecider,
  type FoundData,
  type KnownBreak,
  type Resolution,
  refundLine,
} from "../../market/break.ts";
import type { Rejection } from "../../market/decider.ts";
import type { Correct, RefuseCorrection } from "../../market/job/commands.ts";
import { jobDecider } from "../../market/job.ts";
import type { BreakCorrection, resolveBreak } from "../contract/breaks.ts";
import { carriedOut } from "../kit/carried-out.ts";
import type { Access } from "../kit/host.ts";
import { problem, rejectionProblem } from "../kit/problems.ts";

/**
 * How a request resolves a break.
 * @throws ProblemError 422 if it says what is corrected and does not correct it, or the other way round.
 */
export function resolutionOf(
  found: FoundData,
  { resolution, correction }: z.infer<NonNullable<typeof resolveBreak.body>>,
): Resolution {
  if (resolution === "corrected" && correction !== undefined)
    return { resolution, amends: amendsOf(found, correction) };
  if (resolution !== "corrected" && correction === undefined) return { resolution };
  throw problem(
    422,
    "correction-missing",
    "Say what the correction moves if the break is corrected, and only then.",
    "/correction",
  );
}

/**
 * What the correction of a break is to say.
 * @throws ProblemError 422 if the break has no charge that could be amended, or what is to be moved is unclear.
 */
function amendsOf(found: FoundData, correcting: z.infer<typeof BreakCorrection>): Amends {
  const charge = correcting.charge ?? found.subject;
  if (found.job === undefined)
    throw problem(
      422,
      "break-without-job",
      "The break is about no job: accept or explain it.",
      "/resolution",
    );
  if (charge === undefined)
    throw problem(
      422,
      "charge-missing",
      `Name the charge that the correction amends${chargesOf(found)}.`,
      "/correction/charge",
    );
  return { charge, lines: linesOf(found, correcting) };
}

/** Where whoever resolves a break finds the charges that it could be about. */
function chargesOf({ account, period, placement }: FoundData): string {
  if (account === undefined || placement === undefined) return "";
  return `: GET /accounts/${account}/entries?period=${period} has those of placement ${placement}`;
}

/**
 * Whether the job, as it is now, would take the correction: told before the break is resolved by it.
 * @throws ProblemError 409 or 422 if it would not.
 */
export async function assertAmends(
  { store }: Pick<Access, "store">,
  { break: id, job }: FoundData,
  amends: Amends,
  at: number,
): Promise<void> {
  if (job === undefined) return;
  const { state } = await loadState(store, jobDecider, streams.job(job));
  const decision = jobDecider.decide(correctCommand(id, `check-${id}`, amends, at), state);
  if (!decision.ok) throw rejectionProblem(inCorrection(decision.rejection));
}

/**
 * Posts the correction that follows from a break's resolution, or reopens the break if the job refuses it. Whoever does
 * this, and however often, finds what was done before: the job's stream decides once. Gives why it was refused.
 */
export async function finishCorrection(
  { store }: Pick<Access, "store">,
  { phase, found, resolved, reopened }: KnownBreak,
  { requestHash: _, ...meta }: CommandMeta,
): Promise<string | undefined> {
  if (phase === "open") return reopened;
  const { correction, amends } = resolved ?? {};
  if (found.job === undefined || correction === undefined || amends === undefined) return undefined;
  const stream = streams.job(found.job);
  const at = Date.parse(meta.time);
  const inJob = (command: Correct | RefuseCorrection, commandId: string) =>
    execute(store, jobDecider, stream, command, { ...meta, commandId });
  const correct = correctCommand(found.break, correction, amends, at);
  const posted = await inJob(correct, `correct/${correction}`);
  const refusal = async (reason: string) => {
    const refuse = { type: "RefuseCorrection", id: correction, charge: amends.charge, reason, at } as const;
    return inJob({ ...refuse, break: found.break }, `refuse/${correction}`);
  };
  const { state: job } = carriedOut(
    posted.kind === "rejected" ? await refusal(posted.rejection.detail) : posted,
  );
  const reason = job.phase === "unknown" ? undefined : job.refusedCorrections.get(correction);
  if (reason === undefined) return undefined;
  const reopen = { type: "Reopen", correction, reason, at } as const;
  const reopenMeta = { ...meta, commandId: `reopen/${correction}` };
  carriedOut(await execute(store, breakDecider, streams.break(found.break), reopen, reopenMeta));
  return reason;
}

function correctCommand(id: BreakId, correction: string, { charge, lines }: Amends, at: number): Correct {
  return { type: "Correct", id: correction, charge, cause: "resolution", break: id, lines, at };
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
