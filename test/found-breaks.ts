import { CenterId, JobId, PlacementId } from "../events/catalog/values.ts";
import { createStore } from "../events/store/execute.ts";
import { createEventLog } from "../events/store/log.ts";
import { breakIdOf, recordBreaks } from "../functions/breaks/record-breaks.ts";
import { millsText } from "../market/money.ts";
import type { FoundBreak } from "../market/settlement/match-facts.ts";
import type { DayMatch } from "../market/settlement/match-outcome.ts";
import { instant, periodOf } from "../market/time.ts";
import { testTables } from "./dynalite.ts";
import type { InMemoryExchange } from "./exchange-in-memory.ts";
import type { SeededExchange, Side } from "./seeded-exchange.ts";

/** What a break says of the side that it is about. */
type ChargedSide = Pick<Side, "placement" | "placedJob" | "center" | "from">;

/** A wrong price in the charge of a side's placed job. */
export function breakOf({ exchange }: Pick<SeededExchange, "exchange">, side: ChargedSide): FoundBreak {
  const charge = `${side.placement}:end:${side.from}-${side.from + 1}`;
  return {
    code: "wrongPrice",
    about: charge,
    subject: charge,
    period: periodOf(exchange.slot()),
    job: JobId.parse(side.placedJob),
    placement: PlacementId.parse(side.placement),
    center: CenterId.parse(side.center),
    expected: "799",
    found: "800",
    mills: millsText(1n),
    detail: "The price is not the award's.",
  };
}

export function breakIdFor(world: Pick<SeededExchange, "exchange">, side: ChargedSide): string {
  return breakIdOf(breakOf(world, side));
}

/** Records what a match found, as the close does. */
export async function record(
  exchange: InMemoryExchange,
  match: Partial<Pick<DayMatch, "breaks" | "healed">>,
): Promise<void> {
  const store = createStore(createEventLog(exchange.database, testTables.log), { random: () => 0 });
  const at = instant(exchange.clock.now());
  const access = { store, clock: exchange.clock, env: {} };
  const period = periodOf(exchange.slot());
  await recordBreaks(access, { breaks: [], healed: [], ...match }, { period, at });
}
