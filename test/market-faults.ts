import type { Fill } from "../events/catalog/award.ts";
import type { BreakCode } from "../events/catalog/break.ts";
import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";
import type { ChargeLine } from "../events/catalog/job.ts";
import { type CenterId, type JobId, PayoutId, PlacementId } from "../events/catalog/values.ts";
import { mills, millsText } from "../market/money.ts";
import { instant, SLOT_SECONDS } from "../market/time.ts";
import { type FeedEvent, firstDay, type MarketDays } from "./market-days.ts";

// Faults that the match must find, each put into days that were right, and the one code that it ends with.

type OfType<Type extends DomainEvent["type"]> = Extract<DomainEvent, { type: Type }>;
type FeedEventOf<Type extends DomainEvent["type"]> = FeedEvent & { readonly event: OfType<Type> };

export interface Fault {
  readonly name: string;
  readonly code: BreakCode;
  /** The days with the fault in them; undefined: nothing of these days could go wrong so. `pick` chooses which does. */
  inject(days: MarketDays, pick: number): MarketDays | undefined;
}

const all = ({ days }: MarketDays): FeedEvent[] => days.flatMap(({ events }) => events);

function ofType<Type extends DomainEvent["type"]>(
  events: readonly FeedEvent[],
  type: Type,
): FeedEventOf<Type>[] {
  return events.filter((one): one is FeedEventOf<Type> => one.event.type === type);
}

/** Events of the days but the last, which has no tomorrow. */
function early<Type extends DomainEvent["type"]>({ days }: MarketDays, type: Type): FeedEventOf<Type>[] {
  return days.slice(0, -1).flatMap(({ events }) => ofType(events, type));
}

function chosen<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items[pick % Math.max(1, items.length)];
}

function edited({ days }: MarketDays, edit: (one: FeedEvent) => readonly FeedEvent[]): MarketDays {
  return { days: days.map(({ period, events }) => ({ period, events: events.flatMap(edit) })) };
}

const without = (days: MarketDays, gone: (one: FeedEvent) => boolean) =>
  edited(days, (one) => (gone(one) ? [] : [one]));

/** The event in place of another. */
const instead = (days: MarketDays, old: FeedEvent, event: DomainEvent) =>
  edited(days, (one) => (one === old ? [{ ...one, event }] : [one]));

/** One more event of the same stream, behind another. */
const behind = (days: MarketDays, old: FeedEvent, event: DomainEvent) =>
  edited(days, (one) => (one === old ? [one, { ...one, event, version: one.version + 0.5 }] : [one]));

/** Placements that ended with all that they delivered charged and metered, and nothing credited. */
function soundPlacements(days: MarketDays): Set<PlacementId> {
  return new Set(
    days.days.slice(0, -1).flatMap(({ events }) =>
      events.flatMap(({ event }) => {
        if (event.type === "JobCompleted") return [event.data.placement];
        if (event.type === "JobFailed" && event.data.cause !== "notStartable") return [event.data.placement];
        return event.type === "JobDisplaced" && event.data.cause === "continuationLost"
          ? [event.data.placement]
          : [];
      }),
    ),
  );
}

const slotMs = SLOT_SECONDS * 1000;

/**
 * Reports of card-seconds over so many whole slots at least in which the center has cards, of sound placements that had
 * all of them. Slots that a run only touches need no usage, and a center may have cards in such slots alone: those of
 * the awards before and after a stretch in which others delivered.
 */
function soundReports(days: MarketDays, slots: number): FeedEventOf<"JobMetered">[] {
  const sound = soundPlacements(days);
  const shrunk = new Set(
    all(days).flatMap(({ event }) =>
      event.type === "JobReduced" ||
      event.type === "JobReclaimed" ||
      (event.type === "JobMetered" && event.data.cards !== undefined)
        ? [event.data.placement]
        : [],
    ),
  );
  const awards = ofType(all(days), "AwardsPublished").flatMap(({ event }) => event.data.awards);
  return early(days, "JobMetered").filter(({ event: { data } }) => {
    const { cardSeconds } = data.usage;
    const fills = awards.flatMap((award) => (award.job === data.job ? award.fills : []));
    const long = wholeSlots(data.usage, fills).length >= slots;
    return long && cardSeconds > 0 && sound.has(data.placement) && !shrunk.has(data.placement);
  });
}

