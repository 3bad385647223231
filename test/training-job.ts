import type { Award, Fill, LinkUse } from "../events/catalog/award.ts";
import type { JobEvent, JobSpec } from "../events/catalog/job.ts";
import {
  AccountId,
  CenterId,
  JobId,
  LinkId,
  MillsText,
  OwnerId,
  PlacementId,
  ProductId,
} from "../events/catalog/values.ts";
import type { JobCommand, Meter, Request } from "../market/job/commands.ts";
import type { JobState } from "../market/job/state.ts";
import { jobDecider } from "../market/job.ts";
import { millsText } from "../market/money.ts";
import { instant, periodOf, periodStart, SLOTS_PER_DAY, slotStart } from "../market/time.ts";

// A job of 8 cards for an hour that examples vary: at 200 fen per card-hour it costs 200 mills per card and slot.

export const job = JobId.parse("train");
export const account = AccountId.parse("lab");
export const owner = OwnerId.parse("university");
export const xian = CenterId.parse("xian");
export const wuhan = CenterId.parse("wuhan");
export const ascend = ProductId.parse("ascend910");

export const trainingSpec: JobSpec = {
  name: "train",
  session: "spot",
  kind: "block",
  products: [{ product: ascend, limit: 250 }],
  cards: 8,
  slots: 10,
  from: 100,
  to: 130,
  home: xian,
  dataGB: 0,
  frameworks: [],
  maxSlots: 60,
  retries: 0,
};

/** Instant (ms) in a slot, so many seconds after its start. */
export function inSlot(slot: number, seconds = 0): number {
  return slotStart(slot) + seconds * 1000;
}

export function placementId(auction: number): PlacementId {
  return PlacementId.parse(`${job}.${auction}`);
}

export function mills(amount: number): MillsText {
  return MillsText.parse(String(amount));
}

export function fill(changed: Partial<Fill> = {}): Fill {
  return { center: xian, product: ascend, from: 100, to: 110, cards: 8, price: 200, ...changed };
}

/** Sync or staging between Xi'an and Wuhan. */
export function linkUse(changed: Partial<LinkUse> = {}): LinkUse {
  const link = LinkId.parse("xian~wuhan");
  return { link, from: 100, to: 110, gigabits: 3600, charge: mills(0), transfer: mills(0), ...changed };
}

/** The award of an auction; its range and value follow from its fills. */
export function awardOf(
  auction: number,
  fills: readonly Fill[] = [fill()],
  changed: Partial<Award> = {},
): Award {
  const value = fills.reduce((sum, { cards, price, from, to }) => sum + cards * price * (to - from), 0);
  return {
    placement: placementId(auction),
    job,
    auction,
    session: "spot",
    stretch: 1,
    continues: false,
    from: Math.min(...fills.map(({ from }) => from)),
    to: Math.max(...fills.map(({ to }) => to)),
    fills: [...fills],
    links: [],
    value: millsText(BigInt(value)),
    ...changed,
  };
}

/** The job's request, in slot 95. */
export function request(changed: Partial<JobSpec> = {}): Request {
  const spec = { ...trainingSpec, ...changed };
  return { type: "Request", job, owner, account, spec, at: inSlot(95) };
}

export interface JobHistory {
  readonly state: JobState;
  readonly events: readonly JobEvent[];
}

/** What becomes of a job when commands are carried out one after the other; each must be accepted. */
export function jobAfter(...commands: readonly JobCommand[]): JobHistory {
  let state: JobState = jobDecider.initial;
  const events: JobEvent[] = [];
  for (const command of commands) {
    const decision = jobDecider.decide(command, state);
    if (!decision.ok) throw new Error(`${command.type}: ${JSON.stringify(decision.rejection)}`);
    events.push(...decision.events);
    state = decision.events.reduce(jobDecider.evolve, state);
  }
  return { state, events };
}

/** Requested and in the book, with its hold. */
export function admitted(changed: Partial<JobSpec> = {}): JobCommand[] {
  const spec = { ...trainingSpec, ...changed };
  const hold = Math.max(...spec.products.map(({ limit }) => limit)) * spec.cards * spec.slots;
  return [request(changed), { type: "Admit", hold: mills(hold), at: inSlot(95, 1) }];
}

