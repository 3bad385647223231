import fc from "fast-check";
import type { Award, Fill, LinkUse } from "../events/catalog/award.ts";
import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";
import type { JobSpec } from "../events/catalog/job.ts";
import {
  AccountId,
  type CenterId,
  DepositId,
  JobId,
  OwnerId,
  Period,
  PlacementId,
} from "../events/catalog/values.ts";
import { type AccountCommand, type AccountState, accountDecider, carryOf } from "../market/account.ts";
import type { JobCommand } from "../market/job/commands.ts";
import { inForce, type JobState, type KnownJob, type Placement } from "../market/job/state.ts";
import { jobDecider } from "../market/job.ts";
import type { JobKind } from "../market/job-kinds.ts";
import { mills, millsText } from "../market/money.ts";
import { rules } from "../market/rules.ts";
import { fillsInForce } from "../market/settlement/award-balance.ts";
import { withTax } from "../market/settlement/tax.ts";
import { instant, periodPlus, periodStart, SLOTS_PER_DAY, slotOf, slotStart } from "../market/time.ts";
import { awardOf, fill, linkUse, trainingSpec, wuhan, xian } from "./training-job.ts";

// Days of a market: jobs from request to the end of their money, carried out by the deciders themselves, with centers
// that meter what they deliver. What comes out is a feed, cut at each day's close.

/** An event with its place in its stream and the market time of its commit. */
export interface FeedEvent {
  readonly event: DomainEvent;
  readonly stream: string;
  readonly version: number;
  readonly time: string;
}

export interface MarketDays {
  /** In the order of the feed. */
  readonly days: readonly { readonly period: Period; readonly events: readonly FeedEvent[] }[];
}

/** What becomes of a job. */
export const endings = [
  "completes",
  "runsOut",
  "failsTwice",
  "cancelsEarly",
  "cancels",
  "notStartable",
  "refused",
  "breaksOff",
  "lost",
  "silent",
  "idle",
  "reclaimed",
  "fewerCards",
  "expires",
  "rejected",
] as const;

const life = fc.record({
  kind: fc.constantFrom<JobKind>("block", "split", "div", "service"),
  ending: fc.constantFrom(...endings),
  /** Slot of the first day in which it is requested. */
  slot: fc.integer({ min: 0, max: 225 }),
  seconds: fc.integer({ min: 0, max: 200 }),
  slots: fc.integer({ min: 2, max: 36 }),
  /** Share of its last award after which it ends, in percent. */
  after: fc.integer({ min: 5, max: 95 }),
  continuations: fc.nat(2),
  price: fc.integer({ min: 100, max: 240 }),
  staged: fc.boolean(),
  taxRate: fc.constantFrom<number>(0, 600),
  lateSeal: fc.boolean(),
  /** Starts so many seconds after the slot began. */
  startsAfter: fc.nat(200),
});
export type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

export const marketDays: fc.Arbitrary<MarketDays> = fc
  .array(life, { minLength: 1, maxLength: 4 })
  .map((lives) => daysOf(lives));

export const firstDay = Period.parse("2026-03-02");
const account = AccountId.parse("lab");
const owner = OwnerId.parse("university");
const centers = [xian, wuhan];

interface World {
  readonly feed: FeedEvent[];
  readonly versions: Map<string, number>;
  readonly jobs: Map<JobId, JobState>;
  account: AccountState;
  period: Period;
  auction: number;
}

interface Step {
  readonly at: number;
  act(world: World): void;
}

/** Carries lives out over three days and their closes. */
export function daysOf(lives: readonly Life[]): MarketDays {
  const world: World = {
    ...{ feed: [], versions: new Map(), jobs: new Map() },
    ...{ account: accountDecider.initial, period: firstDay, auction: 0 },
  };
  open(world);
  const periods = [0, 1, 2].map((day) => periodPlus(firstDay, day));
  const steps = [
    ...lives.flatMap((one, index) => stepsOf(one, JobId.parse(`job-${index}`))),
    ...periods.flatMap((period) => closeOf(period)),
  ];
  for (const { act } of [...steps].sort((a, b) => a.at - b.at)) act(world);
  const cutOff = (period: Period) => instant(slotStart(periodStart(period) + SLOTS_PER_DAY) + cutOffMs);
  let after = "";
  return {
    days: periods.map((period) => {
      const events = world.feed.filter(({ time }) => time > after && time <= cutOff(period));
      after = cutOff(period);
      return { period, events };
    }),
  };
}

