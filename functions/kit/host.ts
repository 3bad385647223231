import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { type Checkpoints, createCheckpoints } from "../../events/store/checkpoint.ts";
import type { Database } from "../../events/store/dynamo.ts";
import { createStore, type Store } from "../../events/store/execute.ts";
import { createFeed, type Feed, type FeedWriter } from "../../events/store/feed.ts";
import { createFoldCache } from "../../events/store/fold-cache.ts";
import { type CommitRecords, createEventLog, type EventLog } from "../../events/store/log.ts";
import { createMarks } from "../../events/store/marks.ts";
import type { PutEvents } from "../../events/store/publisher.ts";
import { createRelay, type Relay } from "../../events/store/relay.ts";
import { createTree, type Tree } from "../../events/store/tree.ts";
import { type AccountBatches, createAccountBatches } from "../accounts/account-stream.ts";
import { type BookMemory, createBookMemory } from "../auctions/book-memory.ts";
import { createSupplyReader, type ReadSupply } from "../market/published-supply.ts";
import { createAuctionItems, createViews, type ViewItems, type Views } from "./views.ts";
import type { Workflows } from "./workflows.ts";

/** Variables of one function, as the template sets them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Market time, ms since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** What a process gives its functions; one host may serve all functions of a process. */
export interface Host {
  readonly clock: Clock;
  readonly database: Database;
  readonly putEvents: PutEvents;
  readonly workflows: Workflows;
  newId(): string;
  /** In [0, 1). */
  random(): number;
  store(env: Env): Store;
  /** Commands to accounts, gathered. */
  accounts(env: Env): AccountBatches;
  log(env: Env): EventLog & CommitRecords;
  feed(env: Env): Feed & FeedWriter;
  checkpoints(env: Env): Checkpoints;
  relay(env: Env): Relay;
  views(env: Env): Views;
  /** What auctions wrote beside the views. */
  auctionItems(env: Env): ViewItems;
  /** The Merkle tree of the feed. */
  tree(env: Env): Tree;
  /** The auctions' book as this process last made it: thrown away with the process. */
  books(env: Env): BookMemory;
  /** What is left to sell, with what this process has read of it. */
  readSupply(env: Env): ReadSupply;
}

/** A host seen by one function: its own variables applied. Opened at first use, for a function has not every table. */
export interface Access {
  readonly env: Env;
  readonly clock: Clock;
  readonly database: Database;
  readonly putEvents: PutEvents;
  readonly workflows: Workflows;
  newId(): string;
  random(): number;
  readonly store: Store;
  readonly accounts: AccountBatches;
  readonly log: EventLog & CommitRecords;
  readonly feed: Feed & FeedWriter;
  readonly checkpoints: Checkpoints;
  readonly relay: Relay;
  readonly views: Views;
  readonly auctionItems: ViewItems;
  readonly tree: Tree;
  readonly books: BookMemory;
  readonly readSupply: ReadSupply;
  /** Name of the table of leases, task tokens and results. */
  readonly operationsTable: string;
}

/** A Lambda before it knows its world. */
export type Create<Event, Result> = (
  env: Env,
  host: Host,
) => (event: Event, context: Context) => Promise<Result>;

/** A function on AWS has the services that it uses, and no other: what is left out throws where it is asked for. */
export interface HostParts {
  readonly database?: Database;
  readonly clock: Clock;
  readonly putEvents?: PutEvents;
  readonly workflows?: Workflows;
  readonly newId?: () => string;
  readonly random?: () => number;
}

