import type { Commit } from "../../events/catalog/envelope.ts";
import type { Database, Item } from "../../events/store/dynamo.ts";
import { createStore, execute, type Store } from "../../events/store/execute.ts";
import { createEventLog, recordCommit } from "../../events/store/log.ts";
import { createMemoryDatabase } from "../../events/store/memory-database.ts";
import { tableKeys } from "../../events/store/tables.ts";
import { accountDecider } from "../../market/account.ts";
import { median } from "../spread.ts";
import { accountCommand, accountStream, metaOf } from "./sample-commands.ts";

/** Appends per second of one number of writers, medians over the rounds. */
export interface AppendRates {
  readonly inFlight: number;
  /** Conditional puts of the finished items by the same client. */
  readonly puts: number;
  /** `EventLog.append` of finished commits. */
  readonly appends: number;
  /** `execute` on streams that the process knows: decide, append, evolve. */
  readonly executes: number;
  /** `execute` on streams that it has to read first. */
  readonly coldExecutes: number;
  /** Of the rounds' own ratios, for a round's three follow each other at once. */
  readonly appendsToPuts: number;
  readonly executesToPuts: number;
  /** Bytes of one commit. */
  readonly commitBytes: number;
}

export interface AppendParts {
  readonly database: Database;
  readonly inFlight: number;
  readonly rounds: number;
  /** Appends of one round and way. */
  readonly appends: number;
}

const order = ["puts", "appends", "executes"] as const;

/** All ways write items of the same size to streams of their own, one commit after the other in each stream. */
export async function measureAppends(parts: AppendParts): Promise<AppendRates> {
  const { database, inFlight, rounds, appends } = parts;
  const each = Math.ceil(appends / inFlight);
  const log = createEventLog(database, "log");
  const measured: { puts: number; appends: number; executes: number; cold: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const names = (way: string) =>
      Array.from({ length: inFlight }, (_, writer) => `${way}-${inFlight}-${round}-${writer}`);
    const prepared = {
      puts: await Promise.all(
        names("put").map(async (account) => (await commitsOf(account, each)).map(itemOf)),
      ),
      appends: await Promise.all(names("log").map((account) => commitsOf(account, each))),
    };
    const store = createStore(log, { random: Math.random });
    await Promise.all(names("run").map((account) => carryOut(store, account, 0, 1)));
    const ways = {
      puts: () => rate(prepared.puts, (items) => putAll(database, items)),
      appends: () => rate(prepared.appends, (commits) => appendAll(log, commits)),
      executes: () => rate(names("run"), (account) => carryOut(store, account, 1, each)),
    };
    const rates = { puts: 0, appends: 0, executes: 0, cold: 0 };
    // Each round begins with another way.
    for (let n = 0; n < order.length; n++) {
      const way = order[(n + round) % order.length] ?? "puts";
      rates[way] = await ways[way]();
    }
    rates.cold = await rate(names("run"), (account) => coldExecutes(log, account, each));
    // The first round warms up.
    if (round > 0) measured.push(rates);
  }
  const [commit] = await commitsOf("put-0-0-0", 2);
  return {
    inFlight,
    puts: median(measured.map(({ puts }) => puts)),
    appends: median(measured.map((rates) => rates.appends)),
    executes: median(measured.map(({ executes }) => executes)),
    coldExecutes: median(measured.map(({ cold }) => cold)),
    appendsToPuts: median(measured.map((rates) => rates.appends / rates.puts)),
    executesToPuts: median(measured.map((rates) => rates.executes / rates.puts)),
    commitBytes: commit === undefined ? 0 : Buffer.byteLength(recordCommit(commit).bytes),
  };

  async function rate<Writer>(
    writers: readonly Writer[],
    work: (writer: Writer) => Promise<number>,
  ): Promise<number> {
    const began = performance.now();
    const done = await Promise.all(writers.map(work));
    return (done.reduce((sum, count) => sum + count, 0) * 1000) / (performance.now() - began);
  }
}

/** The commits that `execute` makes of an account's commands after the first `skip`. */
export async function commitsOf(account: string, count: number, skip = 1): Promise<Commit[]> {
  const database = createMemoryDatabase();
  await database.createTable("log", tableKeys.log);
  const log = createEventLog(database, "log");
  await carryOut(createStore(log, { random: Math.random }), account, 0, count + skip);
  return (await log.load(accountStream(account))).slice(skip);
}

async function carryOut(store: Store, account: string, from: number, count: number): Promise<number> {
  const stream = accountStream(account);
  for (let n = from; n < from + count; n++) {
    const meta = metaOf(`command-${String(n).padStart(8, "0")}`);
    const outcome = await execute(store, accountDecider, stream, accountCommand(account, n), meta);
    if (outcome.kind !== "done" || outcome.events.length !== 1) throw new Error("nothing was appended");
  }
  return count;
}

/** A new process at each command: the next command of a long stream that is read from its beginning. */
async function coldExecutes(log: Store["log"], account: string, from: number): Promise<number> {
  const count = 3;
  for (let n = 0; n < count; n++)
    await carryOut(createStore(log, { random: Math.random }), account, from + 1 + n, 1);
  return count;
}

async function appendAll(log: Store["log"], commits: readonly Commit[]): Promise<number> {
  for (const commit of commits)
    if ((await log.append(commit)) !== "appended") throw new Error("an append met another");
  return commits.length;
}

async function putAll(database: Database, items: readonly Item[]): Promise<number> {
  for (const item of items)
    if (!(await database.put("log", item, [{ absent: "pk" }]))) throw new Error("a put met another");
  return items.length;
}

/** The item that the log puts for a commit. */
function itemOf(commit: Commit): Item {
  const { stream, version, last, bytes } = recordCommit(commit);
  return { pk: stream, sk: version, last, commandId: commit.commandId, bytes };
}
