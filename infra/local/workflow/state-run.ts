import { holds } from "./choice.ts";
import { type Draft, type Invocation, nextNumber, putThread, stateOf } from "./draft.ts";
import { runtimeError, StatesError } from "./errors.ts";
import type { Thread } from "./execution.ts";
import { attempt, leave, startItem } from "./flow-control.ts";
import { isJsonArray, type Json } from "./json.ts";
import type { ChoiceState, MapState, TaskState } from "./machine.ts";
import { type Path, readPath } from "./path.ts";
import { fillTemplate } from "./template.ts";

/** Runs the state that a thread has entered, as far as it goes without waiting. */
export function runState(draft: Draft, thread: Thread): void {
  attempt(draft, thread, () => {
    const state = stateOf(draft, thread);
    switch (state.type) {
      case "Task":
        runTask(draft, thread, state);
        break;
      case "Map":
        runMap(draft, thread, state);
        break;
      case "Choice":
        runChoice(draft, thread, state);
        break;
      case "Succeed":
        leave(draft, thread, null, thread.input);
        break;
      default:
        state satisfies never;
    }
  });
}

function runTask(draft: Draft, thread: Thread, state: TaskState): void {
  const task = nextNumber(draft);
  const { timeoutSeconds, byToken } = state;
  const timeoutAt =
    timeoutSeconds === undefined
      ? null
      : draft.environment.now + readSeconds(timeoutSeconds, thread.input) * 1000;
  draft.scheduled.push(invocationOf(draft, thread, state, task));
  putThread(draft, { ...thread, waiting: { kind: "task", task, byToken, delivered: false, timeoutAt } });
  draft.history += 3;
}

/** The call of a task; the same one whenever it is made again. */
export function invocationOf(
  draft: Draft,
  { input }: Thread,
  { functionName, byToken, payload: template }: TaskState,
  task: number,
): Invocation {
  const token = byToken ? draft.environment.token(task) : undefined;
  const payload = template === undefined ? input : fillTemplate(template, input, token);
  return { task, functionName, payload, byToken };
}

function runMap(draft: Draft, thread: Thread, state: MapState): void {
  const items = readPath(state.itemsPath, thread.input);
  if (!isJsonArray(items)) throw runtimeError(`ItemsPath '${state.itemsPath.text}' does not name an array`);
  const results = items.map(() => null);
  startItem(draft, putThread(draft, { ...thread, waiting: { kind: "children", items, done: 0, results } }));
}

function runChoice(draft: Draft, thread: Thread, state: ChoiceState): void {
  const { input } = thread;
  const next = state.choices.find(({ rule }) => holds(rule, input))?.next ?? state.defaultNext;
  if (next === undefined)
    throw new StatesError("States.NoChoiceMatched", `no rule of "${state.name}" matched`);
  leave(draft, thread, next, input);
}

function readSeconds(path: Path, input: Json): number {
  const value = readPath(path, input);
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
  throw runtimeError(`The path '${path.text}' must name a whole number of seconds from 1`);
}
