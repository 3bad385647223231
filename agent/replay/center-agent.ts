import type { AssignmentChange } from "../../functions/contract/centers.ts";
import { CenterId } from "../../functions/contract/identifiers.ts";
import type { Operation } from "../../functions/contract/operation.ts";
import { operations } from "../../functions/contract/operations.ts";
import { type Caller, Refused, type Request } from "../client.ts";
import type { Center } from "../scenario/scenario-file.ts";
import { endsWithTime, SLOT_SECONDS } from "../scenario/scenario-job.ts";
import { doAt, type World } from "./world.ts";

const slotMs = SLOT_SECONDS * 1000;
/** Real schedulers save the state of long work about once an hour. */
const checkpointMs = 3_600_000;
/** For so long at most a run goes on without a word from the exchange (docs/settlement-rules.md, row 14). */
const outageSlots = 40;
/** Codes that say: stop, somebody else has decided. */
const overtaken = new Set([
  "placement-ended",
  "placement-over",
  "run-superseded",
  "not-found",
  "not-accepted",
  "run-unknown",
  "run-not-begun",
  "run-ended",
]);

/** Ends after which a run has no more than its last checkpoint. */
const lostWork = new Set(["centerLost", "fewerCards"]);

/** A run at this center. A gang's work is done by all of its centers together: the first of them keeps count of it. */
interface Run {
  readonly change: AssignmentChange;
  readonly leads: boolean;
  /** End of the last award known, slot. */
  to: number;
  /** ms; absent until it has begun. */
  startedAt?: number;
  meteredTo: number;
  /** Its work is done, and all of it metered. */
  reported: boolean;
  /** Cards of this center, award by award. */
  fills: AssignmentChange["fills"];
  /** Cards of them that have failed. */
  lacking: number;
  /** It stopped here by itself, ms: nobody answered for too long. */
  stoppedAt?: number;
  cancel: () => void;
}

/** What became of a call; away: nobody answered, so that it must be made again. */
type Called = "done" | "refused" | "away";

