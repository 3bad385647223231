import type { Scenario } from "../../agent/scenario/scenario.ts";
import type { Failure } from "../../agent/scenario/scenario-file.ts";
import {
  DAY_SECONDS,
  endsWithTime,
  readyAt,
  type ScenarioJob,
  SLOT_SECONDS,
  windowEnd,
} from "../../agent/scenario/scenario-job.ts";
import { plan, type Running, type Waiting } from "./easy.ts";
import { type Figures, figuresOf, type JobOutcome, type JobState, type Segment } from "./metrics.ts";

/**
 * The same jobs on the same centers without the network: each center alone runs the jobs whose home it is, first come
 * first served with EASY backfill and immediate start, second by second, as Slurm would.
 */
export type AloneOutcome = Readonly<{ jobs: readonly JobOutcome[]; figures: Figures }>;

/** Work is kept in steps of so many seconds of a run: hourly checkpoints. */
const CHECKPOINT_SECONDS = 3600;

/** A part of a job in use; a divisible job may have several. */
type Part = Readonly<{ item: Item; product: string; cards: number; from: number; end: number }>;

/** A job at its home, as the simulation goes on. */
type Item = {
  readonly job: ScenarioJob;
  readonly products: readonly string[];
  readonly ready: number;
  /** How it stands in the queue, unless it is divisible: then that changes with what it has. */
  readonly waits: Waiting;
  /** Seconds of work kept from interrupted runs. */
  kept: number;
  /** Card-seconds that a divisible job may still take. */
  budget: number;
  queued: boolean;
  startedAt: number | undefined;
  endedAt: number | undefined;
  interruptions: number;
  readonly segments: Segment[];
};

type Site = Readonly<{ center: string; cards: ReadonlyMap<string, number>; failures: readonly Failure[] }>;

function itemOf(scenario: Scenario, job: ScenarioJob): Item {
  const home = scenario.centers.find((each) => each.center === job.bid.home);
  const pools = (home?.pools ?? []).filter(
    (pool) =>
      (endsWithTime(job) || pool.cards >= job.bid.cards) &&
      job.bid.frameworks.every((framework) => pool.frameworks.includes(framework)),
  );
  const products = job.bid.products
    .map((each) => each.product)
    .filter((product) => pools.some((pool) => pool.product === product));
  return {
    job,
    products,
    ready: readyAt(job),
    waits: {
      key: job.key,
      cards: job.bid.cards,
      products,
      expectedSeconds: job.estimateSlots * SLOT_SECONDS,
      // A batch system knows no floor: of a service it runs as much as fits.
      divisible: endsWithTime(job),
    },
    kept: 0,
    budget: job.bid.cards * job.bid.slots * SLOT_SECONDS,
    queued: false,
    startedAt: undefined,
    endedAt: undefined,
    interruptions: 0,
    segments: [],
  };
}

/** Time that the batch system expects of a job: its estimate, doubled for as long as it has run over. */
function expectedEnd(part: Part, now: number): number {
  if (endsWithTime(part.item.job)) return part.end;
  let expected = part.item.job.estimateSlots * SLOT_SECONDS;
  while (part.from + expected <= now) expected *= 2;
  return part.from + expected;
}

function waiting(item: Item, parts: readonly Part[], now: number): Waiting {
  const { job, waits } = item;
  if (!waits.divisible) return waits;
  const taken = parts.filter((part) => part.item === item).reduce((sum, part) => sum + part.cards, 0);
  return { ...waits, cards: waits.cards - taken, expectedSeconds: windowEnd(job) - now };
}

/** One center alone until `end`; changes the items that it is given. */
class LoneCenter {
  readonly #site: Site;
  /** In the order of the queue: by when they may run, then as the scenario has them. */
  readonly #items: readonly Item[];
  readonly #places: ReadonlyMap<string, number>;
  /** Items that wait, in that order, and the first item that is not ready yet. */
  #queue: Item[] = [];
  #coming = 0;
  #parts: Part[] = [];

  constructor(site: Site, items: readonly Item[]) {
    this.#site = site;
    this.#items = items;
    this.#places = new Map(items.map(({ job }, place) => [job.key, place]));
  }

