import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startReplay } from "../../agent/replay/replay.ts";
import { openingMs } from "../../agent/scenario/scenario.ts";
import type { ScenarioJob } from "../../agent/scenario/scenario-job.ts";
import { operations } from "../../functions/contract/operations.ts";
import { type Exchange, startExchange } from "../../infra/local/exchange.ts";
import { goalTransitions } from "./cost-report.ts";
import { scenarioOf, traceMeanHours, typicalJobs } from "./workload.ts";

const hourMs = 3_600_000;

let folder: string;
let exchange: Exchange | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "suanwang-transitions-"));
});
afterEach(async () => {
  await exchange?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs one job from its request to its end; gives it and the transitions of its workflow. */
async function runJob(job: ScenarioJob, hours: number) {
  const scenario = scenarioOf([job]);
  const opening = openingMs(scenario);
  exchange = await startExchange({ dataDir: folder, port: 0, startAt: opening });
  const { url, issuer, time } = exchange;
  const token = (owner: string, role: string) => issuer.mint({ owner, roles: [role], seconds: 86_400 });
  const failures: unknown[] = [];
  const world = await startReplay({
    scenario,
    baseUrl: url,
    clock: time,
    token,
    fail: (error) => failures.push(error),
  });
  await time.jumpTo(opening + hours * hourMs);
  expect(failures).toEqual([]);
  const tenant = await world.client(job.tenant, "tenant");
  const [id = ""] = world.works.keys();
  const ended = await tenant.call(operations.getJob, { params: { job: id } });
  return { ended, transitions: exchange.counts().transitionsOf["Suanwang-job"] };
}

const [typical] = typicalJobs(1);
if (typical === undefined) throw new Error("there is no typical job");
/** Requested at the opening, with a first award of so many slots. */
const jobOf = (slots: number): ScenarioJob => ({
  ...typical,
  arrival: 0,
  durationSeconds: Math.round(traceMeanHours() * 3600),
  bid: { ...typical.bid, slots, window: { from: 1, to: 60 } },
});

describe("the workflow of a job of the trace's mean length", () => {
  test("whose award is long enough takes two transitions: one wait for its start, one for its end", async () => {
    const { ended, transitions } = await runJob(jobOf(40), 5);
    expect(ended.status).toBe("completed");
    expect(ended.awards.length).toBe(2);
    // It takes 4.47 hours: one continuation, whose first award's end asks the decider.
    expect(transitions).toBe(4);
  });

  test("stays within the bound although its estimate was an eighth of its length", async () => {
    const { ended, transitions = Number.NaN } = await runJob(jobOf(5), 5);
    expect(ended.status).toBe("completed");
    expect(ended.awards.length).toBeGreaterThan(3);
    // At most two for each award that was continued, and never one for time that passes.
    expect(transitions).toBeLessThanOrEqual(2 + 2 * (ended.awards.length - 1));
    expect(transitions).toBeLessThanOrEqual(goalTransitions);
  });
});
