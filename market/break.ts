import type * as z from "zod";
import type { BreakEvent, BreakFound, BreakResolved } from "../events/catalog/break.ts";
import { ChargeLine } from "../events/catalog/job.ts";
import type { MillsText } from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing } from "./decider.ts";
import { ledgerAccounts } from "./settlement/accounts.ts";
import { instant } from "./time.ts";

export type FoundData = z.infer<typeof BreakFound.data>;
type ResolvedData = z.infer<typeof BreakResolved.data>;
/** What the correction of a break is to say. */
export type Amends = NonNullable<ResolvedData["amends"]>;

/** corrected: what amends which charge follows from it. */
export type Resolution =
  | { readonly resolution: "corrected"; readonly amends: Amends }
  | { readonly resolution: "accepted" | "explained"; readonly amends?: never };

export type BreakCommand =
  /** The match of a day found it: its id follows from what it is about, so that a repeat finds it again. */
  | { readonly type: "Find"; readonly found: FoundData }
  | { readonly type: "Assign"; readonly assignee: string; readonly at: number }
  | ({ readonly type: "Resolve"; readonly note: string; readonly at: number } & Resolution)
  /** The job refused the correction by which it was resolved. */
  | { readonly type: "Reopen"; readonly correction: string; readonly reason: string; readonly at: number }
  /** The match of a later day found what was missing: it resolves what nobody has resolved yet. */
  | { readonly type: "Heal"; readonly note: string; readonly correction?: string; readonly at: string };

export interface KnownBreak {
  readonly phase: "open" | "resolved";
  readonly found: FoundData;
  readonly assignee?: string;
  readonly resolved?: Omit<ResolvedData, "break">;
  /** Corrections of it that its job refused. */
  readonly refused: number;
  /** Why the last one was. */
  readonly reopened?: string;
}

export type BreakState = { readonly phase: "unknown" } | KnownBreak;

type Decided = Decision<BreakEvent>;

/**
 * A discrepancy of a settlement day: stream `break-ID`. Open until it is resolved, and then for ever, unless its job
 * refuses the correction that follows from it.
 */
export const breakDecider: Decider<BreakState, BreakCommand, BreakEvent> = {
  initial: { phase: "unknown" },
  decide: decideBreak,
  evolve(state, event) {
    if (event.type === "BreakFound") return { phase: "open", found: event.data, refused: 0 };
    if (state.phase === "unknown") return state;
    if (event.type === "BreakAssigned") return { ...state, assignee: event.data.assignee };
    if (event.type === "BreakReopened") return reopened(state, event.data.reason);
    const { break: _, ...resolved } = event.data;
    return { ...state, phase: "resolved", resolved };
  },
};

function reopened({ resolved: _, ...state }: KnownBreak, reason: string): KnownBreak {
  return { ...state, phase: "open", refused: state.refused + 1, reopened: reason };
}

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
    case "Reopen": {
      const { correction, reason, at } = command;
      if (state.resolved?.correction !== correction) return nothing;
      return accept({ type: "BreakReopened", data: { ...id, correction, reason, at: instant(at) } });
    }
    default:
      return command satisfies never;
  }
}

function resolve(command: Extract<BreakCommand, { type: "Resolve" }>, state: KnownBreak): Decided {
  const { resolution, note, amends, at } = command;
  if (state.phase === "resolved") {
    const { resolved } = state;
    const same = resolved?.resolution === resolution && isSameAmends(resolved.amends, amends);
    return same ? nothing : resolvedBefore(state);
  }
  const named = amends === undefined ? {} : { correction: correctionOf(state), amends };
  return accept({
    type: "BreakResolved",
    data: { break: state.found.break, resolution, note, ...named, at: instant(at) },
  });
}

/** Each correction of a break has an id of its own: one that was refused is never posted. */
function correctionOf({ found, refused }: KnownBreak): string {
  return refused === 0 ? `break-${found.break}` : `break-${found.break}-${refused + 1}`;
}

const fields = ChargeLine.keyof().options;

function isSameAmends(one: Amends | undefined, other: Amends | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.charge === other.charge &&
    one.lines.length === other.lines.length &&
    one.lines.every((line, index) => fields.every((field) => line[field] === other.lines[index]?.[field]))
  );
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
