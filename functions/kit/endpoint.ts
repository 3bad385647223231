import { canonicalJson } from "../../events/store/canonical-json.ts";
import type { CommandMeta } from "../../events/store/execute.ts";
import { CommitTooLarge } from "../../events/store/log.ts";
import { instant } from "../../market/time.ts";
import type { AnswerOf, BodyOf, Operation, ParamsOf, QueryOf, Role } from "../contract/operation.ts";
import { type Problem, problemContentType } from "../contract/problem.ts";
import { actorOf, type Caller, callerOf, roleFor } from "./caller.ts";
import type { Access, Create, Env, Host } from "./host.ts";
import { type Observer, observe } from "./observe.ts";
import { commitTooLarge, invalid, ProblemError, problem, refuseUnknown } from "./problems.ts";
import {
  type ApiEvent,
  type ApiResult,
  header,
  idempotencyKey,
  ifMatch,
  jsonBody,
  requestCommandId,
  sha256,
} from "./request.ts";

/** A request that has passed the contract. */
export interface PublicCall<Of extends Operation> {
  readonly params: ParamsOf<Of>;
  readonly query: QueryOf<Of>;
  readonly body: BodyOf<Of>;
  /** Market time, ms. */
  readonly now: number;
  readonly access: Access;
}

export interface Call<Of extends Operation> extends PublicCall<Of> {
  readonly caller: Caller;
  /** The role in which the operation is carried out. */
  readonly role: Role;
  /** Everybody's things count as the caller's own. */
  readonly seesAll: boolean;
  /** Meta data of the command that the request is. */
  readonly meta: CommandMeta;
  /** From If-Match. */
  readonly expectedVersion: number | undefined;
}

export type Answer<Of extends Operation> = {
  readonly body: AnswerOf<Of>;
  /** Version of the resource, for the ETag. */
  readonly version?: number;
  /** The same to read, for operations that have it. */
  readonly html?: () => string;
} & (Of["success"]["status"] extends 201
  ? {
      /** Path where what was made can be read. */
      readonly location: string;
    }
  : unknown);

/** An operation of the API for callers with a token: checks, parses and answers; `handle` decides. */
export function endpoint<const Of extends Operation>(
  operation: Of,
  handle: (call: Call<Of>) => Promise<Answer<Of>>,
): Create<ApiEvent, ApiResult> {
  return serve(operation, async (event, opened) => {
    const caller = callerOf(event.requestContext.authorizer?.jwt?.claims);
    if (caller === undefined)
      throw problem(
        401,
        "token-without-owner",
        "Send a token that names an owner: claims sub and custom:owner.",
      );
    const role = roleFor(operation, caller);
    if (role === undefined)
      throw problem(
        403,
        "role-missing",
        `${operation.id} takes one of the roles ${[...operation.roles].join(", ")}.`,
      );
    const key = commandKey(operation, event, opened);
    const call = parseCall(operation, event, opened);
    const meta = commandMeta(operation, event, { caller, role, key, now: call.now });
    const seesAll = operation.seesAll?.includes(role) ?? false;
    return handle({ ...call, caller, role, seesAll, meta, expectedVersion: ifMatch(event) });
  });
}

/** An operation that anybody may call. */
export function publicEndpoint<const Of extends Operation>(
  operation: Of,
  handle: (call: PublicCall<Of>) => Promise<Answer<Of>>,
): Create<ApiEvent, ApiResult> {
  return serve(operation, async (event, opened) => handle(parseCall(operation, event, opened)));
}

function serve<const Of extends Operation>(
  operation: Of,
  respond: (event: ApiEvent, opened: Access) => Promise<Answer<Of>>,
): Create<ApiEvent, ApiResult> {
  return (env: Env, host: Host) => {
    const opened = host(env);
    const { observer, stack } = observe<ApiEvent, ApiResult>(env);
    const handler = stack(async (event) => {
      return success(operation, await respond(event, opened), event);
    }).onError((request) => {
      const { error } = request;
      // Only a body can be too large: what the exchange itself wants to record and cannot is its own failure.
      const isTooLarge = error instanceof CommitTooLarge && operation.body !== undefined;
      request.response = failure(isTooLarge ? commitTooLarge() : error, observer);
    });
    return (event, context) => handler(event, context);
  };
}

