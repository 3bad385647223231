import type { Work } from "../../agent/replay/world.ts";
import type { Failure } from "../../agent/scenario/scenario-file.ts";
import { endsWithTime, SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import type { JobOutcome, JobState, Segment } from "../../bench/alone/metrics.ts";
import type { Award } from "../../events/catalog/award.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";

/** A job's run under one lease, seconds from the opening. */
interface Run {
  readonly award: Award;
  /** When it began at each center. */
  readonly started: Map<string, number>;
  /** Centers that a divisible job went on without: until when they ran it, and up to when that was of use. */
  readonly left: Map<string, { readonly to: number; readonly usefulTo: number }>;
  from?: number;
  end: number;
}

interface Followed {
  readonly work: Work;
  state: JobState | "expired";
  run?: Run;
  startedAt?: number;
  endedAt?: number;
  interruptions: number;
  continued: number;
  checkpoint: number;
  readonly segments: Segment[];
}

export interface NetworkOutcomes {
  readonly jobs: readonly JobOutcome[];
  readonly continued: number;
  readonly expired: number;
}

/**
 * What became of each job, read off the feed alone, up to `end` seconds after the opening (ms). Jobs whose time passed
 * without an award count as waiting to the end, as they do in the baseline. What the feed cannot know: that a run whose
 * award ended while its center was dark, and not yet missed, had kept no more than its checkpoint.
 */
export function networkOutcomes(
  events: Iterable<DomainEvent>,
  works: ReadonlyMap<string, Work>,
  opening: number,
  end: number,
  failures: readonly Failure[],
): NetworkOutcomes {
  const jobs = new Map<string, Followed>(
    [...works].map(([job, work]) => [
      job,
      { work, state: "waiting", interruptions: 0, continued: 0, checkpoint: 0, segments: [] },
    ]),
  );
  const second = (instant: string) => (Date.parse(instant) - opening) / 1000;
  const slotSecond = (slot: number) => slot * SLOT_SECONDS - opening / 1000;
  for (const event of events) {
    const id = "job" in event.data ? event.data.job : undefined;
    const job = id === undefined ? undefined : jobs.get(id);
    if (job !== undefined) follow(job, event, second, slotSecond, end, failures);
  }
  for (const job of jobs.values()) closeRun(job, end, end, slotSecond);
  const all = [...jobs.values()];
  return {
    jobs: all.map(({ work, state, startedAt, endedAt, interruptions, segments }) => ({
      job: work.scenario,
      state: state === "expired" ? "waiting" : state,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      interruptions,
      segments,
    })),
    continued: all.reduce((sum, job) => sum + job.continued, 0),
    expired: all.filter(({ state }) => state === "expired").length,
  };
}

function follow(
  job: Followed,
  event: DomainEvent,
  second: (instant: string) => number,
  slotSecond: (slot: number) => number,
  end: number,
  failures: readonly Failure[],
): void {
  switch (event.type) {
    case "JobPlaced":
      job.run = {
        award: event.data.award,
        started: new Map(),
        left: new Map(),
        end: slotSecond(event.data.award.to),
      };
      return;
    case "JobContinued":
    case "JobBridged":
      if (job.run !== undefined) {
        const { award, end: _, ...run } = job.run;
        const fills = [...award.fills, ...event.data.award.fills];
        job.run = { ...run, award: { ...award, fills }, end: slotSecond(event.data.award.to) };
      }
      if (slotSecond(event.data.award.from) < end) job.continued += 1;
      return;
    case "JobStarted":
      begin(job, event.data.center, second(event.data.at), end);
      return;
    case "JobMetered":
      if (event.data.checkpointAt !== undefined) job.checkpoint = second(event.data.checkpointAt);
      return;
    case "JobReduced": {
      const at = second(event.data.at);
      const { run } = job;
      if (at > end || run === undefined) return;
      run.left.set(event.data.center, { to: at, usefulTo: Math.max(run.from ?? 0, job.checkpoint) });
      return;
    }
    case "JobReclaimed": {
      const { center, slot } = event.data;
      const to = slotSecond(slot);
      if (job.run === undefined || to > end) return;
      if (job.work.scenario.bid.kind === "div") job.run.left.set(center, { to, usefulTo: to });
      else job.run.end = Math.min(job.run.end, to);
      return;
    }
    case "JobCompleted":
    case "JobFailed":
    case "JobCancelled": {
      const at = second(event.data.at);
      if (at > end) return;
      const stop = job.run === undefined ? at : Math.min(at, job.run.end);
      closeRun(job, stop, stop, slotSecond);
      job.state = event.type === "JobCompleted" ? "completed" : "failed";
      job.endedAt = stop;
      return;
    }
    case "JobDisplaced": {
      const at = second(event.data.at);
      if (at > end) return;
      const byTime = event.data.cause === "continuationLost" || event.data.cause === "reclaimed";
      const stop = byTime ? slotSecond(event.data.slot) : at;
      // What a service has served is not done again.
      const serves = job.work.scenario.bid.kind === "service";
      const whole = serves || (byTime && !wentDark(job.run, stop, failures));
      if (job.run?.from !== undefined) job.interruptions += 1;
      closeRun(job, stop, whole ? stop : Math.max(job.run?.from ?? 0, job.checkpoint), slotSecond);
      job.state = "waiting";
      return;
    }
    case "JobExpired":
      if (slotSecond(event.data.slot) <= end) job.state = "expired";
      return;
    default:
  }
}

function wentDark(run: Run | undefined, stop: number, failures: readonly Failure[]): boolean {
  if (run?.from === undefined) return false;
  const { from, award } = run;
  return failures.some(
    ({ center, failsAt }) =>
      from <= failsAt && failsAt < stop && award.fills.some((fill) => fill.center === center),
  );
}

/** A gang runs when it does at all of its centers; a divisible job when the first of them does. */
function begin(job: Followed, center: string | undefined, at: number, end: number): void {
  const { run } = job;
  if (run === undefined || at > end) return;
  const centers = new Set<string>(run.award.fills.map((fill) => fill.center));
  for (const each of center === undefined ? centers : [center])
    if (!run.started.has(each)) run.started.set(each, at);
  const runs =
    job.work.scenario.bid.kind === "div" ? run.started.size > 0 : run.started.size === centers.size;
  if (!runs || run.from !== undefined) return;
  run.from = at;
  job.startedAt ??= at;
  job.state = "running";
}

function closeRun(job: Followed, to: number, usefulTo: number, slotSecond: (slot: number) => number): void {
  const { run } = job;
  delete job.run;
  if (run?.from === undefined) return;
  const { from } = run;
  if (endsWithTime(job.work.scenario)) {
    for (const fill of run.award.fills) {
      const left = run.left.get(fill.center) ?? { to, usefulTo };
      const first = Math.max(run.started.get(fill.center) ?? to, slotSecond(fill.from));
      const last = Math.min(to, left.to, slotSecond(fill.to));
      if (first < last)
        job.segments.push({
          ...poolOf(fill),
          from: first,
          to: last,
          usefulTo: Math.min(last, left.usefulTo),
        });
    }
    return;
  }
  const byCenter = new Map(run.award.fills.map((fill) => [fill.center, fill]));
  for (const fill of byCenter.values()) job.segments.push({ ...poolOf(fill), from, to, usefulTo });
}

function poolOf({ center, product, cards }: Award["fills"][number]) {
  return { center, product, cards };
}