/** Echo of an award in slot 96, before its start. */
export function place(award: Award, hold: number, at = inSlot(96)): JobCommand {
  return { type: "Place", award, hold: mills(hold), at };
}

export function acceptAt(auction: number, center: CenterId = xian, at = inSlot(97)): JobCommand {
  return { type: "Accept", placement: placementId(auction), center, at };
}

export function start(auction: number, run = 1, center: CenterId = xian, at = inSlot(100)): JobCommand {
  return { type: "Start", placement: placementId(auction), center, run, at };
}

export function finish(
  auction: number,
  outcome: "completed" | "failed" | "notStartable",
  at: number,
  run = 1,
  center: CenterId = xian,
): JobCommand {
  return { type: "Finish", placement: placementId(auction), center, run, outcome, at };
}

/** Usage of a center from slot to slot, with a checkpoint at the start of a slot. */
export function meter(
  auction: number,
  range: { readonly from: number; readonly to: number; readonly cardSeconds: number },
  checkpointSlot?: number,
  center: CenterId = xian,
): JobCommand {
  const usage = { center, ...range, from: instant(inSlot(range.from)), to: instant(inSlot(range.to)) };
  const checkpoint = checkpointSlot === undefined ? {} : { checkpointAt: instant(inSlot(checkpointSlot)) };
  return {
    type: "Meter",
    placement: placementId(auction),
    center,
    run: 1,
    usage,
    ...checkpoint,
    at: inSlot(range.to),
  };
}

/** A center had so many cards in slots `[from, to)`, reported at their end or later. */
export function hadCards(
  cards: number,
  from: number,
  to: number,
  { center = xian, at = inSlot(to) }: { readonly center?: CenterId; readonly at?: number } = {},
): Meter {
  const usage = { center, from: instant(inSlot(from)), to: instant(inSlot(to)), cardSeconds: 0 };
  return { type: "Meter", placement: placementId(1), center, run: 1, usage, cards, at };
}

/** Awarded, accepted in Xi'an and begun there at the start of slot 100; `hold`: of its stretch. */
export function begun(changed: Partial<JobSpec> = {}, award = awardOf(1), hold = 40_000): JobCommand[] {
  return [...admitted(changed), place(award, hold), acceptAt(1), start(1)];
}

/** It ended in its 4th slot: 4 x 1,600 mills. */
export const completedEarly: readonly JobCommand[] = [
  ...begun({}, awardOf(1), 20_000),
  finish(1, "completed", inSlot(103, 180)),
];
/** It completes in the last of its award's ten slots. */
export const ranWhole = finish(1, "completed", inSlot(109, 359));

/** First slot of the day after slot 100's. */
export const midnight = periodStart(periodOf(100)) + SLOTS_PER_DAY;

/** Begun in Xi'an five slots before midnight, of ten, and charged for them by the daily close. */
export function begunOvernight(
  changed: Partial<JobSpec> = {},
  fills: readonly Partial<Fill>[] = [{}],
): JobCommand[] {
  const [from, to] = [midnight - 5, midnight + 5];
  const asked = admitted({ from, to: from + 60, maxSlots: 60, ...changed });
  return [
    ...asked.map((command) => ({ ...command, at: inSlot(from - 5) })),
    place(
      awardOf(
        1,
        fills.map((one) => fill({ from, to, ...one })),
      ),
      40_000,
      inSlot(from - 4),
    ),
    acceptAt(1, xian, inSlot(from - 3)),
    start(1, 1, xian, inSlot(from)),
    { type: "CloseDay", period: periodOf(from), at: inSlot(midnight, 60) },
  ];
}

/** Split over one card in Xi'an and eight in Wuhan for two slots, worth 3,400 mills, and begun at both. */
export const begunUneven: readonly JobCommand[] = [
  ...admitted({
    ...{ kind: "split", cards: 9, slots: 2 },
    split: { chunk: 1, bandwidthGbps: 1, syncLatencyMs: 20 },
  }),
  place(awardOf(1, [fill({ to: 102, cards: 1, price: 100 }), fill({ to: 102, center: wuhan })]), 4500),
  ...[acceptAt(1), acceptAt(1, wuhan), start(1), start(1, 1, wuhan)],
];