function parseCall<const Of extends Operation>(
  operation: Of,
  event: ApiEvent,
  opened: Access,
): PublicCall<Of> {
  const params = operation.params?.safeParse(event.pathParameters ?? {});
  if (params?.error !== undefined) throw invalid(params.error, "path");
  const asked = event.queryStringParameters ?? {};
  const query = operation.query?.safeParse(asked);
  if (query?.error !== undefined) throw invalid(query.error, "query");
  if (query !== undefined) refuseUnknown(asked, query.data, "query");
  const sent = operation.body === undefined ? undefined : jsonBody(event);
  const body = operation.body?.safeParse(sent);
  if (body?.error !== undefined) throw invalid(body.error, "");
  if (body !== undefined) refuseUnknown(sent, body.data, "");
  return {
    // Each was parsed by the operation's own schema, or it has none.
    params: params?.data as ParamsOf<Of>,
    query: query?.data as QueryOf<Of>,
    body: body?.data as BodyOf<Of>,
    now: opened.clock.now(),
    access: opened,
  };
}

/**
 * POST: the command is what owner, route and Idempotency-Key say, for good. DELETE ends things, so repeating it is the
 * same command. A PUT without the header is a new command each time; one that changes nothing appends nothing.
 */
function commandKey(operation: Operation, event: ApiEvent, opened: Access): string {
  if (isKeyed(operation, event)) return idempotencyKey(event);
  return operation.method === "DELETE" ? "delete" : opened.newId();
}

function isKeyed({ method }: Operation, event: ApiEvent): boolean {
  return method === "POST" || header(event, "idempotency-key") !== undefined;
}

interface Commanded {
  readonly caller: Caller;
  readonly role: Role;
  readonly key: string;
  readonly now: number;
}

/** The path as it is read, for `%61cme` and `acme` are one resource. */
function pathOf({ path }: Operation, { pathParameters = {} }: ApiEvent): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => pathParameters[name] ?? "");
}

/** The body has passed the contract: it is JSON, and of a depth that can be hashed. */
function commandMeta(
  operation: Operation,
  event: ApiEvent,
  { caller, role, key, now }: Commanded,
): CommandMeta {
  const path = pathOf(operation, event);
  const commandId = requestCommandId(caller.owner, operation.method, path, key);
  const hashed = isKeyed(operation, event) && operation.body !== undefined;
  return {
    commandId,
    actor: actorOf(role, caller),
    causationId: event.requestContext.requestId,
    correlationId: commandId,
    time: instant(now),
    ...(hashed ? { requestHash: sha256(canonicalJson(jsonBody(event))) } : {}),
  };
}

function success<Of extends Operation>(operation: Of, answer: Answer<Of>, event: ApiEvent): ApiResult {
  const page = operation.html === true && prefersHtml(event) ? answer.html : undefined;
  if (page !== undefined)
    return {
      statusCode: operation.success.status,
      headers: { ...pageHeaders, "cache-control": "no-store", vary: "accept" },
      body: page(),
    };
  return {
    statusCode: operation.success.status,
    headers: {
      "content-type": "application/json",
      ...(operation.html === true ? { vary: "accept" } : {}),
      "cache-control": "no-store",
      ...(answer.version === undefined ? {} : { etag: `"${answer.version}"` }),
      ...("location" in answer && typeof answer.location === "string" ? { location: answer.location } : {}),
    },
    body: JSON.stringify(answer.body),
  };
}

/** A page is all there is to it: it loads nothing and runs nothing. */
const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

/** JSON is the default: HTML must be named, and not after JSON. */
function prefersHtml(event: ApiEvent): boolean {
  const accepted = (header(event, "accept") ?? "").split(",").map((type) => type.split(";")[0]?.trim());
  const [html, json] = ["text/html", "application/json"].map((type) => accepted.indexOf(type));
  return html !== undefined && html >= 0 && (json === undefined || json < 0 || html < json);
}

function failure(error: unknown, observer: Observer): ApiResult {
  const known = error instanceof ProblemError ? error : unexpected(error);
  if (known.problem.status >= 500) {
    observer.logger.error("request failed", { error });
  } else {
    observer.logger.info("request refused", { code: known.problem.code, status: known.problem.status });
  }
  return problemResult(known.problem, known.headers);
}

function problemResult(body: Problem, headers: Readonly<Record<string, string>>): ApiResult {
  return {
    statusCode: body.status,
    headers: { "content-type": problemContentType, "cache-control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}

function unexpected(error: unknown): ProblemError {
  if (error instanceof Error && error.name === "ConflictError")
    return new ProblemError(
      problem(503, "busy", "Too many others write to the same resource: repeat the request.").problem,
      { "retry-after": "1" },
    );
  return problem(
    500,
    "internal-error",
    "The exchange failed; repeat the request with the same Idempotency-Key.",
  );
}
