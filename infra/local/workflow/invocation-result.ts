import type { Happening } from "./interpreter.ts";
import type { Json } from "./json.ts";

/** The most that Step Functions takes as an input, an output or a result, in bytes of UTF-8. */
export const PAYLOAD_LIMIT = 262_144;

type Answer = Extract<Happening, { kind: "taskSucceeded" | "taskFailed" }>;

/** A function's result as the task's: what JSON keeps of it, undefined becoming null as in Lambda. */
export function resultOf(task: number, result: unknown): Answer {
  const text = JSON.stringify(result) ?? "null";
  if (isTooLarge(text)) {
    const cause = `The task's result is larger than ${PAYLOAD_LIMIT} bytes`;
    return { kind: "taskFailed", task, error: "States.DataLimitExceeded", cause };
  }
  const output: Json = JSON.parse(text);
  return { kind: "taskSucceeded", task, output };
}

/** A function's error as Lambda reports it to Step Functions. */
export function failureOf(task: number, error: unknown): Answer {
  const errorType = error instanceof Error ? error.name : typeof error;
  const errorMessage = error instanceof Error ? error.message : String(error);
  return { kind: "taskFailed", task, error: errorType, cause: JSON.stringify({ errorType, errorMessage }) };
}

export function isTooLarge(text: string): boolean {
  return text.length * 3 > PAYLOAD_LIMIT && Buffer.byteLength(text) > PAYLOAD_LIMIT;
}