/** Market time after the end of a day at which its feed is cut off. */
const cutOffMs = 240_000;

function append(world: World, stream: string, at: number, events: readonly DomainEvent[]): void {
  for (const event of events) {
    const version = (world.versions.get(stream) ?? 0) + 1;
    world.versions.set(stream, version);
    world.feed.push({ event, stream, version, time: instant(at) });
  }
}

function open(world: World): void {
  const at = slotStart(periodStart(firstDay)) + 1000;
  for (const center of centers) {
    const pools = [{ product: "ascend910", cards: 1000, frameworks: [] }];
    const place = { owner: "energy-city", name: center, region: "CN-SN", puePermille: 1200 };
    const data = { center, ...place, pools, energy: Array.from({ length: 24 }, () => 400) };
    append(world, `center-${center}`, at, [parseEvent("CenterJoined", data)]);
  }
  onAccount(world, at, { type: "Open", account, owner, period: firstDay });
  const deposit = DepositId.parse("first");
  onAccount(world, at, { type: "Deposit", deposit, mills: millsText(10n ** 12n) });
}

function onAccount(world: World, at: number, command: AccountCommand): void {
  const decision = accountDecider.decide(command, world.account);
  if (!decision.ok) throw new Error(JSON.stringify(decision.rejection));
  append(world, `account-${account}-${world.period}`, at, decision.events);
  world.account = decision.events.reduce(accountDecider.evolve, world.account);
}

/** Carries a command out on a job, and what the exchange does about it; a command that is refused does nothing. */
function onJob(world: World, job: JobId, command: JobCommand): void {
  const before = world.jobs.get(job) ?? jobDecider.initial;
  const decision = jobDecider.decide(command, before);
  if (!decision.ok) return;
  append(world, `job-${job}`, command.at, decision.events);
  world.jobs.set(job, decision.events.reduce(jobDecider.evolve, before));
  const at = command.at + 500;
  for (const event of decision.events) {
    if (event.type === "ChargePosted") {
      const { stretch, charge, tenantPays: paid, releases: released } = event.data;
      onAccount(world, at, { type: "Settle", job, stretch, charge, paid, released });
    } else if (event.type === "CorrectionPosted") {
      const { correction: adjustment, tenantPays } = event.data;
      const amount = millsText(-mills(tenantPays));
      onAccount(world, at, { type: "Adjust", adjustment, cause: "correction", mills: amount });
    }
  }
}

function known(world: World, job: JobId): KnownJob | undefined {
  const state = world.jobs.get(job);
  return state === undefined || state.phase === "unknown" ? undefined : state;
}

function closeOf(period: Period): Step[] {
  const end = slotStart(periodStart(period) + SLOTS_PER_DAY);
  const each = (world: World, command: (job: KnownJob) => JobCommand[]) => {
    for (const [job, state] of world.jobs)
      if (state.phase !== "unknown") for (const one of command(state)) onJob(world, job, one);
  };
  const before = periodStart(period) + SLOTS_PER_DAY;
  return [
    { at: end + 30_000, act: (world) => carry(world, end + 30_000) },
    {
      at: end + 60_000,
      act: (world) => each(world, () => [{ type: "CloseDay", period, at: end + 60_000 }]),
    },
    {
      at: end + 90_000,
      act: (world) => each(world, (job) => releasesOf(job, before, end + 90_000)),
    },
  ];
}

