import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerOf, Operation, RequestBodyOf } from "../functions/contract/operation.ts";
import { Problem } from "../functions/contract/problem.ts";

/** What the exchange refused, in its own words. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly problem: Problem;
  constructor(operation: string, problem: Problem) {
    super(`${operation}: ${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

export interface Request<Of extends Operation> {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: RequestBodyOf<Of>;
  /** The same for every repeat of a request, for good. */
  readonly key?: string;
}

/** A request that passes on what somebody wrote: the exchange is to check it. */
export interface UncheckedRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly key?: string;
  /** Version of the resource that is meant; another one is refused. */
  readonly ifMatch?: number;
}

export interface Reply<Of extends Operation> {
  /** As the contract reads it. */
  readonly answer: AnswerOf<Of>;
  /** As it came, with fields that this version of the contract does not know. */
  readonly content: unknown;
}

/** Calls the exchange's API for one member. */
export interface Caller {
  /** @throws Refused for a problem; Error when the exchange cannot be reached after some tries. */
  call<const Of extends Operation>(operation: Of, request?: Request<Of>): Promise<AnswerOf<Of>>;
}

/** A client that also takes what a person typed. */
export interface Client extends Caller {
  /** The same as `call` for a request that was not checked. */
  ask<const Of extends Operation>(operation: Of, request?: UncheckedRequest): Promise<Reply<Of>>;
  /** The answer as a page to read, of an operation that has one. */
  page(operation: Operation & { readonly html: true }, request?: UncheckedRequest): Promise<string>;
}

const maxTries = 6;

/**
 * @param token undefined: for what everybody may call
 * @param slots shared by all clients of a process, so that they do not overrun the exchange together
 * @param tries how often a call is sent at most
 */
export function createClient(
  baseUrl: string,
  token: string | undefined,
  slots: Slots,
  tries = maxTries,
): Client {
  const once = async (operation: Operation, request: UncheckedRequest, accept?: "text/html") => {
    const url = new URL(pathOf(operation.path, request.params ?? {}), baseUrl);
    for (const [name, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(name, String(value));
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    if (accept !== undefined) headers.accept = accept;
    if (request.ifMatch !== undefined) headers["if-match"] = `"${request.ifMatch}"`;
    if (request.key !== undefined) headers["idempotency-key"] = request.key;
    if (request.body !== undefined) headers["content-type"] = "application/json";
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    const response = await fetch(url, { method: operation.method, headers, ...body });
    const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
    const content: unknown = accept !== undefined && isPage ? await response.text() : await response.json();
    return { status: response.status, content };
  };
  /** What the exchange answered in the end. @throws Refused for a problem */
  const contentOf = async (operation: Operation, request: UncheckedRequest, accept?: "text/html") => {
    for (let attempt = 1; ; attempt++) {
      const answer = await slots.take(() =>
        once(operation, request, accept).catch((error: unknown) => ({ error })),
      );
      const retried = "error" in answer || answer.status >= 500 || answer.status === 429;
      if (retried && attempt < tries) {
        await sleep(20 * 2 ** attempt);
        continue;
      }
      if ("error" in answer) throw answer.error;
      const { status, content } = answer;
      if (status !== operation.success.status) throw new Refused(operation.id, problemOf(status, content));
      return content;
    }
  };
  const ask = async <const Of extends Operation>(
    operation: Of,
    request: UncheckedRequest = {},
  ): Promise<Reply<Of>> => {
    const content = await contentOf(operation, request);
    return { answer: operation.success.body.parse(content) as never, content };
  };
  const page = async (operation: Operation, request: UncheckedRequest = {}) =>
    String(await contentOf(operation, request, "text/html"));
  return { ask, page, call: async (operation, request) => (await ask(operation, request)).answer };
}

function pathOf(template: string, params: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

/** The gateway's own answers are no problem documents. */
function problemOf(status: number, content: unknown): Problem {
  const parsed = Problem.safeParse(content);
  if (parsed.success) return parsed.data;
  const detail = JSON.stringify(content);
  return { type: "about:blank", title: "Error", status, detail, code: `http-${status}` };
}

/** Requests under way at once. */
export interface Slots {
  take<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const waiting: (() => void)[] = [];
  return {
    async take(work) {
      if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      else free -= 1;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
