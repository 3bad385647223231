import { createHash } from "node:crypto";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { type ProblemError, problem } from "./problems.ts";

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

/** Bytes of a body at most. */
export const bodyLimit = 256 * 1024;
/** Lists and objects inside one another at most; the contract's own are not nearly as deep. */
const depthLimit = 32;

export function bodyTooLarge(): ProblemError {
  return problem(413, "body-too-large", `A body has at most ${bodyLimit} bytes: send less at once.`, "");
}

/** @throws ProblemError 400 if the body is no JSON, 413 if it is too large. */
export function jsonBody(event: ApiEvent): unknown {
  if (event.body === undefined || event.body === "")
    throw problem(400, "body-missing", "Send a JSON body with content-type application/json.", "");
  const bytes = Buffer.from(event.body, event.isBase64Encoded === true ? "base64" : "utf8");
  if (bytes.length > bodyLimit) throw bodyTooLarge();
  const text = utf8(bytes);
  if (text === undefined) throw problem(400, "body-not-utf8", "Send the body as JSON in UTF-8.", "");
  if (isDeeper(text, depthLimit))
    throw problem(400, "body-too-deep", `Nest at most ${depthLimit} lists and objects.`, "");
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "not JSON";
    throw problem(400, "body-not-json", `The body is not valid JSON: ${why}`, "");
  }
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Counted in the text, for whatever walks the value would need a stack as deep. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') inString = !inString;
    else if (inString) at += letter === "\\" ? 1 : 0;
    else if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") depth -= 1;
    if (depth > limit) return true;
  }
  return false;
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