/** Of what was given back one card of three stays unsold, and each tenth slot was never on sale. */
function releasesOf(job: KnownJob, before: number, at: number): JobCommand[] {
  return job.balances.map(({ award, feesTo = before }) => {
    const slots = Array.from({ length: Math.max(0, before - feesTo) }, (_, index) => feesTo + index);
    const resold = award.fills.flatMap(({ center, product, from, to, cards }) =>
      slots
        .filter((slot) => from <= slot && slot < to)
        .map((slot) => ({ center, product, slot, cards: cards - Math.floor(cards / 3) })),
    );
    const notOnSale = slots.filter((slot) => slot % 10 === 0);
    return { type: "ChargeRelease", placement: award.placement, before, waiver: { resold, notOnSale }, at };
  });
}

function carry(world: World, at: number): void {
  const to = periodPlus(world.period, 1);
  onAccount(world, at, { type: "Carry", to });
  if (world.account.phase === "unknown") throw new Error("no account");
  const command = { type: "Open", account, owner, period: to, carry: carryOf(world.account) } as const;
  world.period = to;
  world.account = accountDecider.initial;
  onAccount(world, at, command);
}

function specOf({ kind, slots, slot, continuations, price, staged, ending }: Life): JobSpec {
  const from = periodStart(firstDay) + slot + 2;
  const stages = staged && kind === "block" ? { dataGB: 9, stageSlots: 2 } : {};
  const to = kind === "service" ? from + slots : from + 60;
  return {
    ...trainingSpec,
    ...{ kind, slots, from, to, maxSlots: 200, retries: ending === "failsTwice" ? 1 : 0, reclaimable: true },
    products: trainingSpec.products.map((choice) => ({ ...choice, limit: price + 20 })),
    ...(kind === "service" ? { floor: 4 } : {}),
    ...(kind === "split" ? { split: { chunk: 4, bandwidthGbps: 10, syncLatencyMs: 20 } } : {}),
    ...(continuations > 0 ? { extendLimit: price + 20 } : {}),
    ...stages,
  };
}

function fillsOf({ kind, price }: Life, from: number, slots: number): Fill[] {
  const to = from + slots;
  const half = from + Math.ceil(slots / 2);
  const own = { from, to, price };
  if (kind === "block") return [fill({ ...own, cards: 8 })];
  if (kind === "service")
    return [
      fill({ ...own, to: half, cards: 4 }),
      ...(half < to ? [fill({ ...own, from: half, cards: 7, price: price + 3 })] : []),
    ];
  const other = fill({ ...own, center: wuhan, price: price + 7, cards: 4 });
  if (kind === "split") return [fill({ ...own, cards: 4 }), other];
  // A divisible job has what it could buy in each slot.
  return [fill({ ...own, to: half, cards: 5 }), fill({ ...own, to: half, cards: 1 }), other];
}

function linksOf({ kind }: Life, { stageSlots = 0 }: JobSpec, from: number, slots: number): LinkUse[] {
  const sync = kind === "split" ? [linkUse({ from, to: from + slots, charge: millsText(997n) })] : [];
  const staged = { from: from - stageSlots, to: from, charge: millsText(101n), transfer: millsText(40n) };
  return stageSlots > 0 ? [...sync, linkUse(staged)] : sync;
}

function stepsOf(drawn: Life, job: JobId): Step[] {
  const spec = specOf(drawn);
  const first = slotStart(periodStart(firstDay) + drawn.slot) + (drawn.seconds + 2) * 1000;
  const request: Step = {
    at: first,
    act(world) {
      onJob(world, job, { type: "Request", job, owner, account, spec, taxRate: drawn.taxRate, at: first });
      const asked = known(world, job);
      if (asked === undefined) throw new Error(`the job was refused: ${JSON.stringify(spec)}`);
      const { hold } = asked.request;
      if (drawn.ending === "rejected")
        return onJob(world, job, { type: "Reject", reason: "no funds", at: first });
      onAccount(world, first, { type: "Hold", job, stretch: 1, mills: hold });
      onJob(world, job, { type: "Admit", hold, at: first });
    },
  };
  if (drawn.ending === "rejected") return [request];
  if (drawn.ending === "expires") return [request, ...leavesBook(job, spec.to + 1, "Expire")];
  return [request, ...placed(drawn, job, spec, first)];
}

