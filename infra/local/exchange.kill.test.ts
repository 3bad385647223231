import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, createSlots } from "../../agent/client.ts";
import { parsePage } from "../../events/store/feed.ts";
import type { FeedPage } from "../../functions/contract/finance.ts";
import { operations } from "../../functions/contract/operations.ts";
import { startDatabase } from "./database-process.ts";
import { startExchange } from "./exchange.ts";
import { type Issuer, openIssuer } from "./issuer.ts";
import { synthesize } from "./synth.ts";
import { readWiring } from "./wiring.ts";

const main = new URL("start.ts", import.meta.url).pathname;
const args = ["--once", "--jobs", "40", "--port", "0"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "suanwang-kill-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** When a life ends: once so much of the day has passed, and some milliseconds more. */
interface Death {
  readonly percent: number;
  readonly moreMs: number;
}

interface Life {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  /** All that it printed, for whoever reads a failure. */
  readonly output: string;
  /** What finance read shortly before the death. */
  readonly told?: FeedPage | undefined;
  /** Its database's process holds the other end of its stderr: both are gone when it closes. */
  readonly gone: Promise<unknown>;
}

/** Runs the exchange on the folder to its end, or to its death. */
async function live(death?: Death): Promise<Life> {
  const child = spawn(process.execPath, [main, ...args, "--data", folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(child, "close");
  const exited = once(child, "exit");
  const said: string[] = [];
  const lines: string[] = [];
  let dying: Promise<FeedPage | undefined> | undefined;
  child.stderr.on("data", (text: Buffer) => said.push(String(text)));
  const reader = createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    said.push(`${line}\n`);
    if (death === undefined || dying !== undefined || percentOf(line) < death.percent) return;
    dying = newestPage(urlIn(lines), openIssuer(folder)).finally(async () => {
      await sleep(death.moreMs);
      child.kill("SIGKILL");
    });
  });
  const [[code, signal]] = await Promise.all([exited, once(reader, "close")]);
  return { code, signal, lines, output: said.join(""), told: await dying, gone };
}

const urlIn = (lines: readonly string[]) =>
  /^Suanwang listens on (http:\S+)/.exec(lines[0] ?? "")?.[1] ?? "http://nowhere.invalid";

/** How much of the day has passed by a line of progress. The line that tells the address stands for its beginning. */
function percentOf(line: string): number {
  if (line.startsWith("Suanwang listens on ")) return 0;
  const [, percent] = /^\d{4}-\d\d-\d\d \d\d:\d\d +(\d+) % /.exec(line) ?? [];
  return percent === undefined ? -1 : Number(percent);
}

/** Market time as the lines of progress tell it, oldest first. */
function timesIn(lines: readonly string[]): string[] {
  return lines.filter((line) => percentOf(line) > 0).map((line) => line.slice(0, "2017-10-25 00:00".length));
}

async function reading(url: string, issuer: Issuer) {
  const token = await issuer.mint({ owner: "clearing-house", roles: ["finance"], seconds: 3600 });
  const finance = createClient(url, token, createSlots(1));
  return (after: number, limit = 16) => finance.call(operations.readFeed, { query: { after, limit } });
}

/** Holds, by its hash, all pages before it. */
async function newestPage(url: string, issuer: Promise<Issuer>): Promise<FeedPage | undefined> {
  const readAfter = await reading(url, await issuer);
  const { head } = await readAfter(0, 1);
  return (await readAfter(Math.max(0, head - 1), 1)).pages[0];
}

async function wholeFeed(): Promise<FeedPage[]> {
  const exchange = await startExchange({ dataDir: folder, port: 0, startAt: 0 });
  try {
    const readAfter = await reading(exchange.url, exchange.issuer);
    const pages: FeedPage[] = [];
    for (;;) {
      const { pages: some } = await readAfter(pages.length);
      pages.push(...some);
      if (some.length === 0) return pages;
    }
  } finally {
    await exchange.close();
  }
}

/** Commits of the database as the dead left it, `STREAM@VERSION`. */
async function commitsOfLog(): Promise<string[]> {
  const { functions, tables } = readWiring(synthesize());
  const table = functions.find(({ name }) => name === "relay-commits")?.variables.LOG_TABLE ?? "";
  const { database, close } = await startDatabase(join(folder, "database"), tables);
  try {
    const commits: string[] = [];
    for await (const items of database.scan(table, ["pk", "sk"]))
      commits.push(...items.map(({ pk, sk }) => `${pk}@${sk}`));
    return commits.sort();
  } finally {
    await close();
  }
}

/** The same numbers for the same seed, from 0 up to below 1 (mulberry32). */
function createDraw(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const draw = createDraw(20171025);
const between = (low: number, high: number) => Math.floor(low + draw() * (high - low));
/** While members join, three times in the day, and while the day is closed. */
const deaths: readonly Death[] = [
  { percent: 0, moreMs: between(0, 400) },
  { percent: between(5, 30), moreMs: between(0, 800) },
  { percent: between(35, 60), moreMs: between(0, 800) },
  { percent: between(65, 95), moreMs: between(0, 800) },
  { percent: 100, moreMs: between(0, 100) },
];

test("an exchange that is killed again and again goes on where it was, and at last every check holds", {
  timeout: 600_000,
}, async () => {
  const lives: Life[] = [];
  // The next one starts at once, as a supervisor would start it: the dead one's database may still be closing.
  for (const death of deaths) {
    const life = await live(death);
    expect(life.signal, `it ended by itself before ${death.percent} %:\n${life.output}`).toBe("SIGKILL");
    lives.push(life);
  }

  const last = await live();

  const { code, lines, output } = last;
  expect(code, output).toBe(0);
  const checks = lines.filter((line) => /^[✓✗] /.test(line)).map((line) => line.split(":")[0]);
  expect(checks, output).toEqual([
    "✓ feed chain verified, every commit once and in order",
    "✓ sum of debits = sum of credits",
    "✓ charges of the ledger = awards recomputed from the raw log",
    "✓ tax of each job = its rate on what its tenant paid for",
    "✓ every charge paid once, out of funds held",
    "✓ no card sold twice",
    "✓ reclaimed cards given back, by jobs that take such cards only",
    "✓ clearing is 0 and debits = credits in each currency",
    "✓ published head = Merkle root of the log",
    "✓ no message left undone",
  ]);
  const [, placed, completed] = /^(\d+) placed, (\d+) completed/m.exec(lines.join("\n")) ?? [];
  expect(Number(placed), output).toBeGreaterThan(20);
  expect(Number(completed), output).toBeGreaterThan(20);

  // No life left its database behind.
  await Promise.all([...lives, last].map(({ gone }) => gone));

  const times = [...lives, last].flatMap((life) => timesIn(life.lines));
  // A life that ends in the last moment of an hour may not have told of it, and no other tells of it then.
  expect(times.length).toBeGreaterThanOrEqual(24 - deaths.length);
  expect(times, "market time went back").toEqual(times.toSorted());

  const logged = await commitsOfLog();
  const feed = await wholeFeed();
  const commits = feed.flatMap(({ position, text }) => parsePage({ position, bytes: text }).commits);
  expect(commits.map(({ stream, version }) => `${stream}@${version}`).sort()).toEqual(logged);
  // A day begun anew would pass all of this as well: what finance has read must still be so.
  const told = lives.flatMap((life) => life.told ?? []);
  expect(told.length).toBeGreaterThanOrEqual(deaths.length - 1);
  for (const page of told) expect(feed[page.position - 1]).toEqual(page);
});