/** The scheduler of one simulated center: it knows the exchange's API and the real length of the work it runs. */
export function createCenterAgent(world: World, spec: Center, client: Caller) {
  const center = CenterId.parse(spec.center);
  const runs = new Map<string, Run>();
  let position = 0;
  let down = false;

  const call = async <const Of extends Operation>(operation: Of, request: Request<Of>): Promise<Called> => {
    try {
      await client.call(operation, request);
      return "done";
    } catch (error) {
      if (isAway(error)) return "away";
      if (!(error instanceof Refused)) throw error;
      const { code } = error.problem;
      world.refusals.set(code, (world.refusals.get(code) ?? 0) + 1);
      if (!overtaken.has(code)) world.fail(error);
      return "refused";
    }
  };
  const workOf = ({ change }: Run) => world.works.get(change.job);
  /** A job that is not of the scenario takes what its tenant estimated. */
  const secondsLeft = (run: Run) => {
    const work = workOf(run);
    if (work === undefined) return (run.change.to - run.change.from) * SLOT_SECONDS;
    return work.scenario.durationSeconds - work.done;
  };
  const hasNoEnd = (run: Run) => {
    const work = workOf(run);
    return work !== undefined && endsWithTime(work.scenario);
  };

  /** Work that is saved if the run stops at an instant: all of it, or up to the last checkpoint. */
  const saved = (run: Run, instant: number, whole: boolean) => {
    const end = Math.min(instant, run.stoppedAt ?? instant);
    const ran = Math.max(0, end - (run.startedAt ?? end));
    return Math.floor((whole ? ran : ran - (ran % checkpointMs)) / 1000);
  };
  const stop = (lease: string, instant: number, whole: boolean) => {
    const run = runs.get(lease);
    if (run === undefined) return;
    run.cancel();
    runs.delete(lease);
    const work = workOf(run);
    if (work !== undefined && run.leads && !hasNoEnd(run)) work.done += saved(run, instant, whole);
  };
  const meter = async (lease: string, run: Run, to: number, checkpoint: boolean): Promise<Called> => {
    if (run.startedAt === undefined || to <= run.meteredTo) return "done";
    const from = run.meteredTo;
    run.meteredTo = to;
    const lost = Math.ceil((run.lacking * (to - from)) / 1000);
    const cardSeconds = Math.max(0, cardSecondsOf(run.fills, from, to) - lost);
    const body = {
      center,
      run: 1,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      cardSeconds,
      ...(run.lacking > 0 ? { cards: Math.max(0, cardsAt(run.fills, from) - run.lacking) } : {}),
      ...(checkpoint && run.lacking === 0 ? { checkpointAt: new Date(to).toISOString() } : {}),
    };
    const called = await call(operations.meterPlacement, {
      params: { placement: lease },
      body,
      key: `meter-${lease}-${center}-${to}`,
    });
    if (called === "away") run.meteredTo = from;
    return called;
  };
  /** Instant up to which a run goes on without an answer: its end, or as long as an absence may last. */
  const mayRunTo = (run: Run) => {
    if (run.change.mayGoOn !== true) return run.to * slotMs;
    const others = [...runs.values()].filter((other) => other !== run).flatMap(({ fills }) => fills);
    return endWithin(spec.pools, run, others, run.to + outageSlots) * slotMs;
  };
  /** Asks again in the next slot; what runs goes on meanwhile, as far as it may. */
  const later = (run: Run, again: () => Promise<void>) => {
    const now = world.clock.now();
    const limit = mayRunTo(run);
    if (run.startedAt !== undefined && now >= limit) run.stoppedAt ??= limit;
    run.cancel = doAt(world, now + slotMs, again);
  };
  /** The next thing that happens to a run by itself: a checkpoint, the end of its work, or of its award. */
  const goOn = (lease: string, run: Run) => {
    const startedAt = run.startedAt;
    if (startedAt === undefined) return;
    const end = run.to * slotMs;
    const done = hasNoEnd(run) ? Number.POSITIVE_INFINITY : startedAt + secondsLeft(run) * 1000;
    const finish = done > (run.stoppedAt ?? done) ? Number.POSITIVE_INFINITY : done;
    const checkpoint =
      startedAt + (Math.floor((run.meteredTo - startedAt) / checkpointMs) + 1) * checkpointMs;
    const next = Math.min(end, finish, checkpoint);
    const report = async (): Promise<void> => {
      if (down || runs.get(lease) !== run) return;
      // Reported as of when it was due, which may be long ago: a repeated report is the same to the second.
      const completes = finish === next;
      const told = completes ? await complete(lease, run, finish) : await meter(lease, run, next, true);
      if (told === "away") return later(run, report);
      if (told === "done" && !completes && next < end) goOn(lease, run);
    };
    run.cancel = doAt(world, Math.max(next, world.clock.now()), report);
  };
  const complete = async (lease: string, run: Run, finish: number): Promise<Called> => {
    const metered = await meter(lease, run, finish, false);
    if (metered === "away") return metered;
    run.reported = true;
    if (!run.leads) return metered;
    const body = { center, run: 1, outcome: "completed" as const };
    return call(operations.finishPlacement, { params: { placement: lease }, body, key: `finish-${lease}` });
  };
  const begin = async (lease: string, run: Run): Promise<void> => {
    if (down || runs.get(lease) !== run || run.startedAt !== undefined) return;
    const body = { center, run: 1 };
    const began = await call(operations.startPlacement, {
      params: { placement: lease },
      body,
      key: `start-${lease}-${center}`,
    });
    if (began === "away") return later(run, () => begin(lease, run));
    if (began === "refused") return;
    // Not now: a replay that was cut off and goes on finds runs that began long ago.
    run.startedAt = run.change.from * slotMs;
    run.meteredTo = run.startedAt;
    goOn(lease, run);
  };
  const place = async (change: AssignmentChange) => {
    const lease = change.lease;
    const leads = change.centers[0] === center;
    const run: Run = {
      ...{ change, leads, to: change.to, fills: change.fills },
      ...{ meteredTo: 0, reported: false, lacking: 0, cancel: () => {} },
    };
    runs.set(lease, run);
    return acceptRun(lease, run);
  };
  const acceptRun = async (lease: string, run: Run): Promise<void> => {
    if (down || runs.get(lease) !== run) return;
    const accepted = await call(operations.acceptPlacement, {
      params: { placement: lease },
      body: { center },
      key: `accept-${lease}-${center}`,
    });
    if (accepted === "away") return later(run, () => acceptRun(lease, run));
    if (accepted === "refused") return;
    run.cancel = doAt(world, Math.max(run.change.from * slotMs, world.clock.now()), () => begin(lease, run));
  };
  /** A notice of the center's own: the run goes on to a slot that lies ahead, is metered up to it and stops. */
  const shorten = ({ lease, from }: AssignmentChange): boolean => {
    const run = runs.get(lease);
    if (run === undefined || from <= run.change.from || from * slotMs <= world.clock.now()) return false;
    run.to = Math.min(run.to, from);
    if (run.startedAt === undefined) return true;
    run.cancel();
    goOn(lease, run);
    return true;
  };
  /** Too late: it stopped before the exchange said that it may go on. */
  const giveUp = async (lease: string, run: Run) => {
    run.cancel();
    await call(operations.refusePlacement, {
      params: { placement: lease },
      body: { center },
      key: `refuse-${lease}-${center}`,
    });
  };
  /** A run that others ended delivered until then: what was charged is to be shown, though nobody waits for it. */
  const meterTheRest = async ({ lease, from }: AssignmentChange): Promise<void> => {
    const run = runs.get(lease);
    if (run !== undefined && !run.reported)
      await meter(lease, run, Math.min(from * slotMs, world.clock.now()), false);
  };
  const apply = async (change: AssignmentChange) => {
    switch (change.change) {
      case "placed":
        return place(change);
      case "continued": {
        const run = runs.get(change.lease);
        if (run === undefined) return;
        run.to = change.to;
        run.fills = [...run.fills, ...change.fills];
        if (run.stoppedAt !== undefined) return giveUp(change.lease, run);
        // One that has yet to begin goes on to the new end by itself.
        if (run.startedAt === undefined) return;
        run.cancel();
        return goOn(change.lease, run);
      }
      case "released":
        if (change.cause === "reclaimed" && shorten(change)) return;
        await meterTheRest(change);
        return stop(change.lease, change.from * slotMs, !lostWork.has(change.cause ?? ""));
      default:
        return change.change satisfies never;
    }
  };
  /** What runs short of cards is told at once, and again until they are back: the exchange decides what becomes of it. */
  const meterShort = async () => {
    for (const [lease, run] of runs)
      if (run.lacking > 0) await meter(lease, run, Math.min(world.clock.now(), run.to * slotMs), false);
  };
  const poll = async () => {
    for (let more = true; more; ) {
      const page = await client.call(operations.listAssignments, {
        params: { center },
        query: { after: position, limit: 1000 },
      });
      // What was let go within one page is not begun first.
      const over = new Set(
        page.changes.filter((change) => isOver(change, page.changes)).map(({ lease }) => lease),
      );
      const news = page.changes.filter(
        ({ change, lease }) => !(over.has(lease) && change !== "released" && !runs.has(lease)),
      );
      await Promise.all(
        [...Map.groupBy(news, ({ lease }) => lease).values()].map(async (own) => {
          for (const change of merged(own)) await apply(change);
        }),
      );
      ({ position, more } = page);
    }
  };
  return {
    /** Once a slot, when the auction of its gate is sealed: a sign of life, then the news. */
    async tick() {
      if (down) return;
      try {
        await client.call(operations.renewLease, { params: { center } });
        await meterShort();
        await poll();
      } catch (error) {
        // The next tick asks again, from where the news had come to.
        if (!isAway(error)) throw error;
      }
    },
    /** Everything stops, and nobody hears of it. */
    fail() {
      down = true;
      for (const lease of [...runs.keys()]) stop(lease, world.clock.now(), false);
    },
    recover() {
      down = false;
    },
    /** So many cards fail: where the center can choose, work that can go on with fewer loses them, then the smallest. */
    async loseCards(count: number) {
      const now = world.clock.now();
      const running = [...runs]
        .map(([lease, run]) => ({
          lease,
          run,
          cards: run.startedAt === undefined ? 0 : cardsAt(run.fills, now),
        }))
        .sort((a, b) => Number(hasNoEnd(b.run)) - Number(hasNoEnd(a.run)) || a.cards - b.cards);
      let left = count;
      for (const { lease, run, cards } of running) {
        const lost = Math.min(left, cards);
        if (lost === 0) continue;
        await meter(lease, run, now, false);
        run.lacking = lost;
        left -= lost;
      }
    },
    /** They are back. */
    async regainCards() {
      await meterShort();
      for (const run of runs.values()) run.lacking = 0;
    },
  };
}

