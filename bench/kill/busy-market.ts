import { setImmediate as nextTurn } from "node:timers/promises";
import { type Caller, Refused } from "../../agent/client.ts";
import { createCenterAgent } from "../../agent/replay/center-agent.ts";
import { joinAll } from "../../agent/replay/members.ts";
import { doAt, type World } from "../../agent/replay/world.ts";
import { draw, drawWhole } from "../../agent/scenario/draw.ts";
import { loadScenario, type Scenario } from "../../agent/scenario/scenario.ts";
import { SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { AccountId, CenterId, MillsText, ProductId } from "../../functions/contract/identifiers.ts";
import { operations } from "../../functions/contract/operations.ts";
import type { Calls } from "./calls.ts";
import type { MemberClock } from "./market-clock.ts";

// Members of a small market that never rests. What they ask for follows from the seed; when, from the machine.

/** Market ms of the first midnight; the day is closed soon after it. */
export const midnightMs = Date.parse("2040-03-02T00:00:00+08:00");
/** Market ms at which the market opens: a day's close shall be among what is killed. */
export const openingMs = midnightMs - 30 * 60_000;

const centers = 3;
const tenants = 8;
/** Cards of each center: few enough for bids to compete. */
const cards = 64;
/** Market seconds between two looks of a center at its news. */
const pollSeconds = 90;
/** Market seconds that a tenant pauses, from and to. */
const pauseSeconds = [20, 100] as const;
/** Awards in a hundred of which the centers never say a word: their workflows' deadlines must act. */
const ignoredPercent = 8;

export interface Market {
  /** Jobs that the exchange has acknowledged. */
  readonly jobs: readonly Job[];
  /** Leases that no center will ever accept. */
  readonly ignored: ReadonlySet<string>;
  readonly accounts: readonly string[];
  client(owner: string, role: Parameters<World["client"]>[1]): Promise<Caller>;
  /** Tenants ask for nothing more, and what they still have in the book or under way is cancelled. */
  finish(): Promise<void>;
  /** Centers say nothing more; settles when what they are about to say is answered. */
  rest(): Promise<void>;
  /** Settles with the first error that no member can handle. */
  readonly failed: Promise<never>;
}

interface Job {
  readonly tenant: string;
  readonly job: string;
}

export interface MarketParts {
  readonly seed: string;
  readonly calls: Calls;
  readonly clock: MemberClock;
  token(owner: string, role: string): Promise<string>;
}

/** Everybody joins and begins to act; settles when all have joined. */
export async function openMarket({ seed, calls, clock, token }: MarketParts): Promise<Market> {
  const scenario = smallScenario(seed);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const clients = new Map<string, Promise<Caller>>();
  const ignored = new Set<string>();
  const jobs: Job[] = [];
  const world: World = {
    scenario,
    opening: openingMs,
    clock,
    works: new Map(),
    refusals: new Map(),
    fail,
    client(owner, role) {
      const known =
        clients.get(`${role}:${owner}`) ?? token(owner, role).then((given) => calls.client(owner, given));
      clients.set(`${role}:${owner}`, known);
      return known;
    },
  };
  await joinAll(world);
  const ticks = new Set<Promise<void>>();
  let resting = false;
  for (const spec of scenario.centers) {
    const client = deafClient(await world.client(spec.owner, "center"), seed, ignored);
    const agent = createCenterAgent(world, spec, client);
    const tickIn = (instant: number) =>
      doAt(world, instant, async () => {
        if (resting) return;
        const tick = agent.tick();
        ticks.add(tick);
        await tick;
        ticks.delete(tick);
        tickIn(clock.now() + pollSeconds * 1000);
      });
    tickIn(clock.now());
  }
  let open = true;
  const acting = scenario.tenants.map(({ tenant }) =>
    live(world, { seed, tenant, jobs, clock, isOpen: () => open }).catch(fail),
  );
  return {
    jobs,
    ignored,
    failed,
    accounts: scenario.tenants.map(({ tenant }) => tenant),
    client: world.client,
    async rest() {
      resting = true;
      await Promise.all(ticks);
    },
    async finish() {
      open = false;
      await Promise.all(acting);
      await Promise.all(jobs.map(({ tenant, job }) => cancel(world, tenant, job)));
    },
  };
}

/** The first centers and tenants of the day, as small as they need to be. */
function smallScenario(seed: string): Scenario {
  const day = loadScenario();
  const kept = day.centers.slice(0, centers).map((center) => ({
    ...center,
    pools: center.pools.map((pool) => ({ ...pool, cards })),
  }));
  const names = new Set(kept.map(({ center }) => center));
  return {
    ...day,
    name: `kill ${seed}`,
    centers: kept,
    links: day.links.filter(({ from, to }) => names.has(from) && names.has(to)),
    tenants: day.tenants.slice(0, tenants),
    failures: [],
    shortages: [],
    jobs: [],
    offers: day.offers
      .filter(({ center, key }) => names.has(center) && !key.endsWith("-3"))
      .map((offer) => ({ ...offer, cards: cards / 2 })),
  };
}

/** Some placements get no answer from their centers. */
function deafClient(client: Caller, seed: string, ignored: Set<string>): Caller {
  return {
    call(operation, request) {
      const placement = request?.params?.placement;
      if (placement === undefined || drawWhole(1, 100, seed, "ignored", placement) > ignoredPercent)
        return client.call(operation, request);
      ignored.add(placement);
      const detail = "no center says a word";
      throw new Refused(operation.id, {
        type: "about:blank",
        title: "Not Found",
        status: 404,
        detail,
        code: "not-found",
      });
    },
  };
}

interface Life {
  readonly seed: string;
  readonly tenant: string;
  readonly jobs: Job[];
  readonly clock: MemberClock;
  isOpen(): boolean;
}

/** One tenant: asks for jobs, sends the same again, pays in, cancels, looks. */
async function live(world: World, life: Life): Promise<void> {
  const { seed, tenant, clock } = life;
  for (let n = 0; life.isOpen(); n++) {
    await act(world, life, n);
    await clock.pass(drawWhole(...pauseSeconds, seed, tenant, "pause", String(n)));
    await nextTurn();
  }
}

async function act(world: World, life: Life, n: number): Promise<void> {
  const { seed, tenant, jobs } = life;
  const words = [seed, tenant, String(n)];
  const kind = draw(...words, "act");
  const own = jobs.filter((job) => job.tenant === tenant);
  const some = own[drawWhole(Math.max(0, own.length - 12), Math.max(0, own.length - 1), ...words, "some")];
  if (kind < 0.3 || some === undefined) {
    const request = () => requestJob(world, tenant, words);
    // Some requests are sent twice at once, as by a proxy that lost its patience.
    const twice = draw(...words, "twice") < 0.15;
    const [first, again] = await Promise.all(twice ? [request(), request()] : [request()]);
    if (first === undefined) return;
    if (again !== undefined && again !== first)
      throw new Error(`one key made two jobs, ${first} and ${again}`);
    jobs.push({ tenant, job: first });
  } else if (kind < 0.6) await deposit(world, tenant, `deposit-${tenant}-${n}`);
  else if (kind < 0.72) await cancel(world, tenant, some.job);
  else await (await world.client(tenant, "tenant")).call(operations.getJob, { params: { job: some.job } });
}

/** Gives the job's id, undefined if the exchange refused: its window may have passed while the exchange was dead. */
async function requestJob(world: World, tenant: string, words: readonly string[]) {
  const whole = (name: string, low: number, high: number) => drawWhole(low, high, ...words, name);
  const home = world.scenario.centers[whole("home", 0, centers - 1)]?.center ?? "";
  const slots = whole("slots", 1, 3);
  const from = Math.floor(world.clock.now() / 1000 / SLOT_SECONDS) + 1;
  const limit = whole("limit", 250, 700);
  const long = draw(...words, "long") < 0.25;
  const body = {
    name: `kill-${words.at(-1)}`,
    session: "spot" as const,
    kind: draw(...words, "kind") < 0.2 ? ("div" as const) : ("block" as const),
    cards: 4 * whole("cards", 1, 5),
    slots,
    maxSlots: long ? slots + 4 : slots,
    ...(long ? { extendLimit: limit } : {}),
    products: [{ product: ProductId.parse("ascend910"), limit }],
    from,
    to: from + slots + whole("patience", 2, 5),
    home: CenterId.parse(home),
    dataGB: whole("data", 1, 50),
    account: AccountId.parse(tenant),
  };
  const client = await world.client(tenant, "tenant");
  return unlessRefused(async () => {
    const { job } = await client.call(operations.postJob, { body, key: `job-${tenant}-${words.at(-1)}` });
    return job;
  });
}

async function deposit(world: World, account: string, key: string): Promise<void> {
  const finance = await world.client("clearing-house", "finance");
  await finance.call(operations.depositFunds, {
    params: { account },
    body: { mills: MillsText.parse("1000") },
    key,
  });
}

async function cancel(world: World, tenant: string, job: string): Promise<void> {
  const client = await world.client(tenant, "tenant");
  await unlessRefused(() => client.call(operations.cancelJob, { params: { job } }));
}

async function unlessRefused<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}
