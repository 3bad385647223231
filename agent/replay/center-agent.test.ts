import { createServer, type Server } from "node:http";
import { json as jsonOf } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AssignmentChange } from "../../functions/contract/centers.ts";
import { ManualClock } from "../../test/manual-clock.ts";
import { createClient, createSlots } from "../client.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Center } from "../scenario/scenario-file.ts";
import type { ScenarioJob } from "../scenario/scenario-job.ts";
import { createCenterAgent, merged } from "./center-agent.ts";
import type { World } from "./world.ts";

const slotMs = 360_000;
const opening = Date.parse("2026-03-02T00:00:00+08:00");
const openingSlot = opening / slotMs;
const at = (minutes: number) => opening + minutes * 60_000;
const instant = (minutes: number) => new Date(at(minutes)).toISOString();

interface Told {
  readonly change: AssignmentChange["change"];
  readonly job?: string;
  /** Slots after the opening. */
  readonly from: number;
  readonly to: number;
  readonly auction?: number;
  /** Auction of the run's first award. */
  readonly lease?: number;
  readonly centers?: readonly string[];
  readonly cards?: number;
  readonly cause?: string;
  readonly mayGoOn?: true;
}

/** A change as c-1 is told of it. */
function change(position: number, told: Told): AssignmentChange {
  const { job = "j", from, to, auction = 1, lease = auction, centers = ["c-1"], cards = 8 } = told;
  const slots = { from: openingSlot + from, to: openingSlot + to };
  const fills = [{ center: "c-1", product: "p", ...slots, cards, price: 100 }];
  return AssignmentChange.parse({
    position,
    change: told.change,
    job,
    placement: `${job}.${auction}`,
    lease: `${job}.${lease}`,
    run: 1,
    auction,
    stretch: auction,
    ...slots,
    fills: told.change === "released" ? [] : fills,
    centers,
    ...(told.cause === undefined ? {} : { cause: told.cause }),
    ...(told.mayGoOn === undefined ? {} : { mayGoOn: told.mayGoOn }),
  });
}

