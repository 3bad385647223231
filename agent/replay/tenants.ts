import { AccountId, CenterId, ProductId } from "../../functions/contract/identifiers.ts";
import { operations } from "../../functions/contract/operations.ts";
import { Refused } from "../client.ts";
import { type ScenarioJob, SLOT_SECONDS } from "../scenario/scenario-job.ts";
import { doAt, type World } from "./world.ts";

/** Seconds after the opening at which what was running before it is requested: the first gate is past then. */
const openingDelay = 2;

/** Every tenant requests its jobs when they arrive. */
export function requestJobs(world: World): void {
  const byInstant = Map.groupBy(world.scenario.jobs, ({ arrival }) => Math.max(arrival, openingDelay));
  for (const [arrival, jobs] of byInstant)
    doAt(world, world.opening + arrival * 1000, async () => {
      await Promise.all(jobs.map((job) => request(world, job)));
    });
}

async function request(world: World, scenario: ScenarioJob): Promise<void> {
  const { window, home, products, split, regions, maxLatencyMs, extendLimit, frameworks, ...rest } =
    scenario.bid;
  const { floor, stageSlots, ...bid } = rest;
  const first = world.opening / 1000 / SLOT_SECONDS;
  const body = {
    ...bid,
    ...(floor === undefined ? {} : { floor }),
    ...(stageSlots === undefined ? {} : { stageSlots }),
    ...(split === undefined ? {} : { split }),
    ...(regions === undefined ? {} : { regions: [...regions] }),
    ...(maxLatencyMs === undefined ? {} : { maxLatencyMs }),
    ...(extendLimit === undefined ? {} : { extendLimit }),
    frameworks: [...frameworks],
    home: CenterId.parse(home),
    products: products.map(({ product, limit }) => ({ product: ProductId.parse(product), limit })),
    account: AccountId.parse(scenario.tenant),
    from: first + window.from,
    to: first + window.to,
  };
  const client = await world.client(scenario.tenant, "tenant");
  try {
    const { job } = await client.call(operations.postJob, { body, key: `job-${scenario.key}` });
    if (!world.works.has(job)) world.works.set(job, { scenario, done: 0 });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { code } = error.problem;
    world.refusals.set(code, (world.refusals.get(code) ?? 0) + 1);
  }
}
