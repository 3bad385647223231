/**
 * EASY backfill, as Slurm's backfill scheduler with one reservation: first come first served; the first job that does
 * not fit gets a reservation at the earliest expected time, and later jobs may start now if that does not delay it.
 * Times in seconds; a pool is named by its product.
 */

export type Running = Readonly<{ product: string; cards: number; expectedEnd: number }>;

export type Waiting = Readonly<{
  key: string;
  cards: number;
  /** Pools in which it may start, by preference. */
  products: readonly string[];
  expectedSeconds: number;
  /** Takes any number of cards up to `cards`, and therefore never waits for a reservation. */
  divisible: boolean;
}>;

export type Start = Readonly<{ key: string; product: string; cards: number }>;
export type Reservation = Readonly<{
  key: string;
  product: string;
  at: number /** Cards left beside it. */;
  spare: number;
}>;
export type Plan = Readonly<{ starts: readonly Start[]; reservation?: Reservation }>;

/** Free cards by pool. */
export type Free = ReadonlyMap<string, number>;

/** When `cards` are expected to be free in a pool, and how many beside them; undefined if never. */
export function earliestFit(
  now: number,
  free: number,
  running: readonly Running[],
  cards: number,
): Readonly<{ at: number; spare: number }> | undefined {
  const ends = [...running].sort((a, b) => a.expectedEnd - b.expectedEnd);
  let at = now;
  let available = free;
  for (const [n, each] of ends.entries()) {
    if (available >= cards && each.expectedEnd > at) break;
    available += each.cards;
    at = Math.max(at, each.expectedEnd);
    // All that end together count.
    if (available >= cards && ends[n + 1]?.expectedEnd !== each.expectedEnd) break;
  }
  return available >= cards ? { at, spare: available - cards } : undefined;
}

/** The earliest expected start of a job over its pools; ties go to its preference. */
export function reserve(
  now: number,
  free: Free,
  running: readonly Running[],
  job: Waiting,
): Reservation | undefined {
  return job.products
    .map((product) => {
      const mine = running.filter((each) => each.product === product);
      const fit = earliestFit(now, free.get(product) ?? 0, mine, job.cards);
      return fit === undefined ? undefined : { key: job.key, product, ...fit };
    })
    .filter((each) => each !== undefined)
    .reduce<Reservation | undefined>(
      (best, each) => (best === undefined || each.at < best.at ? each : best),
      undefined,
    );
}

/** How many cards of a pool a job may take now without delaying the reservation. */
function allowance(
  now: number,
  job: Waiting,
  product: string,
  free: number,
  kept: Reservation | undefined,
): number {
  if (kept === undefined || kept.product !== product || now + job.expectedSeconds <= kept.at) return free;
  return Math.min(free, kept.spare);
}

/** What starts now, in the order of the queue. Pure. */
export function plan(now: number, free: Free, running: readonly Running[], queue: readonly Waiting[]): Plan {
  const left = new Map(free);
  const active = [...running];
  const starts: Start[] = [];
  let reservation: Reservation | undefined;
  const least = queue.reduce((most, job) => Math.min(most, job.divisible ? 1 : job.cards), Infinity);
  for (const job of queue) {
    // Once the first job is reserved for and nothing is narrow enough for what is left, the rest of the queue waits.
    if (reservation !== undefined && [...left.values()].every((cards) => cards < least)) break;
    const room = job.products.map((product) => ({
      product,
      cards: allowance(now, job, product, left.get(product) ?? 0, reservation),
    }));
    const pool = room.find((each) => (job.divisible ? each.cards > 0 : each.cards >= job.cards));
    if (pool === undefined) {
      if (!job.divisible) reservation ??= reserve(now, left, active, job);
      continue;
    }
    const cards = Math.min(job.cards, pool.cards);
    const expectedEnd = now + job.expectedSeconds;
    if (reservation?.product === pool.product && expectedEnd > reservation.at) {
      reservation = { ...reservation, spare: reservation.spare - cards };
    }
    left.set(pool.product, (left.get(pool.product) ?? 0) - cards);
    active.push({ product: pool.product, cards, expectedEnd });
    starts.push({ key: job.key, product: pool.product, cards });
  }
  return reservation === undefined ? { starts } : { starts, reservation };
}
