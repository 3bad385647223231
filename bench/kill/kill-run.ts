import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { drawWhole, draw as drawWord } from "../../agent/scenario/draw.ts";
import { SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { operations } from "../../functions/contract/operations.ts";
import { openIssuer } from "../../infra/local/issuer.ts";
import { synthesize } from "../../infra/local/synth.ts";
import { readWiring } from "../../infra/local/wiring.ts";
import { headIsOfLog } from "../audit/tree.ts";
import { type Market, midnightMs, openingMs, openMarket } from "./busy-market.ts";
import { type Calls, createCalls, type Sent } from "./calls.ts";
import { auctionsOf, auditFaults, awardFaults, fundsIn, lostOrRepeated } from "./checks.ts";
import { type ExchangeProcess, freePort, spawnExchange, type Victim } from "./exchange-process.ts";
import { createFeedBook, type FeedBook, type ReadFeed } from "./feed-book.ts";
import { createMemberClock, type MemberClock } from "./market-clock.ts";
import { type Remains, readRemains } from "./remains.ts";

export interface KillOptions {
  readonly kills: number;
  /** What is asked for, whom a kill hits and how long each life lasts follow from it. */
  readonly seed: string;
  /** Told of each kill, in a line. */
  readonly report: (line: string) => void;
}

/** What one kill hit. Undefined where the next start came at once, before anybody could look. */
export interface Hit {
  readonly death: Death;
  /** Requests that were sent and not answered. */
  readonly unanswered: number;
  /** Of these, what was in the log all the same. */
  readonly unansweredInLog?: number;
  readonly remains?: Omit<Remains, "log"> & { readonly commits: number };
  /** From the start of the next life to its address, ms. */
  readonly bootMs?: number;
}

export interface KillOutcome {
  readonly hits: readonly Hit[];
  /** What did not hold, with the life in which it was seen; nothing: all held. */
  readonly faults: readonly string[];
  readonly totals: {
    readonly acknowledged: number;
    readonly sentAgain: number;
    readonly commits: number;
    readonly auctions: number;
    readonly awards: number;
    readonly deadlinesMet: number;
    readonly closedDays: number;
    readonly refusals: ReadonlyMap<string, number>;
  };
}

/** Market seconds a second: a slot takes two seconds. */
const rate = 180;
const dayMs = 86_400_000;
/** A day's close is due so long after its midnight, market ms. */
const closeMs = 180_000;
/** Longest wait for what must come to pass in a life, ms: enough for a machine that runs other tests as well. */
const patienceMs = 90_000;

/** How a life ends. booting: before it listens; gate: shortly after a gate; busy: anywhere in its work. */
export interface Death {
  readonly moment: "booting" | "gate" | "busy";
  readonly victim: Victim;
  /** ms after the start, the gate, or the end of the checks. */
  readonly delayMs: number;
}

/** The first death comes while the folder is still empty. Each kind comes again within ten kills. */
export function deathOf(seed: string, n: number): Death {
  const whole = (name: string, low: number, high: number) =>
    drawWhole(low, high, seed, "death", String(n), name);
  if (n === 0) return { moment: "booting", victim: "group", delayMs: whole("delay", 300, 1500) };
  switch (n % 10) {
    case 1:
    case 6:
      return { moment: "busy", victim: "main", delayMs: whole("delay", 0, 600) };
    case 3:
      return {
        moment: "booting",
        victim: drawWord(seed, "victim", String(n)) < 0.5 ? "main" : "group",
        delayMs: whole("delay", 300, 1800),
      };
    case 8:
      return { moment: "busy", victim: "database", delayMs: whole("delay", 0, 600) };
    case 2:
    case 4:
    case 7:
      return { moment: "gate", victim: "group", delayMs: whole("delay", 0, 120) };
    default:
      return { moment: "busy", victim: "group", delayMs: whole("delay", 0, 600) };
  }
}

/** @throws Error saying what has not come to pass in good time */
async function soon<Result>(work: Promise<Result>, what: string): Promise<Result> {
  const timeout = new AbortController();
  try {
    const late = sleep(patienceMs, undefined, { signal: timeout.signal });
    return await Promise.race([
      work,
      late.then(() => {
        throw new Error(`${what} after ${patienceMs} ms`);
      }),
    ]);
  } finally {
    timeout.abort();
  }
}

/** Everything that outlives the killed exchange. */
interface Run {
  readonly folder: string;
  readonly seed: string;
  readonly calls: Calls;
  readonly clock: MemberClock;
  readonly book: FeedBook;
  readonly faults: string[];
  readonly start: () => ExchangeProcess;
  readonly url: string;
  market: Market | undefined;
}

/**
 * Kills the exchange again and again on one folder, while members outside it go on; after each start it looks whether
 * anything was lost, and at the end whether the books hold.
 */
export async function runKills({ kills, seed, report }: KillOptions): Promise<KillOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "suanwang-kill-"));
  const wiring = readWiring(synthesize());
  // Where the folder's market time stands; an empty exchange would begin now.
  await writeFile(join(folder, "market-time"), String(openingMs));
  const port = await freePort(Math.random);
  const url = `http://127.0.0.1:${port}`;
  const calls = createCalls(url);
  const run: Run = {
    folder,
    seed,
    calls,
    clock: createMemberClock(rate, openingMs),
    book: createFeedBook(),
    faults: [],
    start: () => spawnExchange(folder, port, rate),
    url,
    market: undefined,
  };
  const hits: Hit[] = [];
  let exchange: ExchangeProcess | undefined;
  let before: Remains | undefined;
  try {
    for (let n = 0; n < kills; n++) {
      const death = deathOf(seed, n);
      const began = performance.now();
      exchange = run.start();
      let bootMs: number | undefined;
      if (death.moment === "booting") await sleep(death.delayMs);
      else {
        await soon(exchange.listening, "the exchange does not listen");
        bootMs = performance.now() - began;
        await liveThrough(run, before, n);
        if (death.moment === "gate") await nextGate(run.clock);
        await sleep(death.delayMs);
      }
      const unanswered = calls.underWay();
      calls.suspend();
      run.clock.stop();
      await exchange.kill(death.victim);
      const { code } = await soon(exchange.ended, "the exchange has not ended");
      if (death.victim === "database" && code !== 1)
        run.faults.push(`kill ${n + 1}: without its database it ended with ${code}\n${exchange.output()}`);
      before = undefined;
      if (death.victim === "group") {
        await exchange.gone;
        before = await readRemains(folder, wiring);
      }
      const hit = hitOf(death, unanswered, before, bootMs);
      hits.push(hit);
      report(`${String(n + 1).padStart(3)}  ${describeHit(hit)}`);
      if (before !== undefined && before.deadLetters > 0)
        run.faults.push(`kill ${n + 1}: ${before.deadLetters} dead letters`);
    }
    exchange = run.start();
    await soon(exchange.listening, "the exchange does not listen");
    await liveThrough(run, before, kills);
    await finish(run);
    const until = performance.now() + patienceMs;
    for (;;) {
      await stop(run, exchange);
      before = await readRemains(folder, wiring);
      if (!waitsForRetry(before) || performance.now() > until) break;
      exchange = run.start();
      await soon(exchange.listening, "the exchange does not listen");
      await liveThrough(run, before, kills);
    }
    await checkEnd(run, before);
    return { hits, faults: run.faults, totals: totalsOf(run) };
  } catch (error) {
    throw new Error(`seed ${seed}, after ${hits.length} kills; the exchange said:\n${exchange?.output()}`, {
      cause: error,
    });
  } finally {
    run.clock.stop();
    calls.suspend();
    await exchange?.kill("group");
    await exchange?.gone;
    await rm(folder, { recursive: true, force: true });
  }
}