/** What a center said of a run. */
interface Post {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

/** As much of an exchange as a center speaks to. */
interface StandIn {
  readonly url: string;
  readonly told: Told[];
  readonly posts: Post[];
  /** Codes of what it refuses, by the end of the path. */
  readonly refusing: Map<string, string>;
  /** Changes of one page. */
  pageLength: number;
  leases: number;
  reads: number;
  /** Nobody answers: connections break. */
  away: boolean;
  stop(): Promise<void>;
}

async function startStandIn(): Promise<StandIn> {
  const answer = (path: string, query: URLSearchParams): [number, unknown] => {
    if (path.endsWith("/lease")) {
      standIn.leases += 1;
      return [200, { center: "c-1", until: instant(12), seconds: 720 }];
    }
    if (path.endsWith("/assignments")) {
      standIn.reads += 1;
      const after = Number(query.get("after"));
      const changes = standIn.told.map((told, index) => change(index + 1, told)).slice(after);
      const page = changes.slice(0, standIn.pageLength);
      return [200, { changes: page, position: after + page.length, more: page.length < changes.length }];
    }
    const [, , placement = "", verb = ""] = path.split("/");
    const code = standIn.refusing.get(verb);
    if (code !== undefined)
      return [409, { type: "about:blank", title: "Conflict", status: 409, detail: "No.", code }];
    return [200, { placement, job: placement.split(".")[0], status: "running", run: 1 }];
  };
  const server: Server = createServer(async (request, response) => {
    if (standIn.away) {
      request.socket.destroy();
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? "", "http://stand-in");
    if (request.method === "POST") {
      const [, , placement, verb] = pathname.split("/");
      const key = request.headers["idempotency-key"];
      if (Array.isArray(key)) throw new Error("two keys");
      standIn.posts.push({ path: `${placement} ${verb}`, key, body: await jsonOf(request) });
    }
    const [status, content] = answer(pathname, searchParams);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const standIn: StandIn = {
    url: `http://127.0.0.1:${address.port}`,
    told: [],
    posts: [],
    refusing: new Map(),
    pageLength: 1000,
    leases: 0,
    reads: 0,
    away: false,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

const center: Center = {
  center: "c-1",
  name: "One",
  owner: "alpha",
  region: "CN-SX",
  homeRegions: [],
  pue: 1.2,
  pools: [{ product: "p", cards: 64, frameworks: [] }],
  energy: new Array<number>(24).fill(0),
  gridFactor: 0,
  offers: [],
};

function jobOf(minutes: number, kind: ScenarioJob["bid"]["kind"] = "block"): ScenarioJob {
  return {
    key: "a",
    tenant: "t",
    workload: "trace",
    arrival: 0,
    opening: false,
    estimateSlots: 10,
    durationSeconds: minutes * 60,
    bid: {
      name: "a",
      session: "spot",
      kind,
      products: [{ product: "p", limit: 100 }],
      cards: 8,
      slots: 10,
      window: { from: 1, to: 10 },
      home: "c-1",
      dataGB: 0,
      frameworks: [],
      maxSlots: 100,
    },
  };
}

const scenario: Scenario = {
  name: "s",
  marketDay: "2026-03-02",
  days: 1,
  products: [],
  centers: [center],
  links: [],
  tenants: [],
  deposit: "0",
  failures: [],
  shortages: [],
  offers: [],
  jobs: [],
};

/** A center that asks for news where a test says so; whatever fails is thrown by the end of the test. */
function startAgent(exchange: StandIn, minutes: number, job: ScenarioJob | null = jobOf(30)) {
  const clock = new ManualClock(at(minutes));
  const failures: unknown[] = [];
  const client = createClient(exchange.url, "token", createSlots(8), 1);
  const world: World = {
    scenario,
    opening,
    clock,
    client: async () => client,
    works: new Map(job === null ? [] : [["j", { scenario: job, done: 0 }]]),
    refusals: new Map(),
    fail: (error) => failures.push(error),
  };
  const agent = createCenterAgent(world, center, client);
  return {
    agent,
    world,
    failures,
    async tick() {
      await agent.tick();
      await clock.idle();
    },
    goTo: (to: number) => clock.moveTo(at(to)),
  };
}

let exchange: StandIn;
beforeEach(async () => {
  exchange = await startStandIn();
});
afterEach(() => exchange.stop());

/** What was said, each with its minute where it has one. */
const said = () =>
  exchange.posts.map(({ path, body }) =>
    typeof body === "object" && body !== null && "to" in body
      ? `${path} to ${(Date.parse(String(body.to)) - opening) / 60_000}`
      : path,
  );

describe("a run", () => {
  test("is accepted when it is heard of, begins with its award and ends with its work", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 20 });
    const { tick, goTo, failures } = startAgent(exchange, 0, jobOf(100));
    await tick();
    expect(exchange.posts).toEqual([{ path: "j.1 accept", key: "accept-j.1-c-1", body: { center: "c-1" } }]);
    await goTo(5);
    expect(exchange.posts).toHaveLength(1);
    await goTo(200);
    const run = { center: "c-1", run: 1 };
    const hour = { from: instant(6), to: instant(66), cardSeconds: 8 * 3600, checkpointAt: instant(66) };
    const rest = { from: instant(66), to: instant(106), cardSeconds: 8 * 2400 };
    expect(exchange.posts.slice(1)).toEqual([
      { path: "j.1 start", key: "start-j.1-c-1", body: run },
      { path: "j.1 meter", key: `meter-j.1-c-1-${at(66)}`, body: { ...run, ...hour } },
      { path: "j.1 meter", key: `meter-j.1-c-1-${at(106)}`, body: { ...run, ...rest } },
      { path: "j.1 finish", key: "finish-j.1", body: { ...run, outcome: "completed" } },
    ]);
    expect(failures).toEqual([]);
  });

  test("is metered up to the end of its award, and goes on if that is continued", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 4 });
    const { tick, goTo } = startAgent(exchange, 0);
    await tick();
    await goTo(20);
    exchange.told.push({ change: "continued", from: 4, to: 8, auction: 2, lease: 1 });
    await tick();
    await goTo(60);
    // Its half hour is over before the second award is.
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 36", "j.1 finish"]);
  });

