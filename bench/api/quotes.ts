import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, createSlots } from "../../agent/client.ts";
import { joinAll } from "../../agent/replay/members.ts";
import type { World } from "../../agent/replay/world.ts";
import { drawWhole } from "../../agent/scenario/draw.ts";
import { type Offer, openingMs, type Scenario } from "../../agent/scenario/scenario.ts";
import { SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { ProductId } from "../../functions/contract/identifiers.ts";
import { operations } from "../../functions/contract/operations.ts";
import { startExchange } from "../../infra/local/exchange.ts";
import { scenarioOf } from "../cost/workload.ts";
import { type Spread, spreadOf } from "../spread.ts";

export interface QuoteTimes {
  readonly offers: number;
  /** ms, one client. The whole of the forward horizon asked for, which is the widest window that there is. */
  readonly spot: Spread;
  readonly week: Spread;
}

/** Ms within which a quote shall be answered, median. */
export const quoteGoalMs = 50;

export function meetsQuoteGoal({ spot, week }: QuoteTimes): boolean {
  return [spot, week].every(({ p50 }) => p50 < quoteGoalMs);
}

/**
 * Quotes over HTTP from a local exchange with so many open offers, no two of a pool alike, after a gate has passed over
 * them. Both kinds of quote take turns; the first round warms up.
 */
export async function measureQuotes(offers: number, calls: number, rounds: number): Promise<QuoteTimes> {
  const dataDir = mkdtempSync(join(tmpdir(), "suanwang-quotes-"));
  const scenario = manyOffers(scenarioOf([]), offers);
  const opening = openingMs(scenario);
  const exchange = await startExchange({ dataDir, port: 0, startAt: opening });
  try {
    const { url, issuer, time } = exchange;
    const slots = createSlots(48);
    const client: World["client"] = async (owner, role) =>
      createClient(url, await issuer.mint({ owner, roles: [role], seconds: 86_400 }), slots);
    await joinAll({
      scenario,
      opening,
      clock: time,
      client,
      works: new Map(),
      refusals: new Map(),
      fail(error) {
        throw error;
      },
    });
    await time.jumpTo(opening + SLOT_SECONDS * 1000 + 1_000);
    const tenant = await client(scenario.tenants[0]?.tenant ?? "", "tenant");
    const first = opening / 1000 / SLOT_SECONDS + 2;
    const products = [{ product: ProductId.parse("ascend910"), limit: 500 }];
    // As many cards as some pool has in every slot of the window.
    const cards = Math.ceil(offers / 200);
    const spot = { session: "spot" as const, products, cards, slots: 10, from: first, to: first + 40 };
    const week = { ...spot, session: "forward" as const, slots: 100, from: first + 20, to: first + 1680 };
    const times = { spot: [] as number[], week: [] as number[] };
    let n = 0;
    for (let round = 0; round <= rounds; round++)
      for (const [kind, body] of [
        ["spot", spot],
        ["week", week],
      ] as const)
        for (let call = 0; call < calls; call++) {
          const began = performance.now();
          const { pools } = await tenant.call(operations.postQuote, { body, key: `quote-${n++}` });
          if (pools.length === 0) throw new Error("the quote names no pool");
          if (round > 0) times[kind].push(performance.now() - began);
        }
    return { offers, spot: spreadOf(times.spot), week: spreadOf(times.week) };
  } finally {
    await exchange.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The scenario's pools, offered in many small pieces. */
function manyOffers(scenario: Scenario, count: number): Scenario {
  const pools = scenario.centers.flatMap(({ center, pools: own }) =>
    own.map(({ product }) => ({ center, product })),
  );
  const offers = Array.from({ length: count }, (_, n): Offer => {
    const pool = pools[n % pools.length];
    if (pool === undefined) throw new Error("the scenario has no pools");
    const from = drawWhole(0, 1000, `offer-${n}`, "from");
    const key = `${pool.center}-${pool.product}-${n}`;
    const to = from + drawWhole(10, 1500, `offer-${n}`, "length");
    return { ...pool, key, cards: drawWhole(1, 4, key), reserve: drawWhole(100, 400, key, "ask"), from, to };
  });
  return { ...scenario, offers };
}
