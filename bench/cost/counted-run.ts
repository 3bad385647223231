import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startReplay } from "../../agent/replay/replay.ts";
import { openingMs } from "../../agent/scenario/scenario.ts";
import { DAY_SECONDS, type ScenarioJob } from "../../agent/scenario/scenario-job.ts";
import { type Counts, type Exchange, startExchange } from "../../infra/local/exchange.ts";
import { assumptions } from "./assumptions.ts";
import { createItemSizes } from "./counting-database.ts";
import { lambdaHosting } from "./lambda-hosting.ts";
import { createTally, lessTally, type Tally } from "./tally.ts";
import { scenarioOf } from "./workload.ts";

/** What whole days of the exchange did, from the moment at which its members had joined. */
export interface CountedRun {
  readonly days: number;
  readonly tally: Tally;
  readonly transitionsOf: Readonly<Record<string, number>>;
  readonly ticks: number;
  /** Bytes in each table at the end. */
  readonly storedBytes: Readonly<Record<string, number>>;
  /** Jobs that came to an end. */
  readonly ended: number;
  readonly seconds: number;
}

/** Market time after a day in which its close is done. */
const closeMs = 5 * 60_000;
const dayMs = DAY_SECONDS * 1000;
const endings = ["JobCompleted", "JobFailed", "JobCancelled", "JobExpired", "JobRejected"];

/** Runs the exchange with simulated centers for whole days, at most `maxDays`, until all of the jobs have ended. */
export async function countedRun(jobs: readonly ScenarioJob[], maxDays: number): Promise<CountedRun> {
  const began = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), "suanwang-cost-"));
  const tally = createTally();
  const sizes = createItemSizes();
  const scenario = scenarioOf(jobs);
  const opening = openingMs(scenario);
  const exchange = await startExchange({
    dataDir,
    port: 0,
    startAt: opening,
    hostedBy: lambdaHosting(tally, sizes),
    streamPollMs: assumptions.streamPollMs,
  });
  try {
    await openMarket(exchange, scenario);
    const start = structuredClone(tally);
    const counts = exchange.counts();
    const ended = () => endings.reduce((sum, name) => sum + (tally.events[name] ?? 0), 0);
    let days = 0;
    do {
      days += 1;
      await exchange.time.jumpTo(opening + days * dayMs + closeMs);
    } while (days < maxDays && ended() < jobs.length);
    return {
      days,
      tally: lessTally(tally, start),
      ...lessCounts(exchange.counts(), counts),
      storedBytes: Object.fromEntries(sizes.totals()),
      ended: ended(),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    await exchange.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Members join and offer; jobs come later by themselves. */
async function openMarket({ url, issuer, time }: Exchange, scenario: ReturnType<typeof scenarioOf>) {
  await startReplay({
    scenario,
    baseUrl: url,
    clock: time,
    token: (owner, role) => issuer.mint({ owner, roles: [role], seconds: 30 * DAY_SECONDS }),
    fail(error) {
      throw error;
    },
  });
  // The first second: what was offered goes through the feed.
  await time.jumpTo(time.now() + 1_000);
}

function lessCounts(after: Counts, before: Counts) {
  const machines = Object.entries(after.transitionsOf);
  return {
    transitionsOf: Object.fromEntries(
      machines.map(([machine, count]) => [machine, count - (before.transitionsOf[machine] ?? 0)]),
    ),
    ticks: after.ticks - before.ticks,
  };
}