/** Slots that lie whole in a report, and in which its center has cards. */
function wholeSlots({ center, from, to }: Metered["usage"], fills: readonly Fill[]): number[] {
  const [first, end] = [Math.ceil(Date.parse(from) / slotMs), Math.floor(Date.parse(to) / slotMs)];
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index).filter((slot) =>
    fills.some((fill) => fill.center === center && fill.from <= slot && slot < fill.to),
  );
}

function isContinued(days: MarketDays, job: JobId): boolean {
  return all(days).some(({ event }) => event.type === "JobContinued" && event.data.job === job);
}

function reportsOf(days: MarketDays, placement: PlacementId, center: CenterId) {
  return ofType(all(days), "JobMetered").filter(
    ({ event: { data } }) => data.placement === placement && data.usage.center === center,
  );
}

type Metered = OfType<"JobMetered">["data"];
const metered = (data: Metered): DomainEvent => ({ type: "JobMetered", data });
const otherPlacement = (job: string) => PlacementId.parse(`${job}.9999`);

function isSettlementOf(charge: string) {
  return ({ event }: FeedEvent) => event.type === "HoldSettled" && event.data.charge === charge;
}

export const faults: readonly Fault[] = [
  {
    name: "usage of a placement that no auction gave",
    code: "usageWithoutAward",
    inject(days, pick) {
      const one = chosen(early(days, "JobMetered"), pick);
      if (one === undefined || one.event.data.usage.cardSeconds === 0) return undefined;
      const { data } = one.event;
      return behind(days, one, metered({ ...data, placement: otherPlacement(data.job) }));
    },
  },
  {
    name: "usage of a center that has no cards of the award",
    code: "usageWithoutAward",
    inject(days, pick) {
      const alone = early(days, "JobMetered").filter(({ event: { data } }) => {
        const own = all(days).flatMap(({ event }) =>
          event.type === "JobPlaced" && event.data.job === data.job ? event.data.award.fills : [],
        );
        return data.usage.cardSeconds > 0 && own.every(({ center }) => center === data.usage.center);
      });
      const one = chosen(alone, pick);
      const stranger = all(days).find(
        ({ event }) => event.type === "CenterJoined" && event.data.center !== one?.event.data.usage.center,
      );
      if (one === undefined || stranger?.event.type !== "CenterJoined") return undefined;
      const { data } = one.event;
      const usage = { ...data.usage, center: stranger.event.data.center };
      return behind(days, one, metered({ ...data, usage }));
    },
  },
  {
    name: "a center never metered a run",
    code: "awardWithoutUsage",
    inject(days, pick) {
      const one = chosen(soundReports(days, 2), pick);
      if (one === undefined) return undefined;
      const gone = new Set<FeedEvent>(reportsOf(days, one.event.data.placement, one.event.data.usage.center));
      return without(days, (event) => gone.has(event));
    },
  },
  {
    name: "more card-seconds than the awarded cards have",
    code: "usageAboveAward",
    inject(days, pick) {
      const one = chosen(soundReports(days, 1), pick);
      if (one === undefined) return undefined;
      const { usage } = one.event.data;
      const more = { ...usage, cardSeconds: usage.cardSeconds * 2 };
      return instead(days, one, metered({ ...one.event.data, usage: more }));
    },
  },
  {
    name: "a report that got lost",
    code: "missingSlots",
    inject(days, pick) {
      const several = soundReports(days, 2).filter(
        ({ event: { data } }) =>
          !isContinued(days, data.job) && reportsOf(days, data.placement, data.usage.center).length > 1,
      );
      const one = chosen(several, pick);
      return one === undefined ? undefined : without(days, (event) => event === one);
    },
  },
  {
    name: "half of what was charged was metered",
    code: "missingSlots",
    inject(days, pick) {
      const one = chosen(soundReports(days, 2), pick);
      if (one === undefined) return undefined;
      const { usage } = one.event.data;
      const less = { ...usage, cardSeconds: Math.floor(usage.cardSeconds / 4) };
      return instead(days, one, metered({ ...one.event.data, usage: less }));
    },
  },
  {
    name: "the same time metered again",
    code: "duplicateUsage",
    inject(days, pick) {
      const one = chosen(soundReports(days, 0), pick);
      return one === undefined ? undefined : behind(days, one, one.event);
    },
  },
  {
    name: "usage that comes when its day is closed and its award is over",
    code: "lateUsage",
    inject(days, pick) {
      const [first, second, last] = days.days;
      if (first === undefined || second === undefined || last === undefined) return undefined;
      const over = ofType(first.events, "JobMetered").filter(({ event, stream, time }) => {
        const { usage } = event.data;
        const lastOf = all(days).findLast((one) => one.stream === stream);
        // Over on the first day, long before its end.
        return usage.cardSeconds > 0 && lastOf !== undefined && isEarly(lastOf.time) && isEarly(time);
      });
      const one = chosen(over, pick);
      const closing = last.events.at(-1);
      if (one === undefined || closing === undefined) return undefined;
      const late: FeedEvent = { ...one, version: one.version + 1000, time: closing.time };
      const events = [...last.events, late];
      return { days: [first, second, { ...last, events }] };
    },
  },
  {
    name: "another price than the award's",
    code: "wrongPrice",
    inject(days, pick) {
      const priced = early(days, "ChargePosted").filter(({ event: { data } }) =>
        data.lines.some(({ kind, cardSlots }) => kind === "compute" && cardSlots !== undefined),
      );
      const one = chosen(priced, pick);
      if (one === undefined) return undefined;
      const { data } = one.event;
      const at = data.lines.findIndex(({ kind, cardSlots }) => kind === "compute" && cardSlots !== undefined);
      const lines = data.lines.map((line, index) =>
        index === at ? { ...line, mills: millsText(mills(line.mills) + 1n) } : line,
      );
      return instead(days, one, { type: "ChargePosted", data: { ...data, lines } });
    },
  },
  {
    name: "a penalty that is not what was undelivered costs",
    code: "wrongPrice",
    inject: (days, pick) => withOtherLine(days, pick, "penalty", (amount) => amount + 1n),
  },
  {
    name: "a penalty that is left out",
    code: "wrongPrice",
    inject: (days, pick) => withOtherLine(days, pick, "penalty", () => undefined),
  },
  {
    name: "more credited than was lost",
    code: "wrongPrice",
    inject: (days, pick) => withOtherLine(days, pick, "credit", (amount) => amount + 1n),
  },
  {
    name: "tax at another rate than the job's",
    code: "wrongPrice",
    inject: (days, pick) => withOtherLine(days, pick, "tax", (amount) => amount * 2n),
  },
  {
    name: "a charge of an award that no auction gave",
    code: "chargeWithoutAward",
    inject(days, pick) {
      const one = chosen(early(days, "ChargePosted"), pick);
      if (one === undefined) return undefined;
      const { data } = one.event;
      const placement = otherPlacement(data.job);
      const charge = `${placement}:end:${data.from}-${data.to}`;
      const other = { ...data, placement, charge, stretch: 99, tenantPays: millsText(500n) };
      return behind(days, one, { type: "ChargePosted", data: other });
    },
  },
  {
    name: "a charge for slots behind the end of its run",
    code: "chargeWithoutAward",
    inject(days, pick) {
      const awards = ofType(all(days), "AwardsPublished").flatMap(({ event }) => event.data.awards);
      const short = early(days, "ChargePosted").filter(({ event: { data } }) => {
        const award = awards.find(({ placement }) => placement === data.placement);
        return (
          award !== undefined &&
          data.charge.includes(":end:") &&
          data.from >= award.from &&
          data.to < award.to
        );
      });
      const one = chosen(short, pick);
      if (one === undefined) return undefined;
      const { data } = one.event;
      return instead(days, one, { type: "ChargePosted", data: { ...data, to: data.to + 1 } });
    },
  },
  {
    name: "funds taken for a charge that nobody posted",
    code: "chargeWithoutAward",
    inject(days, pick) {
      const one = chosen(early(days, "HoldSettled"), pick);
      if (one === undefined) return undefined;
      const zero = millsText(0n);
      const data = { ...one.event.data, charge: "nobody.1:end:1-2", paid: zero, released: zero };
      return behind(days, one, { type: "HoldSettled", data });
    },
  },
  {
    name: "a run that was never charged",
    code: "awardWithoutCharge",
    inject(days, pick) {
      const ends = early(days, "ChargePosted").filter(
        ({ event: { data } }) =>
          data.final &&
          data.charge.includes(":end:") &&
          data.lines.some(({ kind, cardSlots }) => kind === "compute" && cardSlots !== undefined),
      );
      const one = chosen(ends, pick);
      if (one === undefined) return undefined;
      const settled = isSettlementOf(one.event.data.charge);
      return without(days, (event) => event === one || settled(event));
    },
  },
  {
    name: "a charge posted again",
    code: "duplicateCharge",
    inject(days, pick) {
      const one = chosen(early(days, "ChargePosted"), pick);
      return one === undefined ? undefined : behind(days, one, one.event);
    },
  },
  {
    name: "a charge settled again",
    code: "duplicateCharge",
    inject(days, pick) {
      const one = chosen(early(days, "HoldSettled"), pick);
      return one === undefined ? undefined : behind(days, one, one.event);
    },
  },
  {
    name: "a charge that was never settled",
    code: "chargeNotSettled",
    inject(days, pick) {
      const moved = early(days, "HoldSettled").filter(
        ({ event: { data } }) => data.paid !== "0" || data.released !== "0",
      );
      const one = chosen(moved, pick);
      return one === undefined ? undefined : without(days, (event) => event === one);
    },
  },
  {
    name: "a charge settled with another amount",
    code: "chargeNotSettled",
    inject(days, pick) {
      const one = chosen(early(days, "HoldSettled"), pick);
      if (one === undefined) return undefined;
      const paid = millsText(mills(one.event.data.paid) - 1n);
      return instead(days, one, { type: "HoldSettled", data: { ...one.event.data, paid } });
    },
  },
  {
    name: "a correction that never reached the account",
    code: "chargeNotSettled",
    inject: (days, pick) => withCorrection(days, pick, "posted"),
  },
  {
    name: "a hold of a job that left the book",
    code: "holdNeverReleased",
    inject(days, pick) {
      const one = chosen(early(days, "HoldReleased"), pick);
      return one === undefined ? undefined : without(days, (event) => event === one);
    },
  },
  {
    name: "a hold for a stretch that nobody bids for any more",
    code: "holdNeverReleased",
    inject(days, pick) {
      const over = early(days, "FundsHeld").filter(({ event: { data } }) => {
        const last = all(days).findLast(({ stream }) => stream === `job-${data.job}`);
        return last !== undefined && days.days.slice(0, -1).some(({ events }) => events.includes(last));
      });
      const one = chosen(over, pick);
      if (one === undefined) return undefined;
      return behind(days, one, { type: "FundsHeld", data: { ...one.event.data, stretch: 98 } });
    },
  },
  {
    name: "the end of what a tenant gave back that nobody charged",
    code: "holdNeverReleased",
    inject(days, pick) {
      // The last charge of the release is a day before the last one at the latest.
      const ends = early(days, "ChargePosted").filter(
        ({ event: { data } }) => data.final && data.charge.includes(":release:"),
      );
      const one = chosen(ends, pick);
      if (one === undefined) return undefined;
      const isPaid = isSettlementOf(one.event.data.charge);
      return without(days, (each) => each === one || isPaid(each));
    },
  },
  {
    name: "a payout of more than the charges gave",
    code: "payoutWithoutCharge",
    inject: (days, pick) => withPayout(days, pick, (earned) => earned + 1000n),
  },
  {
    name: "a payout paid that nobody stated",
    code: "payoutWithoutCharge",
    inject(days, pick) {
      const joined = chosen(early(days, "CenterJoined"), pick);
      if (joined === undefined) return undefined;
      const { center } = joined.event.data;
      const paid = { payout: "unstated", center, mills: "1000", reference: "bank 7", at: joined.time };
      return behind(days, joined, parseEvent("PayoutPaid", paid));
    },
  },
  {
    name: "an account that was never opened",
    code: "orphanedAccount",
    inject: (days) => without(days, ({ event }) => event.type === "AccountOpened"),
  },
  {
    name: "a charge for a center that never joined",
    code: "orphanedAccount",
    inject(days, pick) {
      const paid = new Set(
        early(days, "ChargePosted").flatMap(({ event }) => event.data.lines.map(({ to }) => to)),
      );
      const earning = early(days, "CenterJoined").filter(({ event }) =>
        paid.has(`center:${event.data.center}`),
      );
      const one = chosen(earning, pick);
      return one === undefined ? undefined : without(days, (event) => event === one);
    },
  },
];