/** Out of the book, and its hold is let go of at the next gate. */
function leavesBook(job: JobId, slot: number, how: "Expire" | "Cancel"): Step[] {
  const at = slotStart(slot);
  return [
    {
      at,
      act: (world) =>
        onJob(world, job, how === "Expire" ? { type: "Expire", slot, at } : { type: "Cancel", at }),
    },
    { at: at + 360_000, act: (world) => releaseHolds(world, job, at + 360_000) },
  ];
}

/** Lets go of holds of stretches that were not awarded, once the job is out of the book. */
function releaseHolds(world: World, job: JobId, at: number): void {
  const state = known(world, job);
  const over = new Set(["cancelled", "expired", "completed", "failed"]);
  if (state === undefined || !over.has(state.phase)) return;
  const awarded = new Set(state.balances.map(({ award }) => award.stretch));
  for (const stretch of [1, 2, 3, 4, 5])
    if (!awarded.has(stretch)) onAccount(world, at, { type: "Release", job, stretch });
}

function placed(drawn: Life, job: JobId, spec: JobSpec, first: number): Step[] {
  const gate = slotOf(first) + 1;
  const stage = spec.stageSlots ?? 0;
  const from = drawn.kind === "service" ? spec.from : Math.max(spec.from, gate + 1 + stage);
  const awarded = { from, slots: drawn.slots, continues: false };
  const late = drawn.lateSeal && drawn.slots > 4 && stage === 0;
  const told = late ? slotStart(from + 1) + 7_000 : slotStart(gate) + 5_000;
  const begins = late ? from + 2 : from;
  const spread = drawn.continuations * 10;
  const ends = from + drawn.slots + spread;
  const stop = stopOf(drawn, begins, ends);
  const started = slotStart(begins) + drawn.startsAfter * 1000;
  return [
    step(told, (world, at) => award(world, drawn, job, awarded, at)),
    ...centers.map((center, index) =>
      step(told + 20_000 + index, (world, at) =>
        // One that stays silent is displaced at its deadline.
        drawn.ending === "silent" && center === xian ? undefined : tell(world, job, center, "Accept", at),
      ),
    ),
    ...centers.map((center) =>
      step(started, (world, at) => {
        // One that is idle lets the time to start pass, whatever the others do.
        if (neverStarts(drawn) || (drawn.ending === "idle" && center === xian)) return;
        tell(world, job, center, "Start", at);
      }),
    ),
    ...Array.from({ length: drawn.continuations }, (_, index) => {
      const begin = from + drawn.slots + index * 10;
      const again = { from: begin, slots: 10, continues: true };
      return step(slotStart(begin - 1) + 6_000, (world, at) => award(world, drawn, job, again, at));
    }),
    // Each hour, as centers do; the last reports come with what ends the run.
    ...Array.from({ length: 12 }, (_, hour) =>
      step(started + (hour + 1) * 3_600_000, (world, at) => meterAll(world, job, at, true)),
    ),
    ...endOf(drawn, job, { begins, stop, ends }),
    ...leavesBook(job, ends + 12, "Cancel"),
  ];
}

function step(at: number, act: (world: World, at: number) => void): Step {
  return { at, act: (world) => act(world, at) };
}

function neverStarts({ ending }: Life): boolean {
  return (
    ending === "cancelsEarly" || ending === "notStartable" || ending === "refused" || ending === "silent"
  );
}

/** Instant (ms) at which a run ends that does not run out. */
function stopOf({ after, startsAfter }: Life, begins: number, ends: number): number {
  const from = slotStart(begins) + startsAfter * 1000 + 1000;
  const to = slotStart(ends) - 20_000;
  return from + Math.max(0, Math.floor(((to - from) * after) / 100_000) * 1000);
}

