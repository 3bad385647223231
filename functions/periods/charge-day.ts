import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { Period } from "../../events/catalog/values.ts";
import { execute, loadState } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { waivers } from "../../market/book/unresold.ts";
import { releasedSlots } from "../../market/job/charging.ts";
import type { JobCommand } from "../../market/job/commands.ts";
import { jobDecider } from "../../market/job.ts";
import { periodStart, SLOTS_PER_DAY } from "../../market/time.ts";
import { PlacementView, ReleaseView } from "../../market/views/jobs.ts";
import { openPlacementsKey, openReleasesKey } from "../../market/views/view.ts";
import { releasedIn } from "../auctions/released-cards.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";

/** Placements of one page. */
const pageSize = 250;
const inFlight = 32;

/** The state machine asks again when it meets this name (infra/workflows.ts). */
class ViewsBehind extends Error {
  override readonly name = "ViewsBehind";
}

const Page = z.object({
  period: Period,
  cursor: z.string(),
  /** Position of the feed that the lists must have: they are the ones that accounts are carried by, too. */
  upTo: z.int().min(0),
});

/**
 * Charges what the day delivered, page by page, and at last the fees on what was given back in it.
 * @throws ViewsBehind while the lists do not have all that the feed had when the close began (decision 0126).
 */
export const create = step(Page, async (access, { period, cursor, upTo }) => {
  const asOf = await access.views.asOf();
  if (asOf < upTo) throw new ViewsBehind(`the views have page ${asOf}, and the close waits for page ${upTo}`);
  const range = { pk: openPlacementsKey, limit: pageSize, ...(cursor === "" ? {} : { after: cursor }) };
  const page = await access.views.list(range, PlacementView);
  await forEachInFlight(inFlight, page, ({ data: { job, placement } }) => {
    const command = { type: "CloseDay", period, at: access.clock.now() } as const;
    return tell(access, job, command, `day/${placement}/${period}`);
  });
  // The day is cut off behind what the feed holds: its charges must be in there.
  await access.relay.drain(page.map(({ data: { job } }) => streams.job(job)));
  const last = page.at(-1);
  if (last !== undefined && page.length === pageSize) return { period, cursor: last.sk, upTo };
  await chargeReleases(access, period);
  return { period, cursor: "end", upTo };
});
export const handler = onLambda(create);

/** Every award that was given back and is not charged to its end, whatever an auction saw of it. */
async function chargeReleases(access: Access, period: Period): Promise<void> {
  const before = periodStart(period) + SLOTS_PER_DAY;
  const open = await access.views.list({ pk: openReleasesKey }, ReleaseView);
  const due: (ReleaseView & { readonly from: number; readonly to: number })[] = [];
  await forEachInFlight(inFlight, open, async ({ data }) => {
    const { state } = await loadState(access.store, jobDecider, streams.job(data.job));
    const slots = releasedSlots(state, data.placement, before);
    if (slots !== undefined) due.push({ ...data, from: slots.from, to: slots.to });
  });
  if (due.length > 0) {
    const waiverOf = waivers(
      await releasedIn(
        access,
        due.map(({ from, to }) => [from, to]),
      ),
    );
    await forEachInFlight(inFlight, due, ({ job, placement, from, to }) => {
      const waiver = waiverOf(placement, from, to);
      const command = { type: "ChargeRelease", placement, before, waiver, at: access.clock.now() } as const;
      return tell(access, job, command, `fee/${placement}/${period}`);
    });
  }
  // Also what an attempt before this one charged.
  await access.relay.drain(open.map(({ data: { job } }) => streams.job(job)));
}

function tell(
  access: Access,
  job: Parameters<typeof streams.job>[0],
  command: JobCommand,
  commandId: string,
) {
  return execute(
    access.store,
    jobDecider,
    streams.job(job),
    command,
    exchangeCommand(access, commandId, commandId),
  );
}
