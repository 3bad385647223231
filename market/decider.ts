/** Why a command was refused, in words that a user can act on. */
export interface Rejection {
  /** invalid: the command can never be right as it stands; conflict: the state of the stream does not permit it now. */
  readonly kind: "invalid" | "conflict";
  /** Stable, kebab-case: `offer-window-reversed`. */
  readonly code: string;
  /** JSON pointer of the field at fault, if one is. */
  readonly field?: string;
  /** What is wrong and what would be right. */
  readonly detail: string;
}

export type Decision<Event> = { readonly ok: true; readonly events: readonly Event[] } | Rejected;

/** The rules of one kind of stream: pure, clock and ids arrive in the command. */
export interface Decider<State, Command, Event> {
  readonly initial: State;
  decide(command: Command, state: State): Decision<Event>;
  evolve(state: State, event: Event): State;
}

export function accept<Event>(...events: readonly Event[]): Decision<Event> {
  return { ok: true, events };
}

/** The command changes nothing: it was carried out before, or the facts overtook it. */
export const nothing: Decision<never> = { ok: true, events: [] };

export interface Rejected {
  readonly ok: false;
  readonly rejection: Rejection;
}

/** Refuses what the command says, whatever the state. */
export function reject(code: string, detail: string, field?: string): Rejected {
  return refused("invalid", code, detail, field);
}

/** Refuses what the state does not permit: the same command may be right before or after. */
export function conflict(code: string, detail: string, field?: string): Rejected {
  return refused("conflict", code, detail, field);
}

function refused(kind: Rejection["kind"], code: string, detail: string, field?: string): Rejected {
  return { ok: false, rejection: { kind, code, detail, ...(field === undefined ? {} : { field }) } };
}