export function createHost(parts: HostParts): Host {
  const { clock, newId = randomUUID, random = Math.random } = parts;
  const folds = createFoldCache();
  const log = perTable((table) => createEventLog(host.database, table));
  const store = perTable((table) => createStore(log(table), { folds, random }));
  const accounts = perTable((table) => createAccountBatches(store(table)));
  const feed = perTable((table) => createFeed(host.database, table));
  const checkpoints = perTable((table) => createCheckpoints(host.database, table));
  const marks = perTable((table) => createMarks(host.database, table));
  const views = perTable((table) => createViews(host.database, table));
  const trees = perTable((table) => createTree(host.database, table));
  const auctionItems = perTable((table) => createAuctionItems(host.database, table));
  const supplies = perTable((table) => createSupplyReader(views(table), auctionItems(table)));
  const relays = new Map<string, Relay>();
  const books = new Map<string, BookMemory>();
  const host: Host = {
    clock,
    get database() {
      return given(parts.database, "DynamoDB");
    },
    get putEvents() {
      return given(parts.putEvents, "EventBridge");
    },
    get workflows() {
      return given(parts.workflows, "Step Functions");
    },
    newId,
    random,
    log: (env) => log(variable(env, "LOG_TABLE")),
    store: (env) => store(variable(env, "LOG_TABLE")),
    accounts: (env) => accounts(variable(env, "LOG_TABLE")),
    feed: (env) => feed(variable(env, "FEED_TABLE")),
    checkpoints: (env) => checkpoints(variable(env, "MARKS_TABLE")),
    relay: (env) =>
      once(relays, variable(env, "FEED_TABLE"), () =>
        createRelay({ log: host.log(env), feed: host.feed(env), marks: marks(variable(env, "MARKS_TABLE")) }),
      ),
    views: (env) => views(variable(env, "VIEWS_TABLE")),
    auctionItems: (env) => auctionItems(variable(env, "VIEWS_TABLE")),
    tree: (env) => trees(variable(env, "VIEWS_TABLE")),
    readSupply: (env) => supplies(variable(env, "VIEWS_TABLE")),
    books: (env) =>
      once(books, variable(env, "FEED_TABLE"), () =>
        createBookMemory({
          log: host.log(env),
          feed: host.feed(env),
          database: host.database,
          clock,
          operationsTable: variable(env, "OPERATIONS_TABLE"),
        }),
      ),
  };
  return host;
}

/**
 * Market time from `EPOCH_MS,EPOCH_MARKET_MS,RATE`: at real time EPOCH_MS it was EPOCH_MARKET_MS, and it passes RATE
 * times as fast. Absent: real time.
 * @throws Error for anything else.
 */
export function marketClock(text: string | undefined, realNow: () => number): Clock {
  if (text === undefined || text === "") return { now: realNow };
  const [epoch = Number.NaN, marketEpoch = Number.NaN, rate = Number.NaN, ...rest] = text
    .split(",")
    .map(Number);
  if (![epoch, marketEpoch, rate].every(Number.isFinite) || rate <= 0 || rest.length > 0)
    throw new Error(`MARKET_CLOCK is not EPOCH_MS,EPOCH_MARKET_MS,RATE: ${text}`);
  return { now: () => Math.floor(marketEpoch + (realNow() - epoch) * rate) };
}

export function access(env: Env, host: Host): Access {
  return {
    env,
    clock: host.clock,
    get database() {
      return host.database;
    },
    get putEvents() {
      return host.putEvents;
    },
    get workflows() {
      return host.workflows;
    },
    newId: () => host.newId(),
    random: () => host.random(),
    get store() {
      return host.store(env);
    },
    get accounts() {
      return host.accounts(env);
    },
    get log() {
      return host.log(env);
    },
    get feed() {
      return host.feed(env);
    },
    get checkpoints() {
      return host.checkpoints(env);
    },
    get relay() {
      return host.relay(env);
    },
    get views() {
      return host.views(env);
    },
    get auctionItems() {
      return host.auctionItems(env);
    },
    get tree() {
      return host.tree(env);
    },
    get books() {
      return host.books(env);
    },
    get readSupply() {
      return host.readSupply(env);
    },
    get operationsTable() {
      return variable(env, "OPERATIONS_TABLE");
    },
  };
}

/** @throws Error if the variable is missing: the function was given no grant for what it does. */
export function variable(env: Env, name: string): string {
  const content = env[name];
  if (content === undefined || content === "") throw new Error(`variable ${name} is not set`);
  return content;
}

function given<Part>(part: Part | undefined, service: string): Part {
  if (part === undefined) throw new Error(`the function was not given a client for ${service}`);
  return part;
}

function perTable<Opened>(open: (table: string) => Opened): (table: string) => Opened {
  const opened = new Map<string, Opened>();
  return (table) => once(opened, table, () => open(table));
}

function once<Key, Value>(made: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  return value;
}
