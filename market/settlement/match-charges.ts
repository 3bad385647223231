import type { ChargeLine } from "../../events/catalog/job.ts";
import { mills, millsText, share } from "../money.ts";
import { SLOT_SECONDS, slotStart } from "../time.ts";
import { type AwardBalance, centersOf, worth } from "./award-balance.ts";
import { deliveredLines, releaseFeeMax } from "./charges.ts";
import { dueOfDelivery } from "./match-damages.ts";
import {
  type AwardOf,
  type ChargeOf,
  centersIn,
  deliveredBy,
  deliveredEnd,
  deliveriesCharged,
  isDelivery,
  type JobBook,
} from "./match-job-book.ts";
import { type Finding, isRipe } from "./match-outcome.ts";
import { lengthOf, type Range, shared, united, without } from "./ranges.ts";
import { withTaxLine } from "./tax.ts";

// Award against charge: each slot that was delivered is charged once, at the award's price.

const chargeName = ({ data }: ChargeOf) => `charge:${data.charge}`;
/** One posting of a charge: a repeat has the same id in another place of its stream. */
const postingName = ({ data, place }: ChargeOf) => `posting:${data.charge}@${place.version}`;

function about({ data }: ChargeOf): Omit<Finding["found"], "mills" | "detail"> {
  const { charge, job, placement, account, from, to } = data;
  return { about: charge, subject: charge, job, placement, account, from, to };
}

/** Postings that no rule has found anything about. */
function left({ charges }: JobBook, taken: ReadonlySet<string>): ChargeOf[] {
  return charges.filter((charge) => !taken.has(postingName(charge)) && !taken.has(chargeName(charge)));
}

/** The same charge again, or slots of an award that another charge had taken before. */
export function duplicateCharges(book: JobBook): Finding[] {
  const ids = new Set<string>();
  const charged = new Map<string, Range[]>();
  return book.charges.flatMap((charge): Finding[] => {
    const { data, kind } = charge;
    const group = `${data.placement}/${isDelivery(kind) ? "delivered" : kind}`;
    const before = charged.get(group) ?? [];
    const own: Range[] = kind === "reduce" ? [] : [[data.from, data.to]];
    const twice = shared(own, before);
    const repeated = ids.has(data.charge);
    ids.add(data.charge);
    charged.set(group, united([...before, ...own]));
    if (!repeated && lengthOf(twice) === 0) return [];
    const detail = repeated
      ? `Charge ${data.charge} was posted again.`
      : `Charge ${data.charge} takes ${lengthOf(twice)} slots of the award that were charged before.`;
    const found = { ...about(charge), about: `${data.charge}@${charge.place.version}` };
    return [{ found: { ...found, mills: amountOf(data.tenantPays), detail }, takes: [postingName(charge)] }];
  });
}

function amountOf(text: ChargeOf["data"]["tenantPays"]) {
  const amount = mills(text);
  return millsText(amount < 0n ? -amount : amount);
}

/** No auction gave what is charged: not the award, not the center, or not the slots. */
export function chargesWithoutAward(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  return left(book, taken).flatMap((charge): Finding[] => {
    const detail = whyWithoutAward(book, charge);
    if (detail === undefined) return [];
    const found = { ...about(charge), mills: amountOf(charge.data.tenantPays), detail };
    return [{ found, takes: [chargeName(charge), `slots:${charge.data.placement}`] }];
  });
}

function whyWithoutAward(book: JobBook, { data, kind, place }: ChargeOf): string | undefined {
  const award = book.awards.get(data.placement);
  if (award === undefined)
    // The auction's page may reach the feed after the charge.
    return isRipe(book.day, place.time)
      ? `No award ${data.placement} is open: it was never given, or all of it was charged and is settled.`
      : undefined;
  const centers = new Set<string>(centersIn(award));
  const stranger = data.lines.find(
    ({ kind: of, center }) => of === "compute" && center !== undefined && !centers.has(center),
  );
  if (stranger !== undefined) return `The award has no cards of ${stranger.center}.`;
  const fate = award.root === undefined ? undefined : book.fates.get(award.root);
  if (kind !== "end" || fate?.deliveredTo === undefined) return undefined;
  const [from, to] = [Math.max(data.from, deliveredEnd(book, award)), Math.min(data.to, award.award.to)];
  const beyond = award.award.fills.some((fill) => fill.from < to && from < fill.to);
  return from < to && beyond ? `Slots ${from} to ${to} were not delivered.` : undefined;
}

