import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { Period } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { type PeriodState, periodDecider } from "../../market/period.ts";
import { instant } from "../../market/time.ts";
import { settleCharges, settled } from "../accounts/settle-charges.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import type { Observer } from "../kit/observe.ts";
import { step } from "../kit/step.ts";
import { rangesOf } from "./close-parts.ts";
import { loadPeriod } from "./open-period.ts";

/** Pages that one call settles at most. */
const pagesOfCall = 512;

/**
 * Fixes where the day ends in the feed, once all that was charged when it began is paid out of the holds, and cuts it up
 * into ranges and buckets. It waits for nobody: what the settlement has not come to yet, it settles itself, and what is
 * charged meanwhile, which is of the new day, may be paid behind the cut-off: the match waits for it (decision 0097).
 */
export const create = step(z.object({ period: Period }), async (access, { period }, observer) => {
  const state = await loadPeriod(access, period);
  if (isOpen(state) && !(await settleAll(access, observer))) return { next: "settle", period };
  if (isOpen(state)) {
    const { position, hash } = await access.feed.head();
    const command = { type: "CutOff", at: instant(access.clock.now()), position, feedHash: hash } as const;
    const meta = exchangeCommand(access, `cut-off/${period}`, `period-${period}`);
    await execute(access.store, periodDecider, streams.period(period), command, meta);
    observer.logger.info("period cut off", { period, position });
  }
  return { next: "fold", period, ...partsFor(period, await loadPeriod(access, period)) };
});
export const handler = onLambda(create);

function isOpen(state: PeriodState): boolean {
  return state.phase !== "unknown" && state.cutOff === undefined;
}

/** Items of the workflow's two maps: each says all that its step needs. */
function partsFor(period: Period, state: PeriodState) {
  if (state.phase === "unknown" || state.cutOff === undefined)
    throw new Error(`period ${period} is not cut off`);
  const ranges = rangesOf(state.afterPosition, state.cutOff.position);
  const parts = ranges.length;
  return {
    parts,
    ranges: ranges.map((range) => ({ period, ...range, buckets: parts })),
    buckets: ranges.map((_, bucket) => ({ period, bucket, buckets: parts, ranges: parts })),
  };
}

/** Settles what is in the feed now, and brings the payments into it; false: there is more than one call can do. */
async function settleAll(access: Access, observer: Observer): Promise<boolean> {
  const { feed, checkpoints, relay } = access;
  const end = (await feed.head()).position;
  const begin = await checkpoints.get(settled);
  const paidIn = new Set<string>();
  let reached = begin;
  while (reached < end && reached < begin + pagesOfCall) {
    const pages = await feed.readAfter(reached, Math.min(16, end - reached));
    for (const stream of await settleCharges(access, pages, observer)) paidIn.add(stream);
    reached = pages.at(-1)?.position ?? end;
  }
  await relay.drain(paidIn);
  await checkpoints.advance(settled, reached);
  return reached >= end;
}
