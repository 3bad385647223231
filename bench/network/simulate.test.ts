import { describe, expect, it } from "vitest";
import type { Scenario } from "../../agent/scenario/scenario.ts";
import type { ScenarioJob } from "../../agent/scenario/scenario-job.ts";
import { networkOutcomes } from "../../infra/local/network-outcomes.ts";
import { loneCenterDay, loneJob } from "../../test/lone-center.ts";
import { faultsOf } from "./checks.ts";
import { moneyOf } from "./measures.ts";
import { simulate } from "./simulate.ts";

type JobFields = Readonly<{
  arrival: number;
  cards: number;
  seconds: number;
  slots: number;
  session?: "spot" | "forward";
  limit?: number;
}>;

function job(
  key: string,
  { arrival, cards, seconds, slots, session = "spot", limit = 300 }: JobFields,
): ScenarioJob {
  const from = Math.floor(arrival / 360) + 1;
  const window = { from, to: from + slots + 480 };
  const price = { product: "ascend910", limit, extendLimit: limit };
  return loneJob(key, { arrival, cards, seconds, slots, session, window, ...price });
}

/** One center of 10 cards at 100 fen, energy free. */
function scenario(jobs: readonly ScenarioJob[], failures: Scenario["failures"] = []): Scenario {
  return {
    ...loneCenterDay({ product: "ascend910", cards: 10, energy: 0, to: 1920 }, jobs, failures),
    tenants: [{ tenant: "t", name: "T", home: "c", frameworks: [], products: ["ascend910"] }],
    deposit: "1000000000",
  };
}

function outcomesOf(given: Scenario) {
  const simulated = simulate(given);
  const { jobs, continued } = networkOutcomes(
    simulated.events,
    simulated.works,
    simulated.opening,
    86_400,
    given.failures,
  );
  expect(faultsOf(given, simulated, jobs)).toEqual([]);
  const times = (key: string) => {
    const found = jobs.find((each) => each.job.key === key);
    return [found?.state, found?.startedAt, found?.endedAt];
  };
  return { times, jobs, continued, money: moneyOf(simulated.ledger), counts: simulated.counts };
}

describe("a simulated day", () => {
  it("starts a job in the slot after the next gate, ends it to the second, and charges slots and the release fee", () => {
    const { times, money, counts } = outcomesOf(
      scenario([job("a", { arrival: 1000, cards: 8, seconds: 1000, slots: 10 })]),
    );
    // Requested in slot 2; the gate of slot 3 sells from slot 4 on.
    expect(times("a")).toEqual(["completed", 1440, 2440]);
    // Slots 4 to 6 are touched; in the last hour of an award it bids on, so at the gate of slot 4 it won ten slots more.
    // It ends in slot 6, when slot 7 has seen its last gate; nobody buys one of the 16 after it either: 10 %. Price: the reserve.
    const mills = 8 * 100 * 3 + 8 * 10 * 17;
    expect(money).toEqual({ tenantsPay: mills, centersGet: mills });
    expect(counts).toMatchObject({ spot: 240, forward: 24, withBids: 2, awards: 2 });
  });

  it("continues a job that runs over for as long as all it had", () => {
    const { times, continued } = outcomesOf(
      scenario([job("a", { arrival: 10, cards: 8, seconds: 9000, slots: 10 })]),
    );
    // From 720: ten slots, ten more, and the twenty of which five are used.
    expect(times("a")).toEqual(["completed", 720, 9720]);
    expect(continued).toBe(2);
  });

  it("lets the forward session reserve whole hours from the next one on", () => {
    const forward = job("f", { arrival: 100, cards: 10, seconds: 3000, slots: 10, session: "forward" });
    // The gate of 00:48 sells from 01:00 on.
    expect(outcomesOf(scenario([forward])).times("f")).toEqual(["completed", 3600, 6600]);
  });

  it("goes on from the last hourly checkpoint after an outage", () => {
    const failure = { center: "c", failsAt: 8000, returnsAt: 12_000 };
    const { times, jobs } = outcomesOf(
      scenario([job("a", { arrival: 10, cards: 8, seconds: 10_000, slots: 38 })], [failure]),
    );
    // It ran from 720 and saved two hours of 7,280 s; the center is back at 12,243, its next gate sells from 12,960 on.
    expect(times("a")).toEqual(["completed", 720, 12_960 + 2800]);
    expect(jobs[0]?.segments.map(({ from, usefulTo }) => usefulTo - from)).toEqual([7200, 2800]);
    expect(jobs[0]?.interruptions).toBe(1);
  });

  it("does not start what the dark center was awarded, and awards it again when the center is back", () => {
    const failure = { center: "c", failsAt: 500, returnsAt: 4000 };
    const { times } = outcomesOf(
      scenario([job("a", { arrival: 400, cards: 8, seconds: 600, slots: 10 })], [failure]),
    );
    expect(times("a")).toEqual(["completed", 5040, 5640]);
  });

  it("has a tenant's jobs wait for their turn at home beyond its bids in the book", () => {
    const wide = Array.from({ length: 40 }, (_, n) =>
      job(`j${n}`, { arrival: 10 + n, cards: 10, seconds: 360, slots: 1, limit: 300 + n }),
    );
    const { jobs } = outcomesOf(scenario(wide));
    expect(jobs.every(({ state }) => state === "completed")).toBe(true);
    const starts = jobs.map(({ startedAt }) => startedAt);
    expect(new Set(starts).size).toBe(40);
    // The first gate sells three starts, to those that pay most of the first 32: later ones pay more, and have to wait.
    const first = jobs.filter(({ startedAt = 0 }) => startedAt <= 1440).map(({ job: { key } }) => key);
    expect(first.sort()).toEqual(["j29", "j30", "j31"]);
  });
});
