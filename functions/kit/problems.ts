import { STATUS_CODES } from "node:http";
import type * as z from "zod";
import { CommitTooLarge, maxCommitBytes } from "../../events/store/log.ts";
import type { Rejection } from "../../market/decider.ts";
import type { Problem } from "../contract/problem.ts";

/** Thrown by handlers; the endpoint answers it as problem+json. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  constructor(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
    this.headers = headers;
  }
}

/** As RFC 9110 has them; Node's are still those of before. */
const newTitles: ReadonlyMap<number, string> = new Map([
  [413, "Content Too Large"],
  [422, "Unprocessable Content"],
]);

/** @param pointer JSON pointer of the body's field at fault, or `query/NAME`, `path/NAME`, `header/NAME`. */
export function problem(status: number, code: string, detail: string, pointer?: string): ProblemError {
  return new ProblemError({
    type: "about:blank",
    title: newTitles.get(status) ?? STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
    ...(pointer === undefined ? {} : { errors: [{ pointer, detail }] }),
  });
}

/** The same answer for what is absent and for what belongs to another. */
export function notFound(kind: string, id: string): ProblemError {
  return problem(404, "not-found", `There is no ${kind} ${id} of yours.`);
}

export function rejectionProblem({ kind, code, detail, field }: Rejection): ProblemError {
  const pointer = field === undefined || field.startsWith("/") ? field : `/${field}`;
  return problem(kind === "conflict" ? 409 : 422, code, detail, pointer);
}

/** Whether nothing came of what was asked: it was refused, or is more than the log takes at once. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status < 500;
  return error instanceof CommitTooLarge;
}

/** The body keeps to the contract, and all the same says more than one commit holds. */
export function commitTooLarge(): ProblemError {
  return problem(
    413,
    "commit-too-large",
    `What the body comes to has more than the ${maxCommitBytes} bytes that are recorded at once: send less.`,
    "",
  );
}

type Part = "" | "path" | "query" | "header";
interface FieldAtFault {
  readonly pointer: string;
  readonly detail: string;
}

/** What a schema found, field by field. `part` is empty for the body, else `path`, `query` or `header`. */
export function invalid(error: z.ZodError, part: Part): ProblemError {
  return invalidFields(error.issues.flatMap((issue) => fieldsAtFault(issue, part)));
}

/**
 * Parsed objects have the fields that their schemas know: what else was sent would be passed over in silence.
 * @param sent as it came @param taken what the schema made of it
 * @throws ProblemError 400 that names what it did not take, wherever that lies
 */
export function refuseUnknown(sent: unknown, taken: unknown, part: Part): void {
  const unknown = unknownFields(sent, taken, part);
  if (unknown.length > 0) throw invalidFields(unknown.map((pointer) => ({ pointer, detail: noSuchField })));
}

function unknownFields(sent: unknown, taken: unknown, at: string): string[] {
  if (typeof sent !== "object" || sent === null || typeof taken !== "object" || taken === null) return [];
  const known = new Map<string, unknown>(Object.entries(taken));
  return Object.entries(sent).flatMap(([key, value]) => {
    const pointer = `${at}/${escapePointer(key)}`;
    return known.has(key) ? unknownFields(value, known.get(key), pointer) : [pointer];
  });
}

const noSuchField = "There is no such field: remove it or correct its name.";

function invalidFields(errors: FieldAtFault[]): ProblemError {
  const first = errors[0];
  return new ProblemError({
    type: "about:blank",
    title: "Bad Request",
    status: 400,
    detail:
      first === undefined ? "The request is not valid." : `${first.pointer || "The body"}: ${first.detail}`,
    code: "invalid-request",
    errors,
  });
}

function fieldsAtFault(issue: z.core.$ZodIssue, part: string): FieldAtFault[] {
  const at = (path: readonly PropertyKey[]) =>
    `${part}${path.map((key) => `/${escapePointer(String(key))}`).join("")}`;
  if (issue.code !== "unrecognized_keys") return [{ pointer: at(issue.path), detail: whatIsWrong(issue) }];
  return issue.keys.map((key) => ({
    pointer: at([...issue.path, key]),
    detail: noSuchField,
  }));
}

/** zod says of what is left out that it received undefined, of a number in the query that it received NaN. */
function whatIsWrong(issue: Exclude<z.core.$ZodIssue, z.core.$ZodIssueUnrecognizedKeys>): string {
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.message.endsWith("received undefined")) return `Missing: expected ${issue.expected}`;
  if (issue.message.endsWith("received NaN")) return `Missing, or no number: expected ${issue.expected}`;
  return issue.message;
}

/** RFC 6901. */
function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