/** The auction publishes it; the job hears of it in its own stream. */
function award(
  world: World,
  drawn: Life,
  job: JobId,
  { from, slots, continues }: { from: number; slots: number; continues: boolean },
  at: number,
): void {
  const state = known(world, job);
  const last = state?.placements.at(-1);
  if (state === undefined || (continues && (last?.ended !== undefined || last?.end !== from))) return;
  if (!continues && state.phase !== "queued") return;
  world.auction += 1;
  const stretch = state.balances.length + 1;
  const fills = fillsOf(continues && drawn.kind === "div" ? { ...drawn, kind: "block" } : drawn, from, slots);
  const links = continues ? [] : linksOf(drawn, state.request.spec, from, slots);
  const placement = PlacementId.parse(`${job}.${world.auction}`);
  const given: Award = awardOf(world.auction, fills, { job, placement, stretch, continues, links });
  const data = { auction: world.auction, page: 0, awards: [given], prices: [], linkPrices: [] };
  append(world, `auction-${world.auction}`, at, [parseEvent("AwardsPublished", data)]);
  const hold =
    stretch === 1 ? state.request.hold : millsText(withTax(mills(given.value) + 2000n, drawn.taxRate));
  if (stretch > 1) onAccount(world, at, { type: "Hold", job, stretch, mills: hold });
  onJob(world, job, { type: continues ? "Continue" : "Place", award: given, hold, at: at + 100 });
}

function tell(
  world: World,
  job: JobId,
  center: CenterId,
  type: "Accept" | "Start" | "Refuse",
  at: number,
): void {
  const state = known(world, job);
  const placement = state === undefined ? undefined : inForce(state);
  if (placement === undefined || !placement.centers.includes(center)) return;
  const of = { placement: placement.id, center, at };
  const run = placement.runActive ? placement.run : placement.run + 1;
  onJob(world, job, type === "Start" ? { type, ...of, run } : { type, ...of });
}

/** What each center's cards delivered since its last report, whatever became of the placement meanwhile. */
function meterAll(world: World, job: JobId, at: number, checkpoint = false, lacking = 0): void {
  for (const center of centers) {
    const state = known(world, job);
    const placement = state?.placements.at(-1);
    if (state !== undefined && placement?.started.includes(center))
      meter(world, job, state, placement, { center, at, checkpoint, lacking: center === xian ? lacking : 0 });
  }
}

interface Report {
  readonly center: CenterId;
  readonly at: number;
  readonly checkpoint: boolean;
  /** Cards that the center did not have (row 12). */
  readonly lacking: number;
}

function meter(
  world: World,
  job: JobId,
  state: KnownJob,
  placement: Placement,
  { center, at, checkpoint, lacking }: Report,
): void {
  const before = placement.meteredTo.get(`${placement.run}/${center}`);
  const began = runBegan(world, job, placement, center);
  const from = Math.max(before === undefined ? 0 : Date.parse(before), began);
  const fills = state.balances
    .filter(({ award }) => state.placementOf.get(award.placement) === placement.id)
    .flatMap((balance) => fillsInForce(balance))
    .filter((one) => one.center === center);
  const to = Math.min(
    at,
    ...[slotStart(Math.max(0, ...fills.map((one) => one.to)))].filter((end) => end > 0),
  );
  if (to <= from || (placement.ended === undefined && !placement.runActive)) return;
  const cardMs = fills.reduce((sum, { cards, from: a, to: b }) => {
    return (
      sum +
      Math.max(0, cards - lacking) * Math.max(0, Math.min(to, slotStart(b)) - Math.max(from, slotStart(a)))
    );
  }, 0);
  const fewest = Math.max(0, Math.min(...fills.map(({ cards }) => cards)) - lacking);
  const told = lacking > 0 ? { cards: fewest } : {};
  const usage = { center, from: instant(from), to: instant(to), cardSeconds: Math.floor(cardMs / 1000) };
  const saved = checkpoint ? { checkpointAt: instant(to) } : {};
  const { id, run } = placement;
  onJob(world, job, { type: "Meter", placement: id, center, run, usage, ...told, ...saved, at });
}

function runBegan({ feed }: World, job: JobId, { id, run }: Placement, center: CenterId): number {
  const began = feed.findLast(
    ({ event }) =>
      event.type === "JobStarted" &&
      event.data.job === job &&
      event.data.placement === id &&
      event.data.run === run &&
      event.data.center === center,
  );
  return began?.event.type === "JobStarted" ? Date.parse(began.event.data.at) : Number.POSITIVE_INFINITY;
}

