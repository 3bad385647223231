import * as z from "zod";
import { PeriodClosed, PeriodCutOff, type PeriodEvent, PeriodOpened } from "../../events/catalog/period.ts";
import { projectLedger } from "./ledger.ts";
import { change, put, type ViewChange, viewKeys } from "./view.ts";

/** A settlement day without its totals, which are in its stream. */
export const PeriodView = z.object({
  ...PeriodOpened.data.shape,
  cutOff: PeriodCutOff.data.optional(),
  closed: PeriodClosed.data.omit({ totals: true }).optional(),
});
export type PeriodView = z.infer<typeof PeriodView>;

export function projectPeriod(event: PeriodEvent): readonly ViewChange[] {
  const add = (fields: Partial<PeriodView>) =>
    change(viewKeys.period(event.data.period), PeriodView, (view) =>
      view === undefined ? view : { ...view, ...fields },
    );
  switch (event.type) {
    case "PeriodOpened":
      return [put<PeriodView>(viewKeys.period(event.data.period), event.data)];
    case "PeriodCutOff":
      return [add({ cutOff: event.data })];
    case "PeriodTotalsStated":
      return projectLedger(event.data);
    case "PeriodClosed": {
      const { totals: _, ...closed } = event.data;
      return [add({ closed }), ...projectLedger(event.data)];
    }
    default:
      return event satisfies never;
  }
}
