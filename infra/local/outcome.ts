import type { World } from "../../agent/replay/world.ts";
import type { Exchange } from "./exchange.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}
export interface Outcome {
  readonly seconds: number;
  readonly checks: readonly Check[];
  readonly text: string;
}
export async function outcomeOf(exchange: Exchange, world: World, seconds: number): Promise<Outcome> {
  const text = JSON.stringify({
    seconds,
    counts: exchange.counts(),
    dead: exchange.deadLetters(),
    refusals: [...world.refusals],
  });
  return { seconds, checks: [], text };
}
export function printOutcome(outcome: Outcome): void {
  console.log(outcome.text);
}
