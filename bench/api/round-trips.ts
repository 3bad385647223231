import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, createSlots } from "../../agent/client.ts";
import { startReplay } from "../../agent/replay/replay.ts";
import { openingMs, type Scenario } from "../../agent/scenario/scenario.ts";
import { SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { AccountId, CenterId, ProductId } from "../../functions/contract/identifiers.ts";
import { operations } from "../../functions/contract/operations.ts";
import { startExchange } from "../../infra/local/exchange.ts";
import { scenarioOf } from "../cost/workload.ts";
import { type Spread, spreadOf } from "../spread.ts";

export interface RoundTrips {
  readonly what: "read a job" | "post a job" | "quote";
  readonly clients: number;
  /** ms. */
  readonly time: Spread;
  readonly perSecond: number;
}

/** Calls over HTTP to a local exchange whose market stands still, by so many clients at once; rounds interleave. */
export async function measureRoundTrips(calls: number, rounds: number): Promise<RoundTrips[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "suanwang-bench-"));
  const scenario = scenarioOf([]);
  const exchange = await startExchange({ dataDir, port: 0, startAt: openingMs(scenario) });
  try {
    const token = (owner: string, role: string) =>
      exchange.issuer.mint({ owner, roles: [role], seconds: 86_400 });
    const { url, time } = exchange;
    const fail = (error: unknown) => {
      throw error;
    };
    await startReplay({ scenario, baseUrl: url, clock: time, token, fail });
    await time.jumpTo(time.now() + 1_000);
    const [tenant] = scenario.tenants;
    if (tenant === undefined) throw new Error("the scenario has no tenant");
    const client = createClient(url, await token(tenant.tenant, "tenant"), createSlots(64));
    return await allWays(waysOf(client, scenario, tenant.tenant), calls, rounds);
  } finally {
    await exchange.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type Way = { readonly what: RoundTrips["what"]; readonly call: (n: number) => Promise<unknown> };

function waysOf(client: Client, scenario: Scenario, tenant: string): Way[] {
  const from = openingMs(scenario) / 1000 / SLOT_SECONDS + 1;
  const [center] = scenario.centers;
  const product = ProductId.parse(center?.pools[0]?.product);
  const bid = {
    session: "spot" as const,
    products: [{ product, limit: 500 }],
    cards: 8,
    slots: 10,
    from,
    to: from + 30,
  };
  const posted: string[] = [];
  const post = async (n: number) => {
    const { job } = await client.call(operations.postJob, {
      body: {
        ...bid,
        name: `bench-${n}`,
        kind: "block",
        maxSlots: 10,
        home: CenterId.parse(center?.center),
        account: AccountId.parse(tenant),
      },
      key: `bench-${n}`,
    });
    posted.push(job);
  };
  const read = async (n: number) => {
    const job = posted[n % posted.length];
    if (job === undefined) throw new Error("no job was posted");
    await client.call(operations.getJob, { params: { job } });
  };
  return [
    { what: "post a job", call: post },
    { what: "read a job", call: read },
    { what: "quote", call: () => client.call(operations.postQuote, { body: bid, key: "quote" }) },
  ];
}

async function allWays(ways: readonly Way[], calls: number, rounds: number): Promise<RoundTrips[]> {
  const cases = [1, 16].flatMap((clients) =>
    ways.map((way) => ({ ...way, clients, times: [] as number[], seconds: 0 })),
  );
  let n = 0;
  for (let round = 0; round <= rounds; round++)
    for (const one of cases) {
      const began = performance.now();
      const times: number[] = [];
      const clientLoop = async () => {
        while (times.length < calls) {
          const start = performance.now();
          // Claimed before the call, so that the clients together make as many as were asked for.
          const place = times.push(0) - 1;
          await one.call(n++);
          times[place] = performance.now() - start;
        }
      };
      await Promise.all(Array.from({ length: one.clients }, clientLoop));
      // The first round warms up.
      if (round === 0) continue;
      one.times.push(...times);
      one.seconds += (performance.now() - began) / 1000;
    }
  return cases.map(({ what, clients, times, seconds }) => ({
    what,
    clients,
    time: spreadOf(times),
    perSecond: times.length / seconds,
  }));
}