  test("that is not continued says nothing more than what it did until then", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 4 });
    const { tick, goTo } = startAgent(exchange, 0);
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 24"]);
  });

  test("that is continued before it has begun begins all the same", async () => {
    exchange.told.push({ change: "placed", from: 2, to: 4 });
    const { tick, goTo } = startAgent(exchange, 0);
    await tick();
    exchange.told.push({ change: "continued", from: 4, to: 8, auction: 2, lease: 1 });
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 42", "j.1 finish"]);
  });

  test("of a gang is ended by the first of its centers, and metered by each", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 10, centers: ["b-1", "c-1"] });
    const { tick, goTo, world } = startAgent(exchange, 0);
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 36"]);
    // Whoever ended it keeps count of its work.
    exchange.told.push({ change: "released", from: 6, to: 10, cause: "completed", centers: ["b-1", "c-1"] });
    await tick();
    expect(world.works.get("j")?.done).toBe(0);
  });

  test("of a divisible job goes on to the end of its award", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 13 });
    const { tick, goTo } = startAgent(exchange, 0, jobOf(30, "div"));
    await tick();
    await goTo(120);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 66", "j.1 meter to 78"]);
  });

  test("of a job that nobody simulates takes what it was awarded", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 5 });
    const { tick, goTo } = startAgent(exchange, 0, null);
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 30", "j.1 finish"]);
  });
});

describe("cards that fail", () => {
  const bodies = () => exchange.posts.filter(({ path }) => path === "j.1 meter").map(({ body }) => body);

  test("are missed in what a divisible job is metered, from then on until they are back", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 8 });
    const { agent, tick, goTo } = startAgent(exchange, 0, jobOf(30, "div"));
    await tick();
    await goTo(12);
    await agent.loseCards(3);
    await goTo(18);
    await tick();
    await goTo(24);
    await agent.regainCards();
    await goTo(60);
    const report = (from: number, to: number, cardSeconds: number, more = {}) => ({
      ...{ center: "c-1", run: 1, from: instant(from), to: instant(to), cardSeconds, ...more },
    });
    expect(bodies()).toEqual([
      report(6, 12, 8 * 360),
      report(12, 18, 5 * 360, { cards: 5 }),
      report(18, 24, 5 * 360, { cards: 5 }),
      report(24, 48, 8 * 1440, { checkpointAt: instant(48) }),
    ]);
  });

  test("are more than what runs has: it has none, and nothing else lacks any", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 8 });
    const { agent, tick, goTo } = startAgent(exchange, 0, jobOf(30));
    await tick();
    await agent.loseCards(5);
    await goTo(12);
    await agent.loseCards(100);
    await goTo(18);
    await tick();
    expect(bodies()).toMatchObject([{ cardSeconds: 8 * 360 }, { cardSeconds: 0, cards: 0 }]);
  });
});

