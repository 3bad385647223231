import type { StatesError } from "./errors.ts";
import type { Retrier } from "./machine.ts";

/** Whether a Retry or Catch with these ErrorEquals takes the error. States.Runtime ends every execution. */
export function matchesError(errors: readonly string[], { name }: StatesError): boolean {
  if (name === "States.Runtime") return false;
  return errors.some((pattern) => pattern === name || matchesWildcard(pattern, name));
}

function matchesWildcard(pattern: string, name: string): boolean {
  switch (pattern) {
    case "States.ALL":
      return name !== "States.DataLimitExceeded";
    case "States.TaskFailed":
      return name !== "States.Timeout" && name !== "States.DataLimitExceeded";
    default:
      return false;
  }
}

/** A retry that the state's Retry field grants: which retrier, and the ms to wait first. */
export interface GrantedRetry {
  readonly retrier: number;
  readonly delayMs: number;
}

/** `retries` counts, for each retrier, what it has granted since the state was entered. */
export function grantRetry(
  retriers: readonly Retrier[],
  retries: readonly number[],
  error: StatesError,
): GrantedRetry | undefined {
  const index = retriers.findIndex(({ errors }) => matchesError(errors, error));
  const retrier = retriers[index];
  const used = retries[index] ?? 0;
  if (retrier === undefined || used >= retrier.maxAttempts) return undefined;
  const seconds = retrier.intervalSeconds * retrier.backoffRate ** used;
  return { retrier: index, delayMs: Math.round(seconds * 1000) };
}
