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

/** What a process gives one of its functions. Opened at first use, for a function has not every table. */
export interface Access {
  readonly env: Env;
  readonly clock: Clock;
  readonly database: Database;
  readonly putEvents: PutEvents;
  readonly workflows: Workflows;
  newId(): string;
  /** In [0, 1). */
  random(): number;
  readonly store: Store;
  /** Commands to accounts, gathered. */
  readonly accounts: AccountBatches;
  readonly log: EventLog & CommitRecords;
  readonly feed: Feed & FeedWriter;
  readonly checkpoints: Checkpoints;
  readonly relay: Relay;
  readonly views: Views;
  /** What auctions wrote beside the views. */
  readonly auctionItems: ViewItems;
  /** The Merkle tree of the feed. */
  readonly tree: Tree;
  /** The auctions' book as this process last made it: thrown away with the process. */
  readonly books: BookMemory;
  /** What is left to sell, with what this process has read of it. */
  readonly readSupply: ReadSupply;
  /** Name of the table of leases, task tokens and results. */
  readonly operationsTable: string;
}

/** What a process opens for each of its functions, by the function's variables; of a table there is one of each. */
export type Host = (env: Env) => Access;

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
  const database = () => given(parts.database, "DynamoDB");
  const log = perTable((table) => createEventLog(database(), table));
  const store = perTable((table) => createStore(log(table), { folds, random }));
  const accounts = perTable((table) => createAccountBatches(store(table)));
  const feed = perTable((table) => createFeed(database(), table));
  const checkpoints = perTable((table) => createCheckpoints(database(), table));
  const marks = perTable((table) => createMarks(database(), table));
  const views = perTable((table) => createViews(database(), table));
  const trees = perTable((table) => createTree(database(), table));
  const auctionItems = perTable((table) => createAuctionItems(database(), table));
  const supplies = perTable((table) => createSupplyReader(views(table), auctionItems(table)));
  const relays = new Map<string, Relay>();
  const books = new Map<string, BookMemory>();
  return (env) => {
    const opened: Access = {
      env,
      clock,
      get database() {
        return database();
      },
      get putEvents() {
        return given(parts.putEvents, "EventBridge");
      },
      get workflows() {
        return given(parts.workflows, "Step Functions");
      },
      newId,
      random,
      get store() {
        return store(variable(env, "LOG_TABLE"));
      },
      get accounts() {
        return accounts(variable(env, "LOG_TABLE"));
      },
      get log() {
        return log(variable(env, "LOG_TABLE"));
      },
      get feed() {
        return feed(variable(env, "FEED_TABLE"));
      },
      get checkpoints() {
        return checkpoints(variable(env, "MARKS_TABLE"));
      },
      get relay() {
        return once(relays, variable(env, "FEED_TABLE"), () =>
          createRelay({
            log: opened.log,
            feed: opened.feed,
            marks: marks(variable(env, "MARKS_TABLE")),
            random,
          }),
        );
      },
      get views() {
        return views(variable(env, "VIEWS_TABLE"));
      },
      get auctionItems() {
        return auctionItems(variable(env, "VIEWS_TABLE"));
      },
      get tree() {
        return trees(variable(env, "VIEWS_TABLE"));
      },
      get readSupply() {
        return supplies(variable(env, "VIEWS_TABLE"));
      },
      get books() {
        return once(books, variable(env, "FEED_TABLE"), () =>
          createBookMemory({
            log: opened.log,
            feed: opened.feed,
            database: opened.database,
            clock,
            operationsTable: opened.operationsTable,
          }),
        );
      },
      get operationsTable() {
        return variable(env, "OPERATIONS_TABLE");
      },
    };
    return opened;
  };
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
