import { DEFAULT_SCENARIO, loadScenario, type Scenario } from "../../agent/scenario/scenario.ts";
import { DAY_SECONDS, type ScenarioJob, SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";

/** Days of the trace that are shipped: jobs are drawn from all of them. */
const traceDays = 3;

/** The scenario's centers and tenants with other jobs; nobody fails, for a day's failures are not a job's cost. */
export function scenarioOf(jobs: readonly ScenarioJob[]): Scenario {
  return { ...loadScenario(DEFAULT_SCENARIO, traceDays), days: 1, failures: [], shortages: [], jobs };
}

/** Mean length of the trace's jobs, hours: of those submitted on its shipped days. */
export function traceMeanHours(): number {
  return meanHours(submittedJobs());
}

export function meanHours(jobs: readonly ScenarioJob[]): number {
  return jobs.reduce((sum, job) => sum + job.durationSeconds, 0) / jobs.length / 3600;
}

/** No job is longer, so that all of them end within three days. */
const cutSeconds = 44 * 3600;

/**
 * `count` jobs of the trace, whose lengths have the trace's mean and, but for the longest, its shape: of as many equal
 * shares of its jobs, sorted by length, the one nearest to its share's mean. What the longest have beyond the cut goes
 * to the next in length. All arrive on one day, at the hour of their submission.
 */
export function typicalJobs(count: number): ScenarioJob[] {
  const sorted = submittedJobs().sort((a, b) => a.durationSeconds - b.durationSeconds);
  const picked = Array.from({ length: count }, (_, n) => {
    const share = sorted.slice(
      Math.floor((n * sorted.length) / count),
      Math.floor(((n + 1) * sorted.length) / count),
    );
    return nearestToMean(share);
  });
  const lengths = levelled(
    picked.map(({ durationSeconds }) => durationSeconds),
    Math.round(traceMeanHours() * 3600 * count),
    cutSeconds,
  );
  return picked
    .map((job, n) => onFirstDay({ ...job, durationSeconds: lengths[n] ?? job.durationSeconds }))
    .sort((a, b) => a.arrival - b.arrival || (a.key < b.key ? -1 : 1));
}

/** Ascending lengths of at most `most` that add up to `total`: what the cut leaves over lengthens the next in length. */
export function levelled(lengths: readonly number[], total: number, most: number): number[] {
  const cut = lengths.map((length) => Math.min(length, most));
  let spare = total - cut.reduce((sum, length) => sum + length, 0);
  return cut
    .toReversed()
    .map((length) => {
      const more = Math.max(0, Math.min(most - length, spare));
      spare -= more;
      return length + more;
    })
    .toReversed();
}

function submittedJobs(): ScenarioJob[] {
  const { jobs } = loadScenario(DEFAULT_SCENARIO, traceDays);
  return jobs.filter(({ workload, opening }) => workload === "trace" && !opening);
}

function nearestToMean(share: readonly ScenarioJob[]): ScenarioJob {
  const mean = meanHours(share) * 3600;
  const away = (job: ScenarioJob) => Math.abs(job.durationSeconds - mean);
  return share.reduce((best, job) => (away(job) < away(best) ? job : best));
}

function onFirstDay(job: ScenarioJob): ScenarioJob {
  const arrival = job.arrival % DAY_SECONDS;
  const from = Math.floor(arrival / SLOT_SECONDS) + 1;
  const { window } = job.bid;
  return { ...job, arrival, bid: { ...job.bid, window: { from, to: from + window.to - window.from } } };
}