/**
 * Money for cards, links and moved data is what the award's prices come to, penalties and credits what the faults do that
 * the job tells of, and tax what the lines do, all by the law's own lines; fees are within their rate.
 */
export function wrongPrices(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  const sound = new Set(left(book, taken));
  // What was given for faults, and taxed, depends on what was charged before: of one cause one charge is found.
  const spoilt = new Set<string>();
  return book.charges.flatMap((charge): Finding[] => {
    const placement = runOf(book, charge);
    const wrong = sound.has(charge) ? whatIsWrong(book, charge, !spoilt.has(placement)) : undefined;
    if (wrong !== undefined || !sound.has(charge)) spoilt.add(placement);
    if (wrong === undefined) return [];
    const { expected, found, what } = wrong;
    const diff = found > expected ? found - expected : expected - found;
    const figures = { expected: String(expected), found: String(found), mills: millsText(diff) };
    const detail = `Charge ${charge.data.charge} has ${found} mills of ${what}, not ${expected}.`;
    return [{ found: { ...about(charge), ...figures, detail } }];
  });
}

/** All awards of a run have one limit to what comes back. */
function runOf(book: JobBook, { data }: ChargeOf): string {
  return book.awards.get(data.placement)?.root ?? data.placement;
}

interface Wrong {
  readonly what: string;
  readonly expected: bigint;
  readonly found: bigint;
}

const priced: ReadonlySet<ChargeLine["kind"]> = new Set(["compute", "transfer", "link", "rent"]);

const isPriced = ({ kind }: ChargeLine) => priced.has(kind);

const isTax = ({ kind }: ChargeLine) => kind === "tax";

const isDamage = ({ kind }: ChargeLine) => kind === "penalty" || kind === "credit";

/** Mills by what they are for and whom they go to, penalties and credits by whom they come from too. */
function sums(lines: readonly ChargeLine[]): Map<string, bigint> {
  const byTarget = new Map<string, bigint>();
  for (const line of lines) {
    const payer = isDamage(line) ? ` from ${line.from}` : "";
    const name = `${line.kind}${payer} to ${line.to}`;
    byTarget.set(name, (byTarget.get(name) ?? 0n) + mills(line.mills));
  }
  return byTarget;
}

/** @param follows whether what depends on earlier charges can be judged */
function whatIsWrong(book: JobBook, charge: ChargeOf, follows: boolean): Wrong | undefined {
  const { data, kind, before, ready } = charge;
  if (before === undefined || ready === undefined) return undefined;
  const partial = data.lines.filter(isPartial);
  const lines = data.lines.filter((line) => isPriced(line) && !isPartial(line));
  const due = isDelivery(kind) ? deliveredLines({ ...ready, chargedTo: data.from }, data.to, 3) : [];
  return (
    differing(sums(due.filter(isPriced)), sums(lines)) ??
    wrongPartial(charge, before, partial) ??
    wrongFee(charge, before) ??
    (follows ? (wrongDamages(book, charge, ready) ?? wrongTax(charge, before)) : undefined)
  );
}

/** Rows 8, 10, 12 and 13. */
function wrongDamages({ due }: JobBook, { data, kind }: ChargeOf, ready: AwardBalance): Wrong | undefined {
  const owed = due.get(data.charge) ?? (isDelivery(kind) ? dueOfDelivery(ready, data) : []);
  return differing(sums(owed.filter(isDamage)), sums(data.lines.filter(isDamage)));
}

function wrongTax({ data }: ChargeOf, { account, taxRate, taxable }: AwardBalance): Wrong | undefined {
  const due = withTaxLine(
    data.lines.filter((line) => !isTax(line)),
    { account, taxRate, taxable },
  );
  return differing(sums(due.filter(isTax)), sums(data.lines.filter(isTax)));
}

