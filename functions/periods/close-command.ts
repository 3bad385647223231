import type { Period } from "../../events/catalog/values.ts";
import type { CommandMeta } from "../../events/store/execute.ts";
import type { CutOff } from "../../market/period.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { loadPeriod } from "./open-period.ts";

/** A day that is being closed: cut off, and not closed yet. */
export interface ClosingDay {
  readonly period: Period;
  readonly afterPosition: number;
  readonly cutOff: CutOff;
}

/**
 * The day as it was cut off; undefined: it is closed, and whoever comes late with a step of its close does nothing.
 * @throws Error if it was not cut off
 */
export async function closingDay(
  access: Pick<Access, "store">,
  period: Period,
): Promise<ClosingDay | undefined> {
  const state = await loadPeriod(access, period);
  if (state.phase === "closed") return undefined;
  if (state.phase === "unknown" || state.cutOff === undefined)
    throw new Error(`period ${period} is not cut off`);
  return { period, afterPosition: state.afterPosition, cutOff: state.cutOff };
}

/** Everything that a close decides it decides as of the cut-off: so a close that is repeated writes the same bytes. */
export function closeCommand(
  access: Pick<Access, "clock" | "env">,
  { period, cutOff }: ClosingDay,
  commandId: string,
): CommandMeta {
  return { ...exchangeCommand(access, commandId, `period-${period}`), time: cutOff.at };
}