/** Another amount, or none, in the first line of a kind that a charge has. */
function withOtherLine(
  days: MarketDays,
  pick: number,
  kind: ChargeLine["kind"],
  change: (amount: bigint) => bigint | undefined,
): MarketDays | undefined {
  const some = early(days, "ChargePosted").filter(({ event }) =>
    event.data.lines.some((line) => line.kind === kind),
  );
  const one = chosen(some, pick);
  if (one === undefined) return undefined;
  const { data } = one.event;
  const at = data.lines.findIndex((line) => line.kind === kind);
  const lines = data.lines.flatMap((line, index) => {
    const amount = index === at ? change(mills(line.mills)) : mills(line.mills);
    return amount === undefined ? [] : [{ ...line, mills: millsText(amount) }];
  });
  return instead(days, one, { type: "ChargePosted", data: { ...data, lines } });
}

/** Before the last hours of the first day, in which a match leaves what it lacks to the next one. */
function isEarly(time: string): boolean {
  return Date.parse(time) < Date.parse(`${firstDay}T12:00:00Z`);
}

/** One mill of a charge is taken back; `settled`: it reaches the account as well. */
export function withCorrection(
  days: MarketDays,
  pick: number,
  how: "posted" | "settled",
): MarketDays | undefined {
  const settled = early(days, "HoldSettled").filter(({ time }) => isEarly(time));
  const one = chosen(settled, pick);
  const charge = ofType(all(days), "ChargePosted").find(
    ({ event }) => event.data.charge === one?.event.data.charge,
  );
  if (one === undefined || charge === undefined) return undefined;
  const { job, placement, stretch, account, from, to, period } = charge.event.data;
  const of = { job, placement, stretch, account, from, to, period, corrects: charge.event.data.charge };
  const [correction, cause] = ["c1", "resolution"];
  const posted = parseEvent("CorrectionPosted", { ...of, correction, cause, lines: [], tenantPays: "-1" });
  const entry = { account, adjustment: correction, cause: "correction", mills: "1" };
  const corrected = behind(days, charge, posted);
  return how === "posted" ? corrected : behind(corrected, one, parseEvent("FundsAdjusted", entry));
}

