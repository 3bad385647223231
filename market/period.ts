import type * as z from "zod";
import type {
  PeriodClosed,
  PeriodCutOff,
  PeriodEvent,
  PeriodTotalsStated,
} from "../events/catalog/period.ts";
import type { Period } from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { marketCurrency, mills } from "./money.ts";
import { periodStart, SLOTS_PER_DAY } from "./time.ts";

export type ClosedPeriod = Omit<z.infer<typeof PeriodClosed.data>, "period">;
/** What a close adds up; where the period ends was fixed by its cut-off. */
export type Totals = Omit<ClosedPeriod, "at" | "position" | "feedHash">;
/** Where a period ends in the feed, and when that was fixed. */
export type CutOff = Omit<z.infer<typeof PeriodCutOff.data>, "period">;

/** Some rows of the totals, where one event cannot hold them all. */
export type TotalsPage = Omit<z.infer<typeof PeriodTotalsStated.data>, "period">;

export type PeriodCommand =
  /** `afterPosition`: last page of the feed that belongs to the period before; 0: none. */
  | { readonly type: "Open"; readonly period: Period; readonly afterPosition: number }
  | ({ readonly type: "CutOff" } & CutOff)
  | ({ readonly type: "StateTotals" } & TotalsPage)
  | ({ readonly type: "Close" } & Totals);

export type PeriodState =
  | { readonly phase: "unknown" }
  | {
      readonly phase: "open" | "closed";
      readonly period: Period;
      readonly afterPosition: number;
      readonly cutOff?: CutOff;
      readonly stated: Stated;
      readonly closed?: ClosedPeriod;
    };

/** Pages of totals so far, and what their rows in CNY add up to, in mills. */
interface Stated {
  readonly pages: number;
  readonly debits: bigint;
  readonly credits: bigint;
}

const noneStated: Stated = { pages: 0, debits: 0n, credits: 0n };

function withRows(stated: Stated, rows: TotalsPage["totals"]): Stated {
  return rows
    .filter(({ currency = marketCurrency }) => currency === marketCurrency)
    .reduce(
      ({ pages, debits, credits }, { debit, credit }) => ({
        pages,
        debits: debits + mills(debit),
        credits: credits + mills(credit),
      }),
      stated,
    );
}

/** A settlement day, open, cut off and then closed for ever: stream `period-ID`. */
export const periodDecider: Decider<PeriodState, PeriodCommand, PeriodEvent> = {
  initial: { phase: "unknown" },
  decide: decidePeriod,
  evolve(state, event) {
    if (event.type === "PeriodOpened") {
      const { period, afterPosition } = event.data;
      return { phase: "open", period, afterPosition, stated: noneStated };
    }
    if (state.phase === "unknown") return state;
    if (event.type === "PeriodCutOff") {
      const { period: _, ...cutOff } = event.data;
      return { ...state, cutOff };
    }
    if (event.type === "PeriodTotalsStated") {
      const { page, totals } = event.data;
      return { ...state, stated: { ...withRows(state.stated, totals), pages: page } };
    }
    const { period: _, ...closed } = event.data;
    return { ...state, phase: "closed", closed };
  },
};

function decidePeriod(command: PeriodCommand, state: PeriodState): Decision<PeriodEvent> {
  if (command.type === "Open") {
    if (state.phase !== "unknown") return nothing;
    const { period, afterPosition } = command;
    const from = periodStart(period);
    return accept({ type: "PeriodOpened", data: { period, from, to: from + SLOTS_PER_DAY, afterPosition } });
  }
  if (state.phase === "unknown") return conflict("period-unknown", "The period was never opened.");
  if (state.phase === "closed") return nothing;
  const { period } = state;
  if (command.type === "CutOff") {
    if (state.cutOff !== undefined) return nothing;
    const { type: _, ...cutOff } = command;
    if (cutOff.position < state.afterPosition)
      return reject(
        "period-before-itself",
        `The period begins after page ${state.afterPosition}.`,
        "/position",
      );
    return accept({ type: "PeriodCutOff", data: { period, ...cutOff } });
  }
  if (state.cutOff === undefined) return conflict("not-cut-off", "The period has not been cut off yet.");
  const { stated } = state;
  if (command.type === "StateTotals") {
    if (command.page <= stated.pages) return nothing;
    if (command.page > stated.pages + 1)
      return conflict("totals-missing", `Page ${stated.pages + 1} of the totals comes next.`, "/page");
    const { page, totals } = command;
    return accept({ type: "PeriodTotalsStated", data: { period, page, totals } });
  }
  const { type: _, ...totals } = command;
  if ((totals.pages ?? 0) !== stated.pages)
    return conflict("totals-missing", `${stated.pages} pages of the totals are stated.`, "/pages");
  if (totals.debits !== totals.credits)
    return reject("unbalanced", `Debits are ${totals.debits} mills, credits ${totals.credits}.`, "/totals");
  const { debits, credits } = withRows(stated, totals.totals);
  if (debits !== mills(totals.debits) || credits !== mills(totals.credits))
    return reject(
      "unbalanced",
      `The rows come to ${debits} mills of debits, ${credits} of credits.`,
      "/totals",
    );
  return accept({ type: "PeriodClosed", data: { period, ...state.cutOff, ...totals } });
}