describe("an exchange that cannot be reached", () => {
  const goOn = { change: "placed", from: 1, to: 4, mayGoOn: true } as const;

  test("finds a run going on that may, and hears what it did up to its end", async () => {
    exchange.told.push(goOn);
    const { tick, goTo, failures } = startAgent(exchange, 0, jobOf(60));
    await tick();
    await goTo(20);
    exchange.away = true;
    await tick();
    await goTo(50);
    exchange.away = false;
    await goTo(57);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 24"]);
    // Bridged to slot 10: it never stopped, so that its hour is over at minute 66.
    exchange.told.push({ change: "continued", from: 4, to: 12, auction: 2, lease: 1 });
    await tick();
    await goTo(80);
    expect(said().slice(3)).toEqual(["j.1 meter to 66", "j.1 finish"]);
    expect(failures).toEqual([]);
  });

  test("hears of an end in its absence once it is back", async () => {
    exchange.told.push({ ...goOn, to: 10 });
    const { tick, goTo, world, failures } = startAgent(exchange, 0);
    await tick();
    await goTo(20);
    exchange.away = true;
    await goTo(50);
    expect(said()).toEqual(["j.1 accept", "j.1 start"]);
    exchange.away = false;
    await goTo(57);
    expect(said().slice(2)).toEqual(["j.1 meter to 36", "j.1 finish"]);
    expect([world.refusals.size, failures]).toEqual([0, []]);
  });

  /** What a run at its end says to a continuation that comes when the exchange is back. */
  async function told(first: Partial<Told>, others: readonly Told[], backAt: number): Promise<string[]> {
    exchange.told.push({ ...goOn, ...first }, ...others);
    const { tick, goTo } = startAgent(exchange, 0, jobOf(1000));
    await tick();
    await goTo(20);
    exchange.away = true;
    await goTo(backAt);
    exchange.away = false;
    await goTo(backAt + 7);
    const to = Math.ceil(backAt / 6) + 3;
    exchange.told.push({ change: "continued", from: 4, to, auction: 3, lease: 1 });
    await tick();
    return said().filter((one) => one.startsWith("j.1 refuse"));
  }

  test("finds a run stopped after 4 hours", async () => {
    expect(await told({}, [], 24 + 230)).toEqual([]);
    exchange.told.length = 0;
    expect(await told({}, [], 24 + 250)).toEqual(["j.1 refuse"]);
  });

  test("finds a run stopped that bids for nothing more", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 4 });
    const { tick, goTo } = startAgent(exchange, 0, jobOf(1000));
    await tick();
    await goTo(20);
    exchange.away = true;
    await goTo(50);
    exchange.away = false;
    await goTo(57);
    exchange.told.push({ change: "continued", from: 4, to: 12, auction: 2, lease: 1 });
    await tick();
    expect(said()).toContain("j.1 refuse");
  });

  test("finds a run stopped before slots in which its cards are another's", async () => {
    const other = { change: "placed", from: 8, to: 20, job: "k", auction: 2, cards: 60 } as const;
    expect(await told({}, [other], 40)).toEqual([]);
    exchange.told.length = 0;
    expect(await told({}, [other], 70)).toEqual(["j.1 refuse"]);
  });
});

