import type { Outcome } from "../../events/store/execute.ts";
import type { Rejection } from "../../market/decider.ts";
import { type ProblemError, problem, rejectionProblem } from "./problems.ts";

/** What a command came to. @throws ProblemError if it was refused. */
export function carriedOut<State, Event>(
  outcome: Outcome<State, Event, Rejection>,
): {
  readonly state: State;
  readonly version: number;
} {
  switch (outcome.kind) {
    case "done":
      return outcome;
    case "rejected":
      throw rejectionProblem(outcome.rejection);
    case "keyReused":
      throw keyReused();
    case "stale":
      throw versionStale(outcome.version);
    default:
      return outcome satisfies never;
  }
}

export function versionStale(version: number): ProblemError {
  return problem(
    412,
    "version-stale",
    `The resource is at version ${version}: read it again and send its ETag as If-Match.`,
    "header/If-Match",
  );
}

export function keyReused(): ProblemError {
  return problem(
    422,
    "idempotency-key-reused",
    "This Idempotency-Key was sent with another body: use a new key for a new request.",
    "header/Idempotency-Key",
  );
}
