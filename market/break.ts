import type * as z from "zod";
import type { BreakEvent, BreakFound, BreakResolved } from "../events/catalog/break.ts";
import type { ChargeLine } from "../events/catalog/job.ts";
import type { MillsText } from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { ledgerAccounts } from "./settlement/accounts.ts";
import { instant } from "./time.ts";

export type FoundData = z.infer<typeof BreakFound.data>;
type ResolvedData = z.infer<typeof BreakResolved.data>;

export type BreakCommand =
  /** The match of a day found it: its id follows from what it is about, so that a repeat finds it again. */
  | { readonly type: "Find"; readonly found: FoundData }
  | { readonly type: "Assign"; readonly assignee: string; readonly at: number }
  | {
      readonly type: "Resolve";
      /** corrected: `correction` amends the charge. */
      readonly resolution: "corrected" | "accepted" | "explained";
      readonly note: string;
      readonly correction?: string;
      readonly at: number;
    }
  /** The match of a later day found what was missing: it resolves what nobody has resolved yet. */
  | { readonly type: "Heal"; readonly note: string; readonly correction?: string; readonly at: string };

export interface KnownBreak {
  readonly phase: "open" | "resolved";
  readonly found: FoundData;
  readonly assignee?: string;
  readonly resolved?: Omit<ResolvedData, "break">;
}

export type BreakState = { readonly phase: "unknown" } | KnownBreak;

type Decided = Decision<BreakEvent>;

/** A discrepancy of a settlement day: stream `break-ID`. Open until it is resolved, and then for ever. */
export const breakDecider: Decider<BreakState, BreakCommand, BreakEvent> = {
  initial: { phase: "unknown" },
  decide: decideBreak,
  evolve(state, event) {
    if (event.type === "BreakFound") return { phase: "open", found: event.data };
    if (state.phase === "unknown") return state;
    if (event.type === "BreakAssigned") return { ...state, assignee: event.data.assignee };
    const { break: _, ...resolved } = event.data;
    return { ...state, phase: "resolved", resolved };
  },
};

function decideBreak(command: BreakCommand, state: BreakState): Decided {
  if (command.type === "Find")
    return state.phase === "unknown" ? accept({ type: "BreakFound", data: command.found }) : nothing;
  if (state.phase === "unknown") return conflict("break-unknown", "There is no such break.");
  const id = { break: state.found.break };
  switch (command.type) {
    case "Assign": {
      const { assignee, at } = command;
      if (state.phase === "resolved") return resolvedBefore(state);
      if (state.assignee === assignee) return nothing;
      return accept({ type: "BreakAssigned", data: { ...id, assignee, at: instant(at) } });
    }
    case "Resolve":
      return resolve(command, state);
    case "Heal": {
      const { type: _, ...healing } = command;
      if (state.phase === "resolved") return nothing;
      return accept({ type: "BreakResolved", data: { ...id, resolution: "healed", ...healing } });
    }
    default:
      return command satisfies never;
  }
}

function resolve(command: Extract<BreakCommand, { type: "Resolve" }>, state: KnownBreak): Decided {
  const { resolution, note, correction, at } = command;
  if ((resolution === "corrected") !== (correction !== undefined))
    return reject(
      "correction-missing",
      "Say what the correction moves if the break is corrected, and only then.",
      "/correction",
    );
  if (state.phase === "resolved") {
    const same = state.resolved?.resolution === resolution && state.resolved.correction === correction;
    return same ? nothing : resolvedBefore(state);
  }
  const named = correction === undefined ? {} : { correction };
  return accept({
    type: "BreakResolved",
    data: { break: state.found.break, resolution, note, ...named, at: instant(at) },
  });
}

function resolvedBefore({ resolved }: KnownBreak) {
  return conflict("break-resolved", `The break is ${resolved?.resolution}, and that stands.`);
}

/** What a center gives back to its tenant, as the line of a correction of a charge for cards; undefined: no such two. */
export function refundLine(
  { account, center }: Pick<FoundData, "account" | "center">,
  mills: MillsText,
): ChargeLine | undefined {
  if (account === undefined || center === undefined) return undefined;
  const [from, to] = [ledgerAccounts.center(center), ledgerAccounts.tenant(account)];
  return { kind: "compute", row: 3, from, to, mills, center };
}