describe("a run that is let go", () => {
  test("stops, keeps what it did, and takes only the rest when it is placed again", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 10 });
    const { tick, goTo, world } = startAgent(exchange, 0);
    await tick();
    await goTo(20);
    exchange.told.push({ change: "released", from: 3, to: 10, cause: "continuationLost" });
    await tick();
    expect(world.works.get("j")?.done).toBe(12 * 60);
    exchange.told.push({ change: "placed", from: 5, to: 10, auction: 2 });
    await tick();
    await goTo(90);
    // Twelve minutes of thirty are done, and metered though nobody waits for it.
    expect(said()).toEqual([
      "j.1 accept",
      "j.1 start",
      "j.1 meter to 18",
      "j.2 accept",
      "j.2 start",
      "j.2 meter to 48",
      "j.2 finish",
    ]);
  });

  test("with notice goes on up to its slot, and keeps all that it did", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 30 });
    const { tick, goTo, world } = startAgent(exchange, 0, jobOf(120));
    await tick();
    await goTo(20);
    exchange.told.push({ change: "released", from: 8, to: 30, cause: "reclaimed" });
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 48"]);
    exchange.told.push({ change: "released", from: 8, to: 8, cause: "reclaimed" });
    await tick();
    expect(world.works.get("j")?.done).toBe(42 * 60);
  });

  test("with notice in the news that bring it begins, and stops in time", async () => {
    exchange.told.push(
      { change: "placed", from: 1, to: 30 },
      { change: "released", from: 4, to: 30, cause: "reclaimed" },
    );
    const { tick, goTo } = startAgent(exchange, 0, jobOf(120));
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 24"]);
  });

  test("because its center was lost keeps what its last checkpoint had", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 30 });
    const { tick, goTo, world } = startAgent(exchange, 0, jobOf(120));
    await tick();
    await goTo(100);
    exchange.told.push({ change: "released", from: 16, to: 30, cause: "centerLost" });
    await tick();
    // 90 minutes, one checkpoint in them.
    expect(world.works.get("j")?.done).toBe(3600);
  });

  test("before it began does not begin", async () => {
    exchange.told.push({ change: "placed", from: 2, to: 10 });
    const { tick, goTo, world } = startAgent(exchange, 0);
    await tick();
    exchange.told.push({ change: "released", from: 2, to: 10, cause: "cancelled" });
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept"]);
    expect(world.works.get("j")?.done).toBe(0);
  });

  test("in the news that bring it is not even accepted, and others in them are", async () => {
    exchange.told.push(
      { change: "placed", from: 1, to: 10 },
      { change: "placed", job: "k", from: 1, to: 3 },
      { change: "continued", from: 10, to: 20, auction: 2, lease: 1 },
      { change: "released", from: 1, to: 20, auction: 2, lease: 1, cause: "cancelled" },
    );
    const { tick, goTo } = startAgent(exchange, 0);
    await tick();
    await goTo(60);
    expect(said()).toEqual(["k.1 accept", "k.1 start", "k.1 meter to 18", "k.1 finish"]);
  });
});

describe("a center", () => {
  test("renews its lease whenever it asks, and follows its news to the last page, each once", async () => {
    exchange.pageLength = 2;
    exchange.told.push(
      ...Array.from({ length: 5 }, (_, n): Told => ({ change: "placed", job: `j${n}`, from: 9, to: 10 })),
    );
    const { tick } = startAgent(exchange, 0);
    await tick();
    expect([exchange.leases, exchange.reads]).toEqual([1, 3]);
    expect(said().sort()).toEqual([0, 1, 2, 3, 4].map((n) => `j${n}.1 accept`));
    await tick();
    expect([exchange.leases, exchange.reads]).toEqual([2, 4]);
    expect(exchange.posts).toHaveLength(5);
  });

  test("that is down says nothing and loses what no checkpoint had; back again, it takes new work", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 30 });
    const { agent, tick, goTo, world } = startAgent(exchange, 0, jobOf(120));
    await tick();
    await goTo(100);
    agent.fail();
    await tick();
    await goTo(150);
    expect(said()).toEqual(["j.1 accept", "j.1 start", "j.1 meter to 66"]);
    expect(exchange.leases).toBe(1);
    expect(world.works.get("j")?.done).toBe(3600);
    agent.recover();
    exchange.told.push(
      { change: "released", from: 18, to: 30, cause: "centerLost" },
      { change: "placed", from: 26, to: 40, auction: 2 },
    );
    await tick();
    await goTo(300);
    // What was lost is not counted again: the second hour begins where the first checkpoint was.
    expect(said().slice(3)).toEqual(["j.2 accept", "j.2 start", "j.2 meter to 216", "j.2 finish"]);
  });

  test("that was overtaken lets the run be and counts it; any other refusal ends the replay", async () => {
    exchange.told.push({ change: "placed", from: 1, to: 10 });
    exchange.refusing.set("start", "placement-ended");
    const { tick, goTo, world, failures } = startAgent(exchange, 0);
    await tick();
    await goTo(60);
    expect(said()).toEqual(["j.1 accept", "j.1 start"]);
    expect([...world.refusals]).toEqual([["placement-ended", 1]]);
    expect(failures).toEqual([]);
    exchange.refusing.set("accept", "invalid");
    exchange.told.push({ change: "placed", from: 11, to: 20, auction: 2 });
    await tick();
    expect(world.refusals.get("invalid")).toBe(1);
    expect(failures).toMatchObject([{ problem: { code: "invalid" } }]);
  });
});

