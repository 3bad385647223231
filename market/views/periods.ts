import * as z from "zod";
import { PeriodClosed, type PeriodEvent, PeriodOpened } from "../../events/catalog/period.ts";
import { change, put, type ViewChange, viewKeys } from "./view.ts";

export const PeriodView = z.object({
  ...PeriodOpened.data.shape,
  closed: PeriodClosed.data.optional(),
});
export type PeriodView = z.infer<typeof PeriodView>;

export function projectPeriod(event: PeriodEvent): readonly ViewChange[] {
  switch (event.type) {
    case "PeriodOpened":
      return [put<PeriodView>(viewKeys.period(event.data.period), event.data)];
    case "PeriodCutOff":
      return [];
    case "PeriodClosed":
      return [
        change(viewKeys.period(event.data.period), PeriodView, (view) =>
          view === undefined ? view : { ...view, closed: event.data },
        ),
      ];
    default:
      return event satisfies never;
  }
}