/** From a start to the point at which the next kill may come: all that was there is there, and the market goes on. */
async function liveThrough(run: Run, before: Remains | undefined, n: number): Promise<void> {
  const { calls, clock, book, faults } = run;
  const acknowledged = calls.all.filter(({ state }) => state === "acknowledged");
  const fault = (text: string) => {
    if (!faults.some((known) => known.endsWith(text))) faults.push(`life ${n + 1}: ${text}`);
  };
  await hear(run);
  calls.resume();
  const stopHearing = keepHearing(run);
  try {
    run.market ??= await openMarket({
      seed: run.seed,
      calls,
      clock,
      token: await minting(run.folder),
    });
    const { market } = run;
    const readFeed = await readingFeed(market);
    // What was known before the start is there at once.
    await book.readOn(readFeed);
    for (const text of lostOrRepeated(acknowledged, book).slice(0, 5)) fault(text);
    for (const place of book.missing(before?.log ?? []).slice(0, 5))
      fault(`${place} of the log is not in the feed`);
    const auctions = auctionsOf(book.commits);
    const open = [...auctions].flatMap(([stream, state]) => (state === "open" ? [stream] : []));
    // What must come to pass comes to pass soon.
    const pending = async () => {
      await Promise.race([book.readOn(readFeed), market.failed]);
      const now = auctionsOf(book.commits);
      const stuck = open.filter((stream) => now.get(stream) === "open");
      if (stuck.length > 0) return stuck.map((stream) => `${stream} is not sealed`);
      const next = [...now].some(([stream, state]) => !auctions.has(stream) && state === "ended");
      if (!next) return ["no gate has closed and been sealed since the start"];
      return [...awardFaults(book.commits), ...auditFaults(book)];
    };
    for (const text of await becomesEmpty(pending)) fault(text);
  } finally {
    stopHearing();
  }
}