/** Nobody answered: what `fetch` says when there is no connection. */
function isAway(error: unknown): boolean {
  return error instanceof TypeError && error.message === "fetch failed";
}

type Fills = AssignmentChange["fills"];

/** The first slot from a run's end to `last` in which its cards and those of others are more than their pool has. */
function endWithin(
  pools: Center["pools"],
  run: { readonly to: number; readonly fills: Fills },
  others: Fills,
  last: number,
): number {
  const own = run.fills.filter(({ to }) => to === run.to);
  for (let slot = run.to; slot < last; slot++)
    for (const { product, cards } of own) {
      const taken = others
        .filter((fill) => fill.product === product && fill.from <= slot && slot < fill.to)
        .reduce((sum, fill) => sum + fill.cards, cards);
      if (taken > (pools.find((pool) => pool.product === product)?.cards ?? 0)) return slot;
    }
  return last;
}

/** Let go of; a notice leaves a run that begins before it. */
function isOver({ change, cause, lease, from }: AssignmentChange, all: readonly AssignmentChange[]): boolean {
  if (change !== "released") return false;
  const begins = (one: AssignmentChange) => one.lease === lease && one.change === "placed" && one.from < from;
  return cause !== "reclaimed" || !all.some(begins);
}

function cardsAt(fills: Fills, instant: number): number {
  return fills
    .filter(({ from, to }) => from * slotMs <= instant && instant < to * slotMs)
    .reduce((sum, { cards }) => sum + cards, 0);
}

/** What the cards of some fills deliver in `[from, to)` (ms), in whole card-seconds. */
function cardSecondsOf(fills: AssignmentChange["fills"], from: number, to: number): number {
  const milliseconds = fills.reduce((sum, fill) => {
    const shared = Math.min(to, fill.to * slotMs) - Math.max(from, fill.from * slotMs);
    return sum + fill.cards * Math.max(0, shared);
  }, 0);
  return Math.floor(milliseconds / 1000);
}

/** A placement that was continued before the agent heard of it begins with its newest end. */
export function merged(changes: readonly AssignmentChange[]): AssignmentChange[] {
  const [first, ...rest] = changes;
  if (first?.change !== "placed") return [...changes];
  const continued = rest.filter(({ change }) => change === "continued");
  const to = Math.max(first.to, ...continued.map((change) => change.to));
  const fills = [first, ...continued].flatMap((change) => change.fills);
  return [{ ...first, to, fills }, ...rest.filter(({ change }) => change !== "continued")];
}