describe("a center that starts again", () => {
  /** One request by key: a repeat with other content would be refused by the exchange. */
  const byKey = () => {
    const requests = new Map<string, string>();
    for (const { path, key = "", body } of exchange.posts) {
      const content = JSON.stringify([path, body]);
      expect(requests.get(key) ?? content, `${key} is repeated as it was`).toBe(content);
      requests.set(key, content);
    }
    return requests;
  };

  test("says what it said before, under the same keys, and goes on from there", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 20, max: 280 }),
        async (cut, pageLength, minutes) => {
          exchange.posts.length = 0;
          exchange.told.splice(0);
          exchange.pageLength = pageLength;
          // Each stretch is heard of half an hour before it begins, as after its auction.
          const awards = [0, 1, 2, 3].map((n) => ({ from: 10 * n + 1, to: 10 * n + 11, auction: n + 1 }));
          const hear = (until: number) => {
            exchange.told.splice(0);
            for (const { from, to, auction } of awards)
              if (from * 6 - 30 <= until)
                exchange.told.push(
                  auction === 1
                    ? { change: "placed", from, to }
                    : { change: "continued", from, to, auction, lease: 1 },
                );
          };
          const live = async (from: number, to: number) => {
            const { tick, goTo, failures } = startAgent(exchange, from, jobOf(minutes));
            for (let minute = from; minute <= to; minute += 6) {
              await goTo(minute);
              hear(minute);
              await tick();
            }
            await goTo(to);
            expect(failures).toEqual([]);
          };
          await live(0, 300);
          const whole = byKey();
          exchange.posts.length = 0;
          await live(0, cut);
          await live(cut, 300);
          expect(byKey()).toEqual(whole);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("news of one run", () => {
  const of = (told: Told, position = 1) => change(position, told);
  const placed = of({ change: "placed", from: 1, to: 5 });
  const continued = (to: number, auction: number) =>
    of({ change: "continued", from: to - 4, to, auction, lease: 1 }, auction);
  const released = of({ change: "released", from: 3, to: 13, auction: 3, lease: 1, cause: "cancelled" }, 4);
  const fillsOf = (...changes: readonly AssignmentChange[]) => changes.flatMap(({ fills }) => fills);

  test("begin with the newest end if it was continued before it was heard of", () => {
    expect(merged([placed, continued(9, 2), continued(13, 3)])).toEqual([
      { ...placed, to: openingSlot + 13, fills: fillsOf(placed, continued(9, 2), continued(13, 3)) },
    ]);
  });

  test("keep whatever else there is, in its order", () => {
    expect(merged([placed, continued(9, 2), released])).toEqual([
      { ...placed, to: openingSlot + 9, fills: fillsOf(placed, continued(9, 2)) },
      released,
    ]);
    expect(merged([placed])).toEqual([placed]);
    expect(merged([])).toEqual([]);
  });

  test("of a run that is known are as they were", () => {
    const news = [continued(9, 2), continued(13, 3), released];
    expect(merged(news)).toEqual(news);
  });

  test("come to the same end and release, whether merged or not", () => {
    const tail = fc.array(
      fc.integer({ min: 2, max: 9 }).map((n) => continued(5 + 4 * n, n)),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.boolean(), tail, fc.boolean(), (isNew, more, ends) => {
        const news = [...(isNew ? [placed] : []), ...more, ...(ends ? [released] : [])];
        const result = merged(news);
        const endOf = (changes: readonly AssignmentChange[]) =>
          Math.max(...changes.filter((each) => each.change !== "released").map(({ to }) => to));
        expect(endOf(result)).toBe(endOf(news));
        expect(result.filter((each) => each.change === "released")).toEqual(ends ? [released] : []);
        expect(result.filter((each) => each.change === "placed")).toHaveLength(isNew ? 1 : 0);
      }),
    );
  });
});
