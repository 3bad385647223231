import type { Period } from "../../events/catalog/values.ts";
import type { PeriodState } from "../../market/period.ts";
import { periodStart, SLOTS_PER_DAY } from "../../market/time.ts";
import type { PeriodView } from "../../market/views/periods.ts";
import type { SettlementPeriod } from "../contract/periods.ts";

type Known = Exclude<PeriodState, { phase: "unknown" }>;

export function periodResource({ period, afterPosition, cutOff, closed }: Known): SettlementPeriod {
  const day = { ...slotsOf(period), afterPosition };
  if (closed !== undefined) {
    const { at, ...totals } = closed;
    return { ...day, status: "closed", closedAt: at, ...totals };
  }
  return { ...day, ...(cutOff === undefined ? { status: "open" } : cutOffFields(cutOff)) };
}

export function periodSummary({ period, afterPosition, cutOff, closed }: PeriodView) {
  const day = { ...slotsOf(period), afterPosition };
  if (closed !== undefined) {
    const { at, ...totals } = closed;
    return { ...day, status: "closed" as const, closedAt: at, ...totals };
  }
  return { ...day, ...(cutOff === undefined ? { status: "open" as const } : cutOffFields(cutOff)) };
}

function slotsOf(period: Period) {
  const from = periodStart(period);
  return { period, from, to: from + SLOTS_PER_DAY };
}

function cutOffFields({ position, feedHash }: { readonly position: number; readonly feedHash: string }) {
  return { status: "cutOff" as const, position, feedHash };
}