/** What brings the run to its end, and the last reports. */
function endOf(
  drawn: Life,
  job: JobId,
  { begins, stop, ends }: { begins: number; stop: number; ends: number },
): Step[] {
  const finish = (outcome: "completed" | "failed" | "notStartable") => (world: World, at: number) => {
    const state = known(world, job);
    const placement = state === undefined ? undefined : inForce(state);
    if (placement === undefined) return;
    const of = { placement: placement.id, center: xian, run: placement.run, at };
    onJob(world, job, { type: "Finish", ...of, outcome });
  };
  const runsOut = [
    step(slotStart(ends) + 10_000, (world, at) => meterAll(world, job, at)),
    step(slotStart(ends) + 61_000, (world, at) => {
      const id = known(world, job)?.placements.at(-1)?.id;
      if (id !== undefined) onJob(world, job, { type: "StretchEnded", placement: id, at });
    }),
  ];
  const last = step(stop, (world, at) => meterAll(world, job, at));
  switch (drawn.ending) {
    case "completes":
      return [last, step(stop, finish("completed")), ...runsOut];
    case "failsTwice":
      return [
        last,
        step(stop, finish("failed")),
        ...centers.map((center) => step(stop + 30_000, (world, at) => tell(world, job, center, "Start", at))),
        step(stop + 60_000, (world, at) => meterAll(world, job, at)),
        step(stop + 60_000, finish("failed")),
        ...runsOut,
      ];
    case "notStartable":
      return [step(slotStart(slotOf(stop)) + 500, finish("notStartable")), ...runsOut];
    case "cancels":
    case "cancelsEarly":
      return [
        step(stop, (world, at) => onJob(world, job, { type: "Cancel", at })),
        // The center hears of it a little later, and meters up to the end of the run.
        step(stop + 30_000, (world) => meterAll(world, job, stop)),
        ...runsOut,
      ];
    case "refused":
      return [step(stop, (world, at) => tell(world, job, xian, "Refuse", at)), ...runsOut];
    case "breaksOff":
      return [last, step(stop, (world, at) => tell(world, job, xian, "Refuse", at)), ...runsOut];
    case "lost":
      return [
        step(stop, (world, at) => {
          // A service has no checkpoint to go back to: what it served was metered.
          if (drawn.kind === "service") meterAll(world, job, at);
          const id = known(world, job)?.placements.at(-1)?.id;
          if (id === undefined) return;
          onJob(world, job, { type: "Displace", placement: id, cause: "centerLost", center: xian, at });
        }),
        ...runsOut,
      ];
    case "fewerCards":
      return [step(stop, (world, at) => meterAll(world, job, at, false, 2)), ...runsOut];
    case "silent":
      return [
        step(slotStart(slotOf(stop) + 3), (world, at) => {
          const id = known(world, job)?.placements.at(-1)?.id;
          if (id !== undefined)
            onJob(world, job, { type: "Displace", placement: id, cause: "notAccepted", at });
        }),
        ...runsOut,
      ];
    case "idle":
      return [
        step(slotStart(begins + rules.startSlots) + 2_000, (world, at) => {
          const id = known(world, job)?.placements.at(-1)?.id;
          if (id !== undefined)
            onJob(world, job, { type: "Displace", placement: id, cause: "notStarted", at });
        }),
        ...runsOut,
      ];
    case "reclaimed":
      return [
        step(stop, (world, at) => {
          const id = known(world, job)?.placements.at(-1)?.id;
          const slot = slotOf(at) + 2;
          if (id !== undefined) onJob(world, job, { type: "Reclaim", placement: id, center: xian, slot, at });
        }),
        step(slotStart(slotOf(stop) + 2) + 5_000, (world, at) => meterAll(world, job, at)),
        step(slotStart(slotOf(stop) + 2) + 61_000, (world, at) => {
          const id = known(world, job)?.placements.at(-1)?.id;
          if (id !== undefined) onJob(world, job, { type: "StretchEnded", placement: id, at });
        }),
        ...runsOut,
      ];
    default:
      return runsOut;
  }
}