async function readingFeed(market: Market): Promise<ReadFeed> {
  const finance = await market.client("clearing-house", "finance");
  return (after) => finance.call(operations.readFeed, { query: { after, limit: 16 } });
}

/** Asks until nothing is left to say; gives what was said last when patience is at its end. */
async function becomesEmpty(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const said = await ask();
    if (said.length === 0 || performance.now() > until) return said;
    await sleep(50);
  }
}

async function minting(folder: string) {
  const issuer = await openIssuer(folder);
  return (owner: string, role: string) => issuer.mint({ owner, roles: [role], seconds: 86_400 });
}

/** Asks the exchange for its time. */
async function hear({ url, clock }: Run): Promise<void> {
  const answer = await fetch(new URL("/health", url));
  const { marketTime } = operations.getHealth.success.body.parse(await answer.json());
  clock.heard(Date.parse(marketTime));
}

/** Members' clocks run by themselves between two answers; this keeps them from falling behind a busy exchange. */
function keepHearing(run: Run): () => void {
  const timer = setInterval(() => void hear(run).catch(() => undefined), 500);
  return () => clearInterval(timer);
}

async function nextGate(clock: MemberClock): Promise<void> {
  const slotMs = SLOT_SECONDS * 1000;
  const gate = (Math.floor(clock.now() / slotMs) + 1) * slotMs;
  await clock.pass((gate - clock.now()) / 1000);
}

/** Tenants stop, what is under way ends, and every workflow with it. */
async function finish(run: Run): Promise<void> {
  const { market, book, faults } = run;
  if (market === undefined) return;
  const stopHearing = keepHearing(run);
  const readFeed = await readingFeed(market);
  const dueCloses = Math.max(0, Math.floor((run.clock.now() - closeMs - midnightMs) / dayMs) + 1);
  try {
    await Promise.race([market.finish(), market.failed]);
    const pending = async () => {
      await Promise.race([book.readOn(readFeed), market.failed]);
      const over = overJobs(book);
      const left = market.jobs.filter(({ job }) => !over.has(job));
      if (left.length > 0) return [`${left.length} jobs are not over, the first is ${left[0]?.job}`];
      const open = dueCloses - closedDays(book);
      if (open > 0) return [`${open} days that are over are not closed`];
      const faults = [...awardFaults(book.commits), ...auditFaults(book)];
      return faults.length > 0
        ? faults
        : [...(await accountFaults(run, market)), ...(await headFaults(run, market))];
    };
    for (const text of await becomesEmpty(pending)) faults.push(`at the end: ${text}`);
    // Else the stop would cut off what a center is just about to report.
    await soon(Promise.race([market.rest(), market.failed]), "the centers do not come to rest");
  } finally {
    stopHearing();
  }
}

/** Ends it as Ctrl-C does: what is under way ends first, so workflows that have heard of their jobs' ends are over. */
async function stop({ faults, calls, clock }: Run, exchange: ExchangeProcess): Promise<void> {
  exchange.stop();
  const { code } = await soon(exchange.ended, "the exchange does not stop");
  calls.suspend();
  clock.stop();
  await exchange.gone;
  if (code !== 0) faults.push(`at the end it stopped with ${code}\n${exchange.output()}`);
}

/** What failed once on a busy machine is tried again at a later instant of market time, to which a stop does not wait. */
function waitsForRetry({ running, messages }: Remains): boolean {
  return messages > 0 || (running.length > 0 && running.every(({ goesOn }) => goesOn));
}

function closedDays({ commits }: FeedBook): number {
  return commits.filter(({ events }) => events.some(({ type }) => type === "PeriodClosed")).length;
}

function overJobs(book: FeedBook): ReadonlySet<string> {
  const ends = new Set(["JobRejected", "JobCompleted", "JobFailed", "JobCancelled", "JobExpired"]);
  return new Set(
    book.commits.flatMap(({ stream, events }) =>
      events.some(({ type }) => ends.has(type)) ? [stream.slice("job-".length)] : [],
    ),
  );
}

/** What the API says of each account is what its entries in the feed come to. */
async function accountFaults({ book }: Run, market: Market): Promise<string[]> {
  const finance = await market.client("clearing-house", "finance");
  const funds = fundsIn(book.commits);
  const faults: string[] = [];
  for (const account of market.accounts) {
    const { available, held } = await finance.call(operations.getAccount, { params: { account } });
    const due = funds.get(account);
    if (BigInt(available) !== due?.available || BigInt(held) !== due.held)
      faults.push(
        `account ${account} has ${available} and ${held} held, its entries come to ${due?.available} and ${due?.held}`,
      );
  }
  return faults;
}