/** A payout of the first day, stated on the second: what the lines of its charges and corrections gave, changed. */
export function withPayout(
  days: MarketDays,
  pick: number,
  change: (earned: bigint) => bigint,
): MarketDays | undefined {
  const [first, second] = days.days;
  const joined = chosen(early(days, "CenterJoined"), pick);
  const opened = second === undefined ? undefined : ofType(second.events, "AccountOpened")[0];
  if (first === undefined || joined === undefined || opened === undefined) return undefined;
  const { center, owner } = joined.event.data;
  const posted = [...ofType(first.events, "ChargePosted"), ...ofType(first.events, "CorrectionPosted")];
  const lines = posted.flatMap(({ event }) => event.data.lines);
  const sum = (side: "from" | "to") =>
    lines.reduce(
      (total, line) => (line[side] === `center:${center}` ? total + mills(line.mills) : total),
      0n,
    );
  const [earned, owed] = [change(sum("to")), sum("from")];
  const none = { fromGuarantee: "0", fromDefaultFund: "0", uncollectible: "0", rounding: "0" };
  const data = {
    ...{ payout: PayoutId.parse(`${center}-${firstDay}`), center, owner, period: firstDay },
    ...{ at: instant(Date.parse(opened.time)), lines: [], links: [], ...none },
    ...{ earned: `${earned}`, owed: `${owed}`, payable: `${earned > owed ? earned - owed : 0n}` },
  };
  const stated = parseEvent("PayoutStated", data);
  const stream = `payout-${center}-${firstDay}`;
  return edited(days, (one) =>
    one === opened ? [one, { event: stated, stream, version: 1, time: one.time }] : [one],
  );
}
