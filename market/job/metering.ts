import type { JobEvent } from "../../events/catalog/job.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { accept, conflict, type Decision, nothing, reject } from "../decider.ts";
import { withFewest } from "../settlement/award-balance.ts";
import { instant, slotStart } from "../time.ts";
import { placementFor } from "./called-placement.ts";
import type { Meter } from "./commands.ts";
import { ofFewerCards } from "./fewer-cards.ts";
import { balancesOf, isSuperseded, type KnownJob, type Placement, slotsReported } from "./state.ts";

type Decided = Decision<JobEvent>;

/** How far ahead a center's clock may be. */
const skewMs = 5_000;

export const notBegun = (run: number) =>
  conflict("run-not-begun", `Run ${run} has not begun: start it first.`, "/run");

type Report = Pick<Meter, "run" | "usage" | "cards" | "checkpointAt">;

/** Usage that adds to what the run reported before; undefined when it is a repeat. */
function meteredEvent(
  job: KnownJob,
  placement: Placement,
  { run, usage, cards, checkpointAt }: Report,
): Extract<JobEvent, { type: "JobMetered" }> | undefined {
  const before = placement.meteredTo.get(`${run}/${usage.center}`);
  if (before !== undefined && Date.parse(usage.to) <= Date.parse(before)) return undefined;
  const fewest = cards !== undefined && isFewer(job, placement, { run, usage }, cards) ? { cards } : {};
  const checkpoint = checkpointAt === undefined ? {} : { checkpointAt };
  const data = { job: job.request.job, placement: placement.id, run, usage, ...fewest, ...checkpoint };
  return { type: "JobMetered", data };
}

/** In some slot of the report the awards have more cards of its center. */
function isFewer(
  job: KnownJob,
  placement: Placement,
  report: Pick<Report, "run" | "usage">,
  cards: number,
): boolean {
  const slots = slotsReported(placement, report);
  return balancesOf(job, placement.id).some(
    (balance) => withFewest(balance, report.usage.center, slots, cards) !== balance,
  );
}

export function meterRun(command: Meter, job: KnownJob): Decided {
  const found = placementFor(job, command.placement, command.center);
  if (!found.ok) return found;
  const { placement } = found;
  const wrong = whyNotMeter(job, placement, command);
  if (wrong !== undefined) return wrong;
  const event = meteredEvent(job, placement, command);
  return event === undefined ? nothing : accept<JobEvent>(event, ...ofFewerCards(job, event, command.at));
}

function whyNotMeter(job: KnownJob, placement: Placement, command: Meter): Decided | undefined {
  const { usage, run, center, checkpointAt, at } = command;
  if (run > placement.run) return notBegun(run);
  if (usage.center !== center) return reject("usage-of-another", "A center meters its own part only.");
  const [from, to] = [Date.parse(usage.from), Date.parse(usage.to)];
  if (to <= from) return reject("usage-reversed", "`to` must be after `from`.", "/to");
  const latest = at + skewMs;
  if (to > latest) return reject("usage-in-future", `It is ${instant(at)}: meter what has passed.`, "/to");
  if (checkpointAt !== undefined && Date.parse(checkpointAt) > latest)
    return reject("checkpoint-in-future", `It is ${instant(at)}: name a past instant.`, "/checkpointAt");
  const before = placement.meteredTo.get(`${run}/${center}`);
  if (before !== undefined && from < Date.parse(before) && to > Date.parse(before))
    return conflict("usage-overlaps", `The run is metered up to ${before} already.`, "/from");
  const endedAt = run === placement.run ? placement.runEndedAt : undefined;
  if (endedAt !== undefined && to > Date.parse(endedAt) + skewMs && !isSuperseded(job, placement.id, run))
    return conflict("run-ended", `Run ${run} ended at ${endedAt}: meter up to then.`, "/to");
  const most = awardedCardSeconds(job, placement, center, from, to);
  return usage.cardSeconds > most
    ? reject(
        "usage-beyond-award",
        `The award has ${most} card-seconds of this center in that time.`,
        "/cardSeconds",
      )
    : undefined;
}

/** Card-seconds that a placement's awards give a center in `[from, to)` (ms), rounded up. */
function awardedCardSeconds(
  job: KnownJob,
  placement: Placement,
  center: CenterId,
  from: number,
  to: number,
): number {
  const fills = balancesOf(job, placement.id).flatMap(({ award }) => award.fills);
  const milliseconds = fills
    .filter((fill) => fill.center === center)
    .reduce((sum, fill) => {
      const shared = Math.min(to, slotStart(fill.to)) - Math.max(from, slotStart(fill.from));
      return sum + fill.cards * Math.max(0, shared);
    }, 0);
  return Math.ceil(milliseconds / 1000);
}
