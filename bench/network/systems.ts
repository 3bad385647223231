import type { Scenario } from "../../agent/scenario/scenario.ts";
import { DAY_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { networkOutcomes } from "../../infra/local/network-outcomes.ts";
import { runAlone } from "../alone/alone.ts";
import type { JobOutcome } from "../alone/metrics.ts";
import { faultsOf } from "./checks.ts";
import { type Measures, type Money, measuresOf, moneyOf } from "./measures.ts";
import type { AuctionCounts } from "./memory-exchange.ts";
import { aloneAt, everFits } from "./month.ts";
import { simulate } from "./simulate.ts";

/** What is compared: lone centers as batch systems, lone centers with a market each, and the network. */
export const SYSTEMS = ["batch", "markets", "network"] as const;
export type System = (typeof SYSTEMS)[number];

export interface SystemRun {
  readonly outcomes: readonly JobOutcome[];
  readonly measures: Measures;
  readonly counts?: Readonly<AuctionCounts>;
  /** Jobs that moved on to another award while running. */
  readonly continued: number;
  /** What does not hold; empty: all checks do. */
  readonly faults: readonly string[];
}

export function runSystem(system: System, scenario: Scenario): SystemRun {
  switch (system) {
    case "batch": {
      const { jobs } = runAlone(scenario);
      return { outcomes: jobs, measures: measuresOf(scenario, jobs, undefined), continued: 0, faults: [] };
    }
    case "markets":
      return together(
        scenario,
        scenario.centers.map(({ center }) => market(aloneAt(scenario, center))),
      );
    case "network":
      return together(scenario, [market(scenario)]);
    default:
      return system satisfies never;
  }
}

interface Market {
  readonly outcomes: readonly JobOutcome[];
  readonly money: Money;
  readonly counts: Readonly<AuctionCounts>;
  readonly continued: number;
  readonly faults: readonly string[];
}

/** Jobs that fit none of the market's centers are not requested: their tenants know its sizes. */
function market(scenario: Scenario): Market {
  const [fitting, tooLarge] = [true, false].map((fits) =>
    scenario.jobs.filter((job) => everFits(scenario, job) === fits),
  );
  const simulated = simulate({ ...scenario, jobs: fitting ?? [] });
  const end = scenario.days * DAY_SECONDS;
  const { events, works, opening } = simulated;
  const { jobs, continued } = networkOutcomes(events, works, opening, end, scenario.failures);
  const never = (tooLarge ?? []).map(
    (job): JobOutcome => ({ job, state: "neverFits", interruptions: 0, segments: [] }),
  );
  return {
    outcomes: [...jobs, ...never],
    money: moneyOf(simulated.ledger),
    counts: simulated.counts,
    continued,
    faults: faultsOf(scenario, simulated, jobs),
  };
}

function together(scenario: Scenario, markets: readonly Market[]): SystemRun {
  const outcomes = markets.flatMap((each) => each.outcomes);
  const sum = (of: (each: Market) => number) => markets.reduce((total, each) => total + of(each), 0);
  const money = {
    tenantsPay: sum(({ money }) => money.tenantsPay),
    centersGet: sum(({ money }) => money.centersGet),
  };
  return {
    outcomes,
    measures: measuresOf(scenario, outcomes, money),
    counts: {
      spot: sum(({ counts }) => counts.spot),
      forward: sum(({ counts }) => counts.forward),
      withBids: sum(({ counts }) => counts.withBids),
      voided: sum(({ counts }) => counts.voided),
      awards: sum(({ counts }) => counts.awards),
    },
    continued: sum(({ continued }) => continued),
    faults: markets.flatMap(({ faults }) => faults),
  };
}
