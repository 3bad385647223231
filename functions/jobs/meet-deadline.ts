import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import {
  askAtDeadline,
  askExcused,
  type Deadline,
  deadlineOf,
  isHeard,
  mayGoOn,
  silenceAt,
} from "../../market/job/deadlines.ts";
import { inForce, type JobState } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { rules } from "../../market/rules.ts";
import { slotOf, slotStart } from "../../market/time.ts";
import { spotGateClosed, thereSince } from "../auctions/closed-gates.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { loadJob, PlacementKeys, standingOf } from "./standing.ts";

/** A timeout states no fact: it asks the decider, which sees the newest state. */
export const create = step(PlacementKeys, async (access, keys) => {
  const { job, placement } = keys;
  const state = await loadJob(access, job);
  const deadline = deadlineOf(state, placement);
  const now = access.clock.now();
  if (deadline !== undefined) {
    const { awaited, at } = deadline;
    const command = await question(access, state, deadline);
    if (command === "later") return { ...keys, phase: awaited, timeoutSeconds: untilNextGate(now) } as const;
    if (command !== undefined) {
      const meta = exchangeCommand(access, `${awaited}/${placement}/${at}/${command.at}`, placement);
      await execute(access.store, jobDecider, streams.job(job), command, meta);
    }
  }
  return standingOf(await loadJob(access, job), keys, access.clock.now());
});
export const handler = onLambda(create);

/**
 * What the decider is asked; later: an exchange that was away does not know yet. Of a deadline that has moved on it is
 * asked too, for an award before it may be over.
 */
async function question(access: Access, state: JobState, { awaited, at }: Deadline) {
  const placement = state.phase === "unknown" ? undefined : inForce(state);
  if (state.phase === "unknown" || placement === undefined) return undefined;
  const now = access.clock.now();
  if (at > now) return askAtDeadline(awaited, placement.id, now);
  if (awaited === "ended" && mayGoOn(state, placement))
    return (await spotGateClosed(access, placement.end))
      ? askAtDeadline(awaited, placement.id, now)
      : "later";
  const since = await thereSince(access, slotOf(at) - rules.silenceSlots - 1);
  if (awaited === "ended")
    return isHeard(at, now, since) ? askAtDeadline(awaited, placement.id, now) : "later";
  const silence = silenceAt(at, placement, now, since);
  switch (silence) {
    case "wait":
      return "later";
    case "excused":
      return askExcused(awaited, placement, now);
    case "counts":
      return askAtDeadline(awaited, placement.id, now);
    default:
      return silence satisfies never;
  }
}

/** Market seconds until the next gate has closed, with time to tell what it closed with. */
function untilNextGate(now: number): number {
  return Math.ceil((slotStart(slotOf(now) + 1) - now) / 1000) + rules.reportGraceSeconds;
}
