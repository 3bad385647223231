import { CommanderError } from "@commander-js/extra-typings";
import { z } from "zod";
import { Refused } from "../agent/client.ts";
import type { Problem } from "../functions/contract/problem.ts";
import { type Exit, exitCodes } from "./exit-codes.ts";
import { withoutControls } from "./table.ts";

/** What this program itself has to say: as short as the API's problems, and of their shape. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exit: Exit;
  readonly code: string;
  /** Option, argument or field at fault. */
  readonly field: string | undefined;
  readonly more: Readonly<Record<string, unknown>>;
  constructor(
    exit: Exit,
    code: string,
    detail: string,
    field?: string,
    more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.exit = exit;
    this.code = code;
    this.field = field;
    this.more = more;
  }
}

export const usage = (detail: string, field?: string): Failure =>
  new Failure("usage", "usage", detail, field);

/** What went wrong with a file of the user's, as a usage error; any other error as it is. */
export function fileFault(error: unknown, what: string): unknown {
  const isOfFile = error instanceof Error && "code" in error && "syscall" in error;
  return isOfFile ? usage(`${what}: ${String(error.code)}`, "file") : error;
}

/** An error as it is shown: for people line by line, for programs as a problem document. */
export interface Shown {
  readonly exit: number;
  readonly lines: readonly string[];
  readonly problem: Readonly<Record<string, unknown>>;
}

export function shown(error: unknown): Shown {
  if (error instanceof Refused) return shownRefusal(error.problem);
  if (error instanceof Failure) {
    const { exit, code, field, message, more } = error;
    return own(exit, code, message, field, more);
  }
  if (error instanceof CommanderError)
    return own("usage", "usage", oneLine(error.message.replace(/^error: /, "")));
  if (error instanceof z.ZodError)
    return own(
      "unexpected",
      "answer-unknown",
      `The answer is not of this contract: ${oneLine(error.message)}`,
    );
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return own("unexpected", "unexpected", oneLine(detail));
}

function own(
  exit: Exit,
  code: string,
  detail: string,
  field?: string,
  more: Readonly<Record<string, unknown>> = {},
): Shown {
  const errors = field === undefined ? {} : { errors: [{ pointer: field, detail }] };
  return {
    exit: exitCodes[exit][0],
    lines: [lineOf(code, field, detail)],
    problem: { type: "about:blank", title: exitCodes[exit][1], detail, code, ...errors, ...more },
  };
}

/** Gateways answer 401 without a word on what to do. */
const fixes: Readonly<Record<number, string>> = {
  401: "The login ran out or is not of this exchange: suanwang login.",
  413: "The body is too large: send at most 256 KB.",
  429: "Too many requests: try again later.",
};

function shownRefusal(problem: Problem): Shown {
  const { status, code, detail, errors = [] } = problem;
  const fix = code.startsWith("http-") ? (fixes[status] ?? detail) : detail;
  const lines =
    errors.length === 0
      ? [lineOf(code, undefined, fix)]
      : errors.map((error) => lineOf(code, error.pointer, error.detail));
  return { exit: exitCodes[exitOf(status)][0], lines, problem };
}

function exitOf(status: number): Exit {
  if (status === 404) return "notFound";
  if (status === 401 || status === 403) return "forbidden";
  if (status === 429 || status >= 500) return "unreachable";
  return status >= 400 ? "refused" : "unexpected";
}

function lineOf(code: string, field: string | undefined, detail: string): string {
  return `${code} ${field === undefined || field === "" ? "" : `${field}: `}${oneLine(detail)}`;
}

function oneLine(text: string): string {
  return withoutControls(text.trim().replaceAll(/\s*[\r\n]+\s*/g, " "));
}
