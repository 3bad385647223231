import { streams } from "../../events/catalog/streams.ts";
import type { PlacementId } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { askAtDeadline, deadlineOf, mayGoOn } from "../../market/job/deadlines.ts";
import { inForce, type JobState } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { rules } from "../../market/rules.ts";
import { slotOf, slotStart } from "../../market/time.ts";
import { AuctionView } from "../../market/views/auctions.ts";
import { auctionsKey } from "../../market/views/view.ts";
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
    const end = awaited === "ended" && at <= now ? endThatMayMove(state, placement) : undefined;
    if (end !== undefined && !(await spotGateClosed(access, end)))
      return { ...keys, phase: "ended", timeoutSeconds: untilNextGate(now) } as const;
    const command = askAtDeadline(awaited, placement, now);
    const meta = exchangeCommand(access, `${awaited}/${placement}/${at}/${command.at}`, placement);
    await execute(access.store, jobDecider, streams.job(job), command, meta);
  }
  return standingOf(await loadJob(access, job), keys, access.clock.now());
});
export const handler = onLambda(create);

/** End of a run that may still be continued or bridged at the next gate; undefined: it can end as it is. */
function endThatMayMove(state: JobState, id: PlacementId): number | undefined {
  if (state.phase === "unknown") return undefined;
  const placement = inForce(state);
  return placement?.id === id && mayGoOn(state, placement) ? placement.end : undefined;
}

/**
 * A spot gate of this slot or a later one has closed: all auctions that could continue a run up to it are sealed, and
 * what the exchange's absence did to it is told (row 14). The list may lag: then it is asked again.
 */
async function spotGateClosed({ views }: Pick<Access, "views">, slot: number): Promise<boolean> {
  // Of two gates in a slot the spot one is the last.
  const newest = await views.list({ pk: auctionsKey, descending: true, limit: 2 }, AuctionView);
  return newest.some(({ data }) => data.session === "spot" && data.gate >= slot);
}

/** Market seconds until the next gate has closed, with time to tell what it closed with. */
function untilNextGate(now: number): number {
  return Math.ceil((slotStart(slotOf(now) + 1) - now) / 1000) + rules.reportGraceSeconds;
}
