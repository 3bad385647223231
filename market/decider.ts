/** Why a command was refused, in words that a user can act on. */
export interface Rejection {
  /** Stable, kebab-case: `offer-window-reversed`. */
  readonly code: string;
  /** JSON pointer of the field at fault, if one is. */
  readonly field?: string;
  /** What is wrong and what would be right. */
  readonly detail: string;
}

export type Decision<Event> =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly rejection: Rejection };

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

export function reject(code: string, detail: string, field?: string): Decision<never> {
  return { ok: false, rejection: field === undefined ? { code, detail } : { code, detail, field } };
}
