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

/** A client of the exchange's API, for one member. */
export interface Client {
  /** @throws Refused for a problem; Error when the exchange cannot be reached after some tries. */
  call<const Of extends Operation>(operation: Of, request?: Request<Of>): Promise<AnswerOf<Of>>;
}

const maxTries = 6;

/**
 * @param slots shared by all clients of a process, so that they do not overrun the exchange together
 * @param tries how often a call is sent at most
 */
export function createClient(baseUrl: string, token: string, slots: Slots, tries = maxTries): Client {
  const once = async (operation: Operation, request: Request<Operation>) => {
    const url = new URL(pathOf(operation.path, request.params ?? {}), baseUrl);
    for (const [name, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(name, String(value));
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (request.key !== undefined) headers["idempotency-key"] = request.key;
    if (request.body !== undefined) headers["content-type"] = "application/json";
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    const response = await fetch(url, { method: operation.method, headers, ...body });
    return { status: response.status, content: await response.json() };
  };
  return {
    async call(operation, request = {}) {
      for (let attempt = 1; ; attempt++) {
        const answer = await slots.take(() =>
          once(operation, request).catch((error: unknown) => ({ error })),
        );
        const retried = "error" in answer || answer.status >= 500 || answer.status === 429;
        if (retried && attempt < tries) {
          await sleep(20 * 2 ** attempt);
          continue;
        }
        if ("error" in answer) throw answer.error;
        if (answer.status === operation.success.status)
          return operation.success.body.parse(answer.content) as never;
        throw new Refused(operation.id, problemOf(answer.status, answer.content));
      }
    },
  };
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
