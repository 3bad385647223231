import * as z from "zod";
import { type BreakEvent, BreakFound, BreakResolved } from "../../events/catalog/break.ts";
import { type At, put, remove, type ViewChange, viewKeys } from "./view.ts";

export const BreakView = z.object({
  ...BreakFound.data.shape,
  status: z.enum(["open", "resolved"]),
  /** Who looks into it. */
  assignee: z.string().optional(),
  resolved: BreakResolved.data.omit({ break: true, amends: true }).optional(),
  /** Why the correction that it was resolved by was refused. */
  reopened: z.string().optional(),
  version: z.int().min(1),
});
export type BreakView = z.infer<typeof BreakView>;

/** @param before the break's own item as the commits before this one left it. */
export function projectBreak(
  event: BreakEvent,
  { version }: At,
  before: BreakView | undefined,
): readonly ViewChange[] {
  switch (event.type) {
    case "BreakFound":
      return listed({ ...event.data, status: "open", version });
    case "BreakAssigned":
      if (before === undefined) return [];
      return listed({ ...before, assignee: event.data.assignee, version });
    case "BreakResolved": {
      if (before === undefined) return [];
      const { break: id, amends: _, ...resolved } = event.data;
      return [
        remove(viewKeys.breakOf("open", before.at, id)),
        ...listed({ ...before, status: "resolved", resolved, version }),
      ];
    }
    case "BreakReopened": {
      if (before === undefined) return [];
      const { resolved: _, ...rest } = before;
      return [
        remove(viewKeys.breakOf("resolved", before.at, event.data.break)),
        ...listed({ ...rest, status: "open", reopened: event.data.reason, version }),
      ];
    }
    default:
      return event satisfies never;
  }
}

function listed(view: BreakView): ViewChange[] {
  return [
    put(viewKeys.breakOf(view.status, view.at, view.break), view),
    put(viewKeys.break(view.break), view),
  ];
}
