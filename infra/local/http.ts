import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { problemContentType } from "../../functions/contract/problem.ts";
import { answerLimit } from "../../functions/kit/answer-size.ts";
import { bodyLimit, bodyTooLarge } from "../../functions/kit/request.ts";
import type { Issuer } from "./issuer.ts";
import type { Route } from "./wiring.ts";

export interface HttpFront {
  readonly url: string;
  /** Takes no more connections; settles when all requests under way are answered, or after so many ms cut off. */
  close(patienceMs: number): Promise<void>;
}

export interface HttpParts {
  readonly routes: readonly Route[];
  readonly issuer: Issuer;
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** 0: any free port. */
  readonly port: number;
}

interface Found {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** API Gateway's HTTP API with its JWT authorizer: payload format 2.0, and the answers that the gateway itself gives. */
export async function startHttp({ routes, issuer, invoke, port }: HttpParts): Promise<HttpFront> {
  const table = routes.map((route) => ({ route, segments: route.path.split("/") }));
  const find = (method: string, path: string): Found | undefined => {
    const parts = path.split("/");
    const hits = table.filter(({ route, segments }) => route.method === method && fits(segments, parts));
    // A route without parameters wins over one with.
    const [hit] = hits.sort((a, b) => a.route.path.split("{").length - b.route.path.split("{").length);
    return hit === undefined
      ? undefined
      : { route: hit.route, parameters: parametersOf(hit.segments, parts) };
  };
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const target = request.url ?? "/";
    // Two slashes at the start of a path are no host.
    const url = new URL(target.startsWith("/") ? `http://local${target}` : target, "http://local");
    if (url.pathname === "/.well-known/jwks.json") return reply(200, issuer.jwks);
    const found = find(request.method ?? "GET", url.pathname);
    if (found === undefined) return reply(404, { message: "Not Found" });
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const claims = token === undefined ? undefined : await issuer.verify(token);
    if (!found.route.public && claims === undefined)
      return { ...reply(401, { message: "Unauthorized" }), headers: { "www-authenticate": "Bearer" } };
    const body = await readBody(request);
    if (body === undefined) return tooLarge;
    const event = eventOf(request, url, found, body, found.route.public ? undefined : claims);
    const result = await invoke(found.route.functionName, event);
    return isTooLarge(result) ? reply(500, { message: "Internal Server Error" }) : replyOf(result);
  };
  let closing = false;
  const server = createServer((request, response) => {
    // Whoever asks again finds nobody: the connection ends with its last answer.
    response.once("finish", () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
    answer(request)
      .then((given) => send(response, given))
      .catch(() => send(response, reply(500, { message: "Internal Server Error" })));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(whyNot(port, cause), { cause })));
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    async close(patienceMs) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), patienceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

/** Why nobody can listen there, for whoever chose the port. */
function whyNot(port: number, error: Error): string {
  const inUse = "code" in error && error.code === "EADDRINUSE";
  return inUse
    ? `--port ${port} is in use: give another, or 0 for any that is free`
    : `--port ${port}: ${error.message}`;
}

function fits(segments: readonly string[], parts: readonly string[]): boolean {
  return (
    segments.length === parts.length &&
    segments.every((segment, i) => (segment.startsWith("{") ? parts[i] !== "" : segment === parts[i]))
  );
}

function parametersOf(segments: readonly string[], parts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    segments.flatMap((segment, i) =>
      segment.startsWith("{") ? [[segment.slice(1, -1), decode(parts[i] ?? "")] as const] : [],
    ),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the functions would say, without handing them the body. */
const tooLarge: Reply = {
  status: 413,
  headers: { "content-type": problemContentType },
  body: JSON.stringify(bodyTooLarge().problem),
};

/** Undefined: more than a body may have. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
  }
  return size > bodyLimit ? undefined : Buffer.concat(chunks);
}

function eventOf(
  request: IncomingMessage,
  url: URL,
  { route, parameters }: Found,
  body: Buffer,
  claims: Readonly<Record<string, unknown>> | undefined,
) {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : value,
    ]),
  );
  const query = Object.fromEntries(
    [...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name).join(",")]),
  );
  const text = body.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(body);
  const method = request.method ?? "GET";
  const now = new Date();
  return {
    version: "2.0",
    routeKey: `${route.method} ${route.path}`,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers,
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    ...(Object.keys(parameters).length === 0 ? {} : { pathParameters: parameters }),
    requestContext: {
      accountId: "000000000000",
      apiId: "local",
      domainName: request.headers.host ?? "localhost",
      domainPrefix: "local",
      http: {
        method,
        path: url.pathname,
        protocol: "HTTP/1.1",
        sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
        userAgent: request.headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: `${route.method} ${route.path}`,
      stage: "$default",
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
      ...(claims === undefined ? {} : { authorizer: { jwt: { claims: textClaims(claims), scopes: null } } }),
    },
    ...(body.length === 0 ? {} : { body: isText ? text : body.toString("base64") }),
    isBase64Encoded: !isText,
  };
}

/** The gateway hands every claim on as text, a list in brackets. */
function textClaims(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(" ")}]` : String(value),
    ]),
  );
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

function reply(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function replyOf(result: unknown): Reply {
  if (typeof result !== "object" || result === null || !("statusCode" in result) || !("body" in result))
    return reply(500, { message: "Internal Server Error" });
  const headers: Record<string, string> = {};
  if ("headers" in result && typeof result.headers === "object" && result.headers !== null)
    for (const [name, value] of Object.entries(result.headers)) headers[name] = String(value);
  return { status: Number(result.statusCode), headers, body: String(result.body) };
}

/** Lambda hands on no answer that has more, as JSON: the gateway then says that the function failed. */
function isTooLarge(result: unknown): boolean {
  if (typeof result !== "object" || result === null || !("body" in result)) return false;
  // Six bytes a letter at most, and room for the headers: what is shorter need not be written out to be counted.
  if (String(result.body).length < 1_000_000) return false;
  return Buffer.byteLength(JSON.stringify(result)) > answerLimit;
}

function send(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}
