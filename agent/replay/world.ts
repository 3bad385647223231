import type { Caller } from "../client.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { ScenarioJob } from "../scenario/scenario-job.ts";

/** Market time as clients see it; while they work it does not jump. */
export interface ReplayClock {
  now(): number;
  at(instantMs: number, due: () => void): () => void;
  hold(): () => void;
}

/** One job's real work: what the exchange never learns. */
export interface Work {
  readonly scenario: ScenarioJob;
  /** Seconds of work that are done and saved. */
  done: number;
}

/** What all simulated members share. */
export interface World {
  readonly scenario: Scenario;
  /** Instant of the opening, ms. */
  readonly opening: number;
  readonly clock: ReplayClock;
  client(owner: string, role: "center" | "tenant" | "finance" | "operator"): Promise<Caller>;
  /** By the exchange's job id. */
  readonly works: Map<string, Work>;
  /** Calls that the exchange refused, by code. */
  readonly refusals: Map<string, number>;
  /** Anything that no member can handle ends the replay. */
  fail(error: unknown): void;
}

/** Does something at an instant of market time, which stands still meanwhile; gives the way to call it off. */
export function doAt(
  { clock, fail }: Pick<World, "clock" | "fail">,
  instant: number,
  work: () => Promise<void>,
) {
  return clock.at(instant, () => {
    const release = clock.hold();
    work().catch(fail).finally(release);
  });
}