  run(end: number): void {
    for (let now = this.#next(-1, end); now < end; now = this.#next(now, end)) {
      this.#finish(now);
      for (const failure of this.#site.failures) if (failure.failsAt === now) this.#interrupt(now);
      this.#receive(now);
      if (!this.#isDown(now)) this.#start(now);
    }
    this.#finish(end);
    for (const part of this.#parts) this.#record(part, end, end);
  }

  /** The parts still in use at the end. */
  inUse(): ReadonlySet<Item> {
    return new Set(this.#parts.map((part) => part.item));
  }

  #isDown(now: number): boolean {
    return this.#site.failures.some((each) => each.failsAt <= now && now < each.returnsAt);
  }

  /** The next instant at which anything happens. */
  #next(now: number, end: number): number {
    let next = Math.min(end, this.#items[this.#coming]?.ready ?? end);
    const consider = (at: number) => {
      if (at > now && at < next) next = at;
    };
    for (const part of this.#parts) {
      consider(part.end);
      // An over-run moves the reservation, which may let others in.
      consider(expectedEnd(part, now));
    }
    for (const { failsAt, returnsAt } of this.#site.failures) {
      consider(failsAt);
      consider(returnsAt);
    }
    return next;
  }

  /** What may run from now on joins the queue at its end. */
  #receive(now: number): void {
    for (let item = this.#items[this.#coming]; item !== undefined && item.ready <= now; ) {
      item.queued = item.products.length > 0;
      if (item.queued) this.#queue.push(item);
      this.#coming += 1;
      item = this.#items[this.#coming];
    }
  }

  /** Those who no longer wait leave the queue; those who are back take their old places. */
  #tidy(back: readonly Item[]): void {
    const place = (item: Item) => this.#places.get(item.job.key) ?? 0;
    this.#queue = [...new Set([...this.#queue, ...back])].filter((item) => item.queued);
    if (back.length > 0) this.#queue.sort((a, b) => place(a) - place(b));
  }

  #record(part: Part, to: number, usefulTo: number): void {
    const { item, product, cards, from } = part;
    if (to > from) item.segments.push({ center: this.#site.center, product, cards, from, to, usefulTo });
  }

  #finish(now: number): void {
    for (const part of this.#parts.filter((each) => each.end <= now)) {
      this.#record(part, part.end, part.end);
      part.item.endedAt = part.end;
    }
    this.#parts = this.#parts.filter((part) => part.end > now);
    const over = this.#queue.filter((item) => item.waits.divisible && windowEnd(item.job) <= now);
    for (const item of over) item.queued = false;
    if (over.length > 0) this.#tidy([]);
  }

  /** The center fails: what runs is requeued at its old place and will go on from its last checkpoint. */
  #interrupt(now: number): void {
    for (const part of this.#parts) {
      const { item } = part;
      const divisible = endsWithTime(item.job);
      const done = divisible
        ? now - part.from
        : Math.floor((now - part.from) / CHECKPOINT_SECONDS) * CHECKPOINT_SECONDS;
      this.#record(part, now, part.from + done);
      if (divisible) item.budget += part.cards * (part.end - now);
      else item.kept += done;
      item.interruptions += 1;
      item.queued = true;
    }
    this.#tidy(this.#parts.map(({ item }) => item));
    this.#parts = [];
  }

  #free(): Map<string, number> {
    const free = new Map(this.#site.cards);
    for (const part of this.#parts) free.set(part.product, (free.get(part.product) ?? 0) - part.cards);
    return free;
  }

  #start(now: number): void {
    const queue = this.#queue.map((item) => waiting(item, this.#parts, now)).filter(({ cards }) => cards > 0);
    const running: Running[] = this.#parts.map((part) => ({
      product: part.product,
      cards: part.cards,
      expectedEnd: expectedEnd(part, now),
    }));
    const { starts } = plan(now, this.#free(), running, queue);
    for (const start of starts) {
      const item = this.#items[this.#places.get(start.key) ?? -1];
      if (item !== undefined) this.#begin(item, start.product, start.cards, now);
    }
    if (starts.length > 0) this.#tidy([]);
  }

  #begin(item: Item, product: string, cards: number, now: number): void {
    const { job } = item;
    item.startedAt ??= now;
    if (!endsWithTime(job)) {
      item.queued = false;
      this.#parts.push({ item, product, cards, from: now, end: now + job.durationSeconds - item.kept });
      return;
    }
    const seconds = Math.min(windowEnd(job) - now, Math.floor(item.budget / cards));
    if (seconds <= 0) return;
    item.budget -= seconds * cards;
    this.#parts.push({ item, product, cards, from: now, end: now + seconds });
  }
}

function stateOf(item: Item, inUse: ReadonlySet<Item>): JobState {
  if (item.products.length === 0) return "neverFits";
  if (inUse.has(item)) return "running";
  if (item.queued || item.endedAt === undefined) return "waiting";
  return "completed";
}

function outcomeOf(item: Item, state: JobState): JobOutcome {
  return {
    job: item.job,
    state,
    ...(item.startedAt === undefined ? {} : { startedAt: item.startedAt }),
    ...(state !== "completed" || item.endedAt === undefined ? {} : { endedAt: item.endedAt }),
    interruptions: item.interruptions,
    segments: item.segments,
  };
}

/** Runs the scenario's days on lone centers. Pure: the same scenario gives the same outcome. */
export function runAlone(scenario: Scenario): AloneOutcome {
  const end = scenario.days * DAY_SECONDS;
  const jobs = scenario.centers.flatMap((center) => {
    const items = scenario.jobs
      .filter((job) => job.bid.home === center.center)
      .map((job) => itemOf(scenario, job))
      .sort((a, b) => a.ready - b.ready);
    const site = {
      center: center.center,
      cards: new Map(center.pools.map((pool) => [pool.product, pool.cards])),
      failures: scenario.failures.filter((failure) => failure.center === center.center),
    };
    const alone = new LoneCenter(site, items);
    alone.run(end);
    const inUse = alone.inUse();
    return items.map((item) => outcomeOf(item, stateOf(item, inUse)));
  });
  return { jobs, figures: figuresOf(scenario, jobs, end) };
}