function differing(due: ReadonlyMap<string, bigint>, is: ReadonlyMap<string, bigint>): Wrong | undefined {
  for (const what of new Set([...due.keys(), ...is.keys()])) {
    const [expected, found] = [due.get(what) ?? 0n, is.get(what) ?? 0n];
    if (expected !== found) return { what, expected, found };
  }
  return undefined;
}

/** Cards of a slot in which a center left a divisible job are charged by what it metered: such a line counts none. */
function isPartial({ kind, cardSlots }: ChargeLine): boolean {
  return kind === "compute" && cardSlots === undefined;
}

/** Row 9: the failed slot of a divisible job, by the card-seconds that were metered in it. */
function wrongPartial(
  charge: ChargeOf,
  before: AwardBalance,
  lines: readonly ChargeLine[],
): Wrong | undefined {
  const slot = charge.kind === "reduce" ? charge.data.from : charge.data.to;
  for (const { center, to, mills: amount } of lines) {
    if (center === undefined) continue;
    const whole = worth(before, slot, slot + 1, center);
    const most = whole.cardSlots * SLOT_SECONDS;
    const seconds = Math.min(most, secondsIn(charge, center, slot));
    const expected = most === 0 ? 0n : share(whole.mills, BigInt(seconds), BigInt(most));
    if (mills(amount) !== expected) return { what: `compute to ${to}`, expected, found: mills(amount) };
  }
  return undefined;
}

/** Card-seconds metered in a slot when the charge was posted; usage across its bounds counts in proportion. */
function secondsIn({ usage }: ChargeOf, center: string, slot: number): number {
  const [from, to] = [slotStart(slot), slotStart(slot + 1)];
  return usage
    .filter(({ usage: one }) => one.center === center)
    .map(({ usage: one }) => {
      const [begin, end] = [Date.parse(one.from), Date.parse(one.to)];
      const inside = Math.max(0, Math.min(end, to) - Math.max(begin, from));
      return Math.floor((one.cardSeconds * inside) / (end - begin));
    })
    .reduce((sum, seconds) => sum + seconds, 0);
}

function wrongFee({ data }: ChargeOf, before: AwardBalance): Wrong | undefined {
  const fees = data.lines.filter(({ kind }) => kind === "releaseFee");
  const found = fees.reduce((sum, line) => sum + mills(line.mills), 0n);
  const most = releaseFeeMax(before, data.from, data.to);
  return found > most ? { what: "release fees", expected: most, found } : undefined;
}

/** Slots that were delivered and that no charge takes; an award that its job was never told. */
export function awardsWithoutCharge(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  return [...book.awards.values()].flatMap((award): Finding[] => {
    if (taken.has(`slots:${award.award.placement}`)) return [];
    return award.root === undefined ? untold(book, award) : uncharged(book, award);
  });
}

function untold({ day, state }: JobBook, { award }: AwardOf): Finding[] {
  if (state.phase === "unknown" || slotStart(award.to) > day.ripe) return [];
  const { job, placement, from, to, value } = award;
  const detail = `The job was never told of award ${placement}.`;
  return [
    {
      found: {
        about: placement,
        job,
        placement,
        from,
        to,
        expected: value,
        found: "0",
        mills: value,
        detail,
      },
    },
  ];
}

function uncharged(book: JobBook, award: AwardOf): Finding[] {
  const charged = deliveriesCharged(award);
  const missing = united(
    centersOf(award.award).flatMap((center) => {
      const known = book.decided.get(`${award.award.placement}/${center}`) ?? [];
      return without(without(deliveredBy(book, award, center), charged), known);
    }),
  );
  const [from, to] = [missing[0]?.[0], missing.at(-1)?.[1]];
  if (award.balance === undefined || from === undefined || to === undefined) return [];
  const { balance } = award;
  const due = missing.reduce((sum, [a, b]) => sum + worth(balance, a, b).mills, 0n);
  const { job, placement } = award.award;
  const detail = `${lengthOf(missing)} delivered slots of award ${placement} are not charged.`;
  const figures = { expected: String(due), found: "0", mills: millsText(due), detail };
  const account = balance.account;
  return [{ found: { about: `${placement}:${from}-${to}`, job, placement, account, from, to, ...figures } }];
}
