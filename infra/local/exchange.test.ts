import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, createClient, createSlots } from "../../agent/client.ts";
import { audit } from "../../bench/audit/audit.ts";
import { headIsOfLog } from "../../bench/audit/tree.ts";
import { Period } from "../../events/catalog/values.ts";
import { parsePage } from "../../events/store/feed.ts";
import type { FeedPage } from "../../functions/contract/finance.ts";
import { AccountId, CenterId, MillsText, ProductId } from "../../functions/contract/identifiers.ts";
import type { Role } from "../../functions/contract/operation.ts";
import { operations } from "../../functions/contract/operations.ts";
import { type Exchange, startExchange } from "./exchange.ts";
import type { HostedBy } from "./invoker.ts";
import { openIssuer } from "./issuer.ts";

const slotMs = 360_000;
/** Half a minute after ten in Shanghai: a gate has just passed. */
const startAt = Date.parse("2026-03-02T02:00:30Z");
/** Its auction is sealed so long after a gate, as market time goes. */
const afterGateMs = 3_000;

const center = CenterId.parse("wuhan");
const account = AccountId.parse("acme");
const product = ProductId.parse("a100-80g");

let folder: string;
const opened: Exchange[] = [];
const spawned: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "suanwang-exchange-"));
});
afterEach(async () => {
  for (const child of spawned.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  for (const exchange of opened.splice(0)) await exchange.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(begin = startAt): Promise<Exchange> {
  const exchange = await startExchange({ dataDir: folder, port: 0, startAt: begin });
  opened.push(exchange);
  return exchange;
}

async function close(exchange: Exchange): Promise<void> {
  opened.splice(opened.indexOf(exchange), 1);
  await exchange.close();
}

interface Members {
  readonly wuhan: Client;
  readonly acme: Client;
  readonly finance: Client;
}

async function membersOf({ url, issuer }: Exchange): Promise<Members> {
  const slots = createSlots(4);
  const member = async (owner: string, role: Role) =>
    createClient(url, await issuer.mint({ owner, roles: [role], seconds: 3600 }), slots);
  return {
    wuhan: await member("wuhan-computing", "center"),
    acme: await member("acme", "tenant"),
    finance: await member("clearing-house", "finance"),
  };
}

const slotNow = ({ time }: Exchange) => Math.floor(time.now() / slotMs);

/** A center with 16 cards on sale for a day, and a tenant with 1000 CNY. */
async function openMarket(exchange: Exchange, { wuhan, acme, finance }: Members): Promise<void> {
  const body = {
    center,
    name: "Wuhan computing center",
    region: "CN-HB",
    pools: [{ product, cards: 16 }],
    puePermille: 1250,
    energy: new Array<number>(24).fill(0),
  };
  await wuhan.call(operations.joinNetwork, { body, key: "join" });
  await wuhan.call(operations.renewLease, { params: { center } });
  const from = slotNow(exchange) + 1;
  await wuhan.call(operations.postOffer, {
    body: { center, product, cards: 16, reserve: 100, from, to: from + 240 },
    key: "offer",
  });
  await acme.call(operations.openAccount, { body: { account }, key: "account" });
  await finance.call(operations.depositFunds, {
    params: { account },
    body: { mills: MillsText.parse("1000000") },
    key: "deposit",
  });
}

/** An hour on eight cards, at once. */
async function requestJob(exchange: Exchange, { acme }: Members): Promise<string> {
  const from = slotNow(exchange) + 1;
  const { job, status } = await acme.call(operations.postJob, {
    body: {
      session: "spot",
      kind: "block",
      products: [{ product, limit: 500 }],
      cards: 8,
      slots: 10,
      maxSlots: 10,
      from,
      to: from + 30,
      home: center,
    },
    key: "job",
  });
  expect(status).toBe("open");
  return job;
}

const getJob = ({ acme }: Members, job: string) => acme.call(operations.getJob, { params: { job } });

/** To a slot's gate and past its auction. A sign of life on the way keeps the center on the market. */
async function goTo(exchange: Exchange, { wuhan }: Members, slot: number): Promise<void> {
  while (slotNow(exchange) < slot) {
    await wuhan.call(operations.renewLease, { params: { center } });
    await exchange.time.jumpTo((slotNow(exchange) + 1) * slotMs + afterGateMs);
  }
}

async function wholeFeed({ finance }: Members): Promise<FeedPage[]> {
  const pages: FeedPage[] = [];
  for (;;) {
    const answer = await finance.call(operations.readFeed, { query: { after: pages.length, limit: 16 } });
    pages.push(...answer.pages);
    if (answer.pages.length === 0) return pages;
  }
}

const eventsOf = (pages: readonly FeedPage[]) =>
  pages.flatMap(({ position, text: bytes }) =>
    parsePage({ position, bytes }).commits.flatMap(({ events }) => events),
  );

/** All that a member can look up about a job and its money. */
async function everything(members: Members, job: string) {
  const { acme, wuhan } = members;
  return {
    job: await getJob(members, job),
    account: await acme.call(operations.getAccount, { params: { account } }),
    entries: await acme.call(operations.listEntries, { params: { account } }),
    jobs: await acme.call(operations.listJobs, {}),
    offers: await wuhan.call(operations.listOffers, {}),
    center: await wuhan.call(operations.getCenter, { params: { center } }),
    assignments: await wuhan.call(operations.listAssignments, { params: { center } }),
    feed: await wholeFeed(members),
    head: (await members.finance.call(operations.getFeedHead)).head,
  };
}

describe("an exchange on an empty folder", () => {
  test("carries a job from its bid to its charge, and after a restart all of it is still so", async () => {
    const exchange = await open();
    const members = await membersOf(exchange);
    const { wuhan, acme } = members;
    await openMarket(exchange, members);
    const job = await requestJob(exchange, members);
    const requested = await acme.call(operations.getAccount, { params: { account } });
    // Ten slots of eight cards at the limit, a slot being a tenth of an hour: 5 x 8 CNY.
    expect(requested).toMatchObject({ available: "960000", held: "40000" });

    await goTo(exchange, members, slotNow(exchange) + 1);

    const { awards, status } = await getJob(members, job);
    expect(status).toBe("placed");
    const [award] = awards;
    const [fill] = award?.fills ?? [];
    if (award === undefined || fill === undefined) throw new Error("the job has no award");
    expect(award.to - award.from).toBe(10);
    expect(fill).toMatchObject({ center, product, cards: 8 });
    expect(fill.price).toBeGreaterThanOrEqual(100);
    expect(fill.price).toBeLessThanOrEqual(500);

    const news = await wuhan.call(operations.listAssignments, { params: { center } });
    expect(news.changes).toMatchObject([
      { change: "placed", job, placement: award.placement, lease: award.placement, from: award.from },
    ]);
    const params = { placement: award.placement };
    const run = { center, run: 1 };
    await wuhan.call(operations.acceptPlacement, { params, body: { center }, key: "accept" });
    await goTo(exchange, members, award.from);
    await wuhan.call(operations.startPlacement, { params, body: run, key: "start" });
    expect(await getJob(members, job)).toMatchObject({ status: "running", run: 1 });
    await goTo(exchange, members, award.to);
    await wuhan.call(operations.meterPlacement, {
      params,
      body: {
        ...run,
        from: new Date(award.from * slotMs).toISOString(),
        to: new Date(award.to * slotMs).toISOString(),
        cardSeconds: 8 * 3600,
      },
      key: "meter",
    });
    await wuhan.call(operations.finishPlacement, {
      params,
      body: { ...run, outcome: "completed" },
      key: "finish",
    });
    // Nothing is due at this instant: it only lets work under way end.
    await exchange.time.jumpTo(exchange.time.now());

    const before = await everything(members, job);
    expect(before.job.status).toBe("completed");
    const price = BigInt(fill.price) * 8n * 10n;
    expect(before.account).toMatchObject({ available: String(1_000_000n - price), held: "0" });
    expect(
      before.entries.items.map(({ kind, available, held }) => [kind, BigInt(available), BigInt(held)]),
    ).toEqual([
      ["opened", 0n, 0n],
      ["deposited", 1_000_000n, 0n],
      ["held", -40_000n, 40_000n],
      ["settled", 40_000n - price, -40_000n],
    ]);
    const charges = eventsOf(before.feed).flatMap((event) =>
      event.type === "ChargePosted" ? [event.data] : [],
    );
    expect(charges).toMatchObject([{ job, account, tenantPays: String(price) }]);
    expect(before.entries.items.at(-1)?.charge).toBe(charges[0]?.charge);
    expect(before.jobs.items).toMatchObject([{ job, status: "completed", centers: [center] }]);
    expect(audit(before.feed).filter(({ ok }) => !ok)).toEqual([]);
    expect(headIsOfLog(before.feed, before.head)).toMatchObject({ ok: true });
    expect(exchange.deadLetters()).toBe(0);
    const at = exchange.time.now();
    await close(exchange);

    // Asked to begin long before: a folder goes on where it was.
    const again = await open(0);
    expect(again.time.now()).toBe(at);
    const known = await membersOf(again);
    expect(await everything(known, job)).toEqual(before);
    // The market goes on as well: what is requested now is placed.
    await goTo(again, known, slotNow(again) + 1);
    const { job: second } = await known.acme.call(operations.postJob, {
      body: { ...before.job.spec, from: slotNow(again) + 1, to: slotNow(again) + 31 },
      key: "second-job",
    });
    await goTo(again, known, slotNow(again) + 1);
    expect((await getJob(known, second)).status).toBe("placed");
  });

  test("takes a job back from a center that lets its time pass without an answer, over a restart too", async () => {
    const before = await open();
    const first = await membersOf(before);
    await openMarket(before, first);
    const job = await requestJob(before, first);
    await goTo(before, first, slotNow(before) + 1);
    const [award] = (await getJob(first, job)).awards;
    if (award === undefined) throw new Error("the job has no award");
    await close(before);
    const exchange = await open();
    const members = await membersOf(exchange);

    // An acceptance may come until one slot after the award's begin.
    await goTo(exchange, members, award.from + 1);

    const displaced = eventsOf(await wholeFeed(members)).flatMap((event) =>
      event.type === "JobDisplaced" ? [event.data] : [],
    );
    expect(displaced).toMatchObject([{ job, placement: award.placement }]);
    const { changes } = await members.wuhan.call(operations.listAssignments, { params: { center } });
    expect(changes.slice(0, 2)).toMatchObject([
      { change: "placed", placement: award.placement },
      { change: "released", placement: award.placement },
    ]);
    expect(exchange.deadLetters()).toBe(0);
  });

  test("closes a day whose close came due when nobody was there", async () => {
    const beforeMidnight = Date.parse("2026-03-02T15:59:00Z");
    const exchange = await open(beforeMidnight);
    const members = await membersOf(exchange);
    await openMarket(exchange, members);
    await exchange.time.jumpTo(beforeMidnight + 2_000);
    await close(exchange);

    // Nine minutes later: the close was due three minutes after midnight.
    const again = await open(beforeMidnight + 10 * 60_000);
    await again.time.jumpTo(again.time.now() + afterGateMs);

    const { finance } = await membersOf(again);
    const period = Period.parse("2026-03-02");
    expect(await finance.call(operations.getPeriod, { params: { period } })).toMatchObject({
      status: "closed",
    });
  });

  test("ends when what is under way has ended, not before", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: closing, resolve: beginToClose } = Promise.withResolvers<void>();
    let slow = false;
    let underWay = 0;
    const failed: unknown[] = [];
    const hostedBy: HostedBy = (parts, start) => {
      const host = start(parts);
      return (name, make) => {
        const run = make(host);
        return async (event, context) => {
          underWay += 1;
          try {
            if (slow && name === "project-views") {
              begin();
              await closing;
            }
            return await run(event, context);
          } catch (error) {
            failed.push(error);
            throw error;
          } finally {
            underWay -= 1;
          }
        };
      };
    };
    const exchange = await startExchange({ dataDir: folder, port: 0, startAt, hostedBy });
    opened.push(exchange);
    const members = await membersOf(exchange);
    await openMarket(exchange, members);
    slow = true;
    const job = await requestJob(exchange, members);
    await begun;

    const closed = close(exchange);
    beginToClose();
    await closed;

    expect(underWay).toBe(0);
    expect(failed).toEqual([]);
    const again = await membersOf(await open());
    expect((await again.acme.call(operations.listJobs, {})).items).toMatchObject([{ job }]);
  });

  test("refuses whoever has no token, a stranger's, one that is over, or the wrong role", async () => {
    const exchange = await open();
    const ask = async (method: string, path: string, token?: string) => {
      const headers: Record<string, string> = { "content-type": "application/json", "idempotency-key": "1" };
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      const body = method === "GET" ? {} : { body: "{}" };
      return (await fetch(new URL(path, exchange.url), { method, headers, ...body })).status;
    };
    const holder = { owner: "acme", roles: ["tenant"], seconds: 60 };
    const own = await exchange.issuer.mint(holder);
    const elsewhere = await mkdtemp(join(tmpdir(), "suanwang-issuer-"));
    const strange = await (await openIssuer(elsewhere)).mint(holder);
    await rm(elsewhere, { recursive: true });
    const late = await exchange.issuer.mint({ ...holder, seconds: -1 });

    expect(await ask("GET", "/jobs", own)).toBe(200);
    expect(await ask("GET", "/jobs")).toBe(401);
    expect(await ask("GET", "/jobs", strange)).toBe(401);
    expect(await ask("GET", "/jobs", late)).toBe(401);
    expect(await ask("POST", "/offers", own)).toBe(403);
    expect(await ask("GET", "/nowhere", own)).toBe(404);
    expect(await ask("GET", "/health")).toBe(200);
    expect(await ask("GET", "/openapi.json")).toBe(200);
  });
});

describe("npm start -- --empty", () => {
  const main = new URL("start.ts", import.meta.url).pathname;
  const start = () => {
    const child = spawn(process.execPath, [main, "--empty", "--port", "0", "--data", folder], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    spawned.push(child);
    return { child, exited: once(child, "exit"), errors: text(child.stderr) };
  };
  const Health = z.object({ status: z.literal("ok"), marketTime: z.iso.datetime(), slot: z.int() });

  test("listens for a newcomer, and ends at once and clean when told to", async () => {
    const { child, exited, errors } = start();
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const url = /^Suanwang listens on (http:\S+) /.exec(String(line))?.[1];
    if (url === undefined) throw new Error(`it said ${line}`);

    const health = await fetch(new URL("/health", url));

    expect(health.status).toBe(200);
    const { marketTime, slot } = Health.parse(await health.json());
    expect(slot).toBe(Math.floor(Date.parse(marketTime) / slotMs));
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(await errors).toBe("");
    expect(existsSync(join(folder, "exchange.pid"))).toBe(false);
  });

  test("is refused on a folder that another process serves, which takes no harm", async () => {
    const exchange = await open();
    const members = await membersOf(exchange);
    await openMarket(exchange, members);

    const { exited, errors } = start();

    expect(await exited).toEqual([1, null]);
    expect(await errors).toContain(`process ${process.pid} runs an exchange on ${folder}`);
    const job = await requestJob(exchange, members);
    await goTo(exchange, members, slotNow(exchange) + 1);
    expect((await getJob(members, job)).status).toBe("placed");
  });
});
