import { expect } from "vitest";
import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";
import type { Decider, Decision } from "../market/decider.ts";

export interface Given<State, Command, Event> {
  readonly state: State;
  /** What is decided now. */
  when(command: Command): Decision<Event>;
}

/** `given(decider, ...events).when(command)`: rules as examples over events. */
export function given<State, Command, Event>(
  decider: Decider<State, Command, Event>,
  ...events: readonly Event[]
): Given<State, Command, Event> {
  const state = events.reduce(decider.evolve, decider.initial);
  return { state, when: (command) => decider.decide(command, state) };
}

/** The code of a refusal; fails for a command that was accepted. */
export function refusal<Event>(decision: Decision<Event>): string {
  if (decision.ok) throw new Error(`accepted: ${JSON.stringify(decision.events)}`);
  expect(decision.rejection.detail).not.toBe("");
  return decision.rejection.code;
}

export interface History<State, Event> {
  readonly state: State;
  readonly events: readonly Event[];
}

/**
 * Carries commands out one after the other, as a stream would, and holds each to what every decider promises: its
 * events are of the catalog, and the same command again adds none.
 */
export function carryOut<State, Command, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  commands: readonly Command[],
  after?: (state: State) => void,
): History<State, Event> {
  return carryOutSteps(
    decider,
    commands.map((command) => () => command),
    after,
  );
}

/** `carryOut` of commands that depend on what has become of the stream. */
export function carryOutSteps<State, Command, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  steps: readonly ((state: State) => Command)[],
  after?: (state: State) => void,
): History<State, Event> {
  let state = decider.initial;
  const events: Event[] = [];
  for (const step of steps) {
    const command = step(state);
    const decision = decider.decide(command, state);
    const added = decision.ok ? decision.events : [];
    for (const event of added) {
      expect(parseEvent(event.type, event.data)).toEqual(event);
      state = decider.evolve(state, event);
    }
    events.push(...added);
    const again = decider.decide(command, state);
    expect(again.ok ? again.events : [], `again: ${JSON.stringify(command)}`).toEqual([]);
    after?.(state);
  }
  return { state, events };
}