/** The published head is that of all that finance has read. */
async function headFaults({ book }: Run, market: Market): Promise<string[]> {
  const finance = await market.client("clearing-house", "finance");
  const { head } = await finance.call(operations.getFeedHead);
  const { ok, detail } = headIsOfLog(book.pages, head);
  return ok ? [] : [detail];
}

/** What the exchange left when all was done and it was stopped as it should be. */
async function checkEnd({ book, faults, market, calls }: Run, remains: Remains): Promise<void> {
  const inFeed = book.commits.length;
  const late = remains.log.length - inFeed;
  if (remains.unrelayed > 0) faults.push(`at the end ${remains.unrelayed} commits are not in the feed`);
  if (late < 0) faults.push(`the feed holds ${-late} commits more than the log`);
  if (remains.unsealed.length > 0) faults.push(`at the end ${remains.unsealed} are not sealed`);
  for (const { name, waits } of remains.running)
    faults.push(`at the end the workflow ${name} still runs, in ${waits.join(", ")}`);
  for (const name of remains.failed) faults.push(`the workflow ${name}`);
  if (remains.deadLetters > 0) faults.push(`at the end there are ${remains.deadLetters} dead letters`);
  const open = calls.all.filter(
    ({ state, writes }) => writes && state !== "acknowledged" && state !== "refused",
  );
  for (const { operation } of open) faults.push(`a ${operation} was never answered`);
  for (const lease of undisplaced(book, market?.ignored ?? new Set()))
    faults.push(`no deadline ended ${lease}, which no center accepted`);
}

/** Placements that centers said nothing of, and that nothing ended. */
function undisplaced(book: FeedBook, ignored: ReadonlySet<string>): string[] {
  const ended = new Set(
    book.commits.flatMap(({ events }) =>
      events.flatMap(({ type, data }) =>
        type === "JobDisplaced" || type === "JobCancelled" ? [String(data.placement)] : [],
      ),
    ),
  );
  return [...ignored].filter((lease) => !ended.has(lease));
}

function hitOf(
  death: Death,
  unanswered: readonly Sent[],
  remains: Remains | undefined,
  bootMs: number | undefined,
): Hit {
  const boot = bootMs === undefined ? {} : { bootMs };
  if (remains === undefined) return { death, unanswered: unanswered.length, ...boot };
  const { log, ...rest } = remains;
  const ids = new Set(unanswered.filter(({ writes }) => writes).map(({ commandId }) => commandId));
  const inLog = log.filter(({ bytes }) => {
    const commandId = /"commandId":"([^"]*)"/.exec(bytes)?.[1];
    return commandId !== undefined && ids.has(commandId);
  });
  return {
    death,
    unanswered: unanswered.length,
    unansweredInLog: inLog.length,
    remains: { ...rest, commits: log.length },
    ...boot,
  };
}

function describeHit({ death, unanswered, unansweredInLog, remains, bootMs }: Hit): string {
  const who = { group: "all of it", main: "the main process", database: "the database" }[death.victim];
  const when = {
    booting: `${death.delayMs} ms after its start`,
    gate: `${death.delayMs} ms after a gate`,
    busy: "at work",
  }[death.moment];
  const boot = bootMs === undefined ? "" : ` (up after ${(bootMs / 1000).toFixed(1)} s)`;
  const inLog = unansweredInLog === undefined ? "" : `, ${unansweredInLog} of them in the log`;
  const left =
    remains === undefined
      ? "started again at once"
      : [
          `${remains.commits} commits, ${remains.unrelayed} not in the feed`,
          `${remains.pages - remains.published} pages perhaps unpublished`,
          `unsealed: ${remains.unsealed.join(", ") || "none"}`,
          `${remains.running.length} workflows`,
          `${remains.messages} messages`,
        ].join("; ");
  return `killed ${who} ${when}${boot}: ${unanswered} requests unanswered${inLog}; ${left}`;
}

function totalsOf({ calls, book, market }: Run): KillOutcome["totals"] {
  const events = book.commits.flatMap((commit) => commit.events);
  const count = (type: string) => events.filter((event) => event.type === type).length;
  return {
    acknowledged: calls.all.filter(({ state, writes }) => state === "acknowledged" && writes).length,
    sentAgain: calls.all.filter(({ sent, writes }) => sent > 1 && writes).length,
    commits: book.commits.length,
    auctions: auctionsOf(book.commits).size,
    awards: count("JobPlaced") + count("JobContinued"),
    deadlinesMet: (market?.ignored.size ?? 0) - undisplaced(book, market?.ignored ?? new Set()).length,
    closedDays: closedDays(book),
    refusals: calls.refusals,
  };
}
