import { createHash } from "node:crypto";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { problem } from "./problems.ts";

/** What the API's endpoints read of an API Gateway HTTP API event, payload format 2.0. */
export interface ApiEvent {
  readonly rawPath: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly pathParameters?: Readonly<Record<string, string | undefined>> | undefined;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: string | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext: {
    readonly requestId: string;
    readonly authorizer?: { readonly jwt?: { readonly claims?: unknown } | undefined } | undefined;
  };
}

export interface ApiResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @throws ProblemError 400 if the body is no JSON. */
export function jsonBody(event: ApiEvent): unknown {
  if (event.body === undefined || event.body === "")
    throw problem(400, "body-missing", "Send a JSON body with content-type application/json.", "");
  const text =
    event.isBase64Encoded === true ? Buffer.from(event.body, "base64").toString("utf8") : event.body;
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "not JSON";
    throw problem(400, "body-not-json", `The body is not valid JSON: ${why}`, "");
  }
}

/** Header of a POST that makes repeating it safe, for good. @throws ProblemError 400 if absent or malformed. */
export function idempotencyKey(event: ApiEvent): string {
  const key = header(event, "idempotency-key");
  if (key === undefined)
    throw problem(
      400,
      "idempotency-key-missing",
      "Send a header Idempotency-Key with a value of your own, the same for every repeat of this request.",
      "header/Idempotency-Key",
    );
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw problem(
      400,
      "idempotency-key-invalid",
      "Idempotency-Key takes 1 to 255 visible ASCII characters.",
      "header/Idempotency-Key",
    );
  return key;
}

/** Version that If-Match asks for; undefined: any. @throws ProblemError 400 if it is none of our ETags. */
export function ifMatch(event: ApiEvent): number | undefined {
  const tag = header(event, "if-match");
  if (tag === undefined || tag === "*") return undefined;
  const version = /^"(\d{1,9})"$/.exec(tag)?.[1];
  if (version === undefined)
    throw problem(
      400,
      "if-match-invalid",
      'If-Match takes an ETag as it was answered, e.g. "3", or *.',
      "header/If-Match",
    );
  return Number(version);
}

export function header(event: ApiEvent, name: string): string | undefined {
  return (
    event.headers[name] ?? Object.entries(event.headers).find(([key]) => key.toLowerCase() === name)?.[1]
  );
}

/** Identity of a request for good: the same owner, route and key always mean the same command. */
export function requestCommandId(owner: string, method: string, path: string, key: string): string {
  return sha256(canonicalJson([owner, `${method} ${path}`, key]));
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Id of the stream that a command begins: derives from the command, so that a repeat finds it. */
export function idFrom(commandId: string): string {
  return commandId.slice(0, 26);
}
