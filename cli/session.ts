import { randomUUID } from "node:crypto";
import { stringify } from "yaml";
import {
  type Client,
  createClient,
  createSlots,
  Refused,
  type Reply,
  type UncheckedRequest,
} from "../agent/client.ts";
import type { Operation } from "../functions/contract/operation.ts";
import { getHealth } from "../functions/contract/service.ts";
import { renewed } from "./cognito.ts";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import { type Profile, readProfiles, writeProfiles } from "./profiles.ts";
import { type MarketNow, slotFrom } from "./slots.ts";
import { holderOf } from "./token-claims.ts";

export const formats = ["table", "json", "yaml"] as const;
export type Format = (typeof formats)[number];

/** Options that every command takes. */
export interface Globals {
  readonly output: Format;
  readonly profile?: string | undefined;
  readonly url?: string | undefined;
  readonly verbose?: boolean | undefined;
}

export interface Connection {
  readonly profile: string;
  readonly url: string;
  readonly token: string | undefined;
}

export const defaultUrl = "http://127.0.0.1:8080";

/**
 * Where `npm start` serves is the default; `--url` wins over the environment, which wins over the profile.
 * @param inUse profile that this run has begun with: another one that is taken into use meanwhile is not for it
 */
export function connectionOf(io: Io, { profile, url }: Globals, inUse?: string): Connection {
  const known = readProfiles(io.env);
  const name = profile ?? inUse ?? (io.env.SUANWANG_PROFILE || known.current);
  const own = known.profiles[name];
  if (own === undefined && profile !== undefined && io.env.SUANWANG_TOKEN === undefined)
    throw new Failure(
      "usage",
      "no-profile",
      `There is no profile ${name}: suanwang login --profile ${name}.`,
    );
  const target = url ?? (io.env.SUANWANG_URL || own?.url || defaultUrl);
  // A profile's token is for its own exchange: it is not told to another.
  const token = own !== undefined && sameOrigin(own.url, target) ? own.token : undefined;
  return { profile: name, url: target, token: tokenAtHand(io) ?? token };
}

/** A file of Windows hands on the end of its line, too; what a header cannot hold is never shown: it may be a secret. */
function tokenAtHand({ env }: Io): string | undefined {
  const token = env.SUANWANG_TOKEN?.trim();
  if (token === undefined || token === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Failure(
    "usage",
    "usage",
    "is no token: give one as `login` or the user pool gave it",
    "SUANWANG_TOKEN",
  );
}

function sameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}

/** One run of the program: who asks whom, and how answers are shown. */
export interface Session {
  readonly io: Io;
  globals(): Globals;
  /** @throws Failure if nobody is logged in or nobody answers, Refused for a problem. */
  ask<const Of extends Operation>(operation: Of, request?: UncheckedRequest): Promise<Reply<Of>>;
  /** The answer as a page to read, of an operation that has one. @throws the same */
  page(operation: Operation & { readonly html: true }, request?: UncheckedRequest): Promise<string>;
  /** Asks and shows the answer. */
  run<const Of extends Operation>(
    operation: Of,
    request: UncheckedRequest,
    render: (answer: Reply<Of>["answer"]) => string,
  ): Promise<void>;
  /** @param content for programs, exactly as it came; @param text for people */
  show(content: unknown, text: () => string): Promise<void>;
  /** One of many, for whoever reads line by line: JSON on one line, YAML as a document of its own. */
  showNext(content: unknown, text: () => string): Promise<void>;
  slot(text: string, edge: "from" | "to", field?: string): Promise<number>;
  now(): Promise<MarketNow>;
}

export function createSession(io: Io, globals: () => Globals): Session {
  const slots = createSlots(4);
  let inUse: string | undefined;
  let renewing: Promise<Connection> | undefined;
  let market: Promise<MarketNow> | undefined;
  const current = () => {
    const connection = connectionOf(io, globals(), inUse);
    inUse = connection.profile;
    return connection;
  };
  /** Looked at for each request, for what watches goes on for longer than a token holds. */
  const live = () => {
    renewing ??= liveConnection(io, current()).finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  const connect = async () => {
    const { url, token } = await live();
    if (!URL.canParse(url)) throw new Failure("usage", "usage", `${url} is no URL`, "--url");
    return createClient(url, token, slots);
  };
  /** Sends a request by whoever is logged in. */
  const send = async <Answer>(
    operation: Operation,
    request: UncheckedRequest,
    by: (asked: Client) => Promise<Answer>,
  ): Promise<Answer> => {
    const { url, token } = current();
    if (operation.roles !== "public" && token === undefined)
      throw new Failure("forbidden", "not-logged-in", "Log in first: suanwang login, or set SUANWANG_TOKEN.");
    const asked = await connect();
    if (globals().verbose) io.err(describe(operation, request));
    try {
      return await by(asked);
    } catch (error) {
      throw failureOf(error, url);
    }
  };
  const ask: Session["ask"] = (operation, asking = {}) => {
    const request =
      operation.method === "POST" && asking.key === undefined ? { ...asking, key: randomUUID() } : asking;
    return send(operation, request, (asked) => asked.ask(operation, request));
  };
  const now = () => {
    market ??= ask(getHealth).then(({ answer }) => answer);
    return market;
  };
  const show = async (content: unknown, text: () => string) => {
    const format = globals().output;
    await io.out(
      format === "json"
        ? `${JSON.stringify(content, null, 2)}\n`
        : format === "yaml"
          ? stringify(content, { lineWidth: 0 })
          : text(),
    );
  };
  return {
    io,
    globals,
    ask,
    page: (operation, request = {}) => send(operation, request, (asked) => asked.page(operation, request)),
    show,
    now,
    slot: (text, edge, field) => slotFrom(text, edge, now, field),
    async run(operation, request, render) {
      const { answer, content } = await ask(operation, request);
      await show(content, () => render(answer));
    },
    async showNext(content, text) {
      const format = globals().output;
      if (format === "json") await io.out(`${JSON.stringify(content)}\n`);
      else if (format === "yaml") await io.out(`---\n${stringify(content, { lineWidth: 0 })}`);
      else await io.out(text());
    },
  };
}

/** Seconds before its end in which a token is renewed already. */
const renewAheadMs = 30_000;

async function liveConnection(io: Io, connection: Connection): Promise<Connection> {
  const known = readProfiles(io.env);
  const own: Profile | undefined = known.profiles[connection.profile];
  if (own?.renewal === undefined || connection.token !== own.token) return connection;
  const until = holderOf(own.token)?.until;
  if (until === undefined || Date.parse(until) > Date.now() + renewAheadMs) return connection;
  const token = await renewed(io, own.renewal);
  const profiles = { ...known.profiles, [connection.profile]: { ...own, token } };
  writeProfiles(io.env, { ...known, profiles });
  return { ...connection, token };
}

function describe({ method, path }: Operation, { params = {}, key }: UncheckedRequest): string {
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
  return `${method} ${target}${key === undefined ? "" : ` key ${key}`}`;
}

function failureOf(error: unknown, url: string): unknown {
  if (error instanceof Refused || !(error instanceof Error)) return error;
  if (error instanceof SyntaxError)
    return new Failure(
      "unreachable",
      "no-exchange",
      `${url} does not answer in JSON: is it the exchange's API?`,
    );
  if (error.message !== "fetch failed") return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const why = "code" in cause ? String(cause.code) : cause.message;
  return new Failure(
    "unreachable",
    "unreachable",
    `${url} cannot be reached (${why}): is it up, and the URL right?`,
  );
}
