import * as z from "zod";
import type { AccountEvent } from "../../events/catalog/account.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { type InvoiceEvent, type PayoutEvent, StatementLine } from "../../events/catalog/invoice.ts";
import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import {
  type AccountId,
  BasisPoints,
  type CenterId,
  Currency,
  Instant,
  InvoiceId,
  type LinkId,
  MillsText,
  OwnerId,
  PayoutId,
  Period,
} from "../../events/catalog/values.ts";
import { atMost, mills, millsText } from "../money.ts";
import { Debt, recipientsOf } from "./center-debts.ts";

// What invoices and payouts say, added up from the lines of charges and corrections. Each event gives its facts alone,
// so that any part of the feed can be folded apart from the rest, in any order.

export type InvoiceData = Extract<InvoiceEvent, { type: "InvoiceIssued" }>["data"];
export type PayoutData = Extract<PayoutEvent, { type: "PayoutStated" }>["data"];

/** Whom a statement is for: `account:A` or `center:C`. */
export type Party = string;
export const accountParty = (account: AccountId): Party => `account:${account}`;
export const centerParty = (center: CenterId): Party => `center:${center}`;

/** Whose an account is, as its newest event says. */
export const Holder = z.object({
  owner: OwnerId,
  currency: Currency.optional(),
  taxRate: BasisPoints,
});
export type Holder = z.infer<typeof Holder>;

export const StatementFact = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("line"), party: z.string(), line: StatementLine }),
  z.object({ kind: z.literal("holder"), party: z.string(), period: Period, holder: Holder }),
  z.object({ kind: z.literal("debt"), party: z.string(), debt: Debt }),
  /** A center asked for a part of its guarantee back. */
  z.object({ kind: z.literal("reduction"), party: z.string(), at: Instant }),
  /** What a payout before left to be set off. */
  z.object({ kind: z.literal("carried"), party: z.string(), mills: MillsText }),
]);
export type StatementFact = z.infer<typeof StatementFact>;

type CorrectionData = Extract<JobEvent, { type: "CorrectionPosted" }>["data"];
type OpenedData = Extract<AccountEvent, { type: "AccountOpened" }>["data"];

/** What one event says for invoices and payouts; most say nothing. */
export function statementFactsOf(event: DomainEvent): readonly StatementFact[] {
  switch (event.type) {
    case "ChargePosted": {
      const { job, charge, lines } = event.data;
      return factsOfPosting({ posting: charge, charge, job }, lines);
    }
    case "CorrectionPosted": {
      const { job, correction, corrects, lines, cause } = event.data;
      return factsOfPosting({ posting: correction, charge: corrects, job }, lines, cause);
    }
    case "AccountOpened":
      return [holderFact(event.data)];
    case "PayoutStated":
      return carriedFacts(event.data);
    case "GuaranteeReductionRequested": {
      const { center, at } = event.data;
      return [{ kind: "reduction", party: centerParty(center), at }];
    }
    default:
      return [];
  }
}

function holderFact(opened: OpenedData): StatementFact {
  const { account, period } = opened;
  return { kind: "holder", party: accountParty(account), period, holder: holderOf(opened) };
}

/** Whose an account is, as one of its periods was opened. */
export function holderOf({ owner, currency, taxRate = 0 }: OpenedData): Holder {
  return { owner, taxRate, ...(currency === undefined ? {} : { currency }) };
}

/** What a payout leaves to be set off is a line of the center's next one. */
function carriedFacts({ center, carried }: PayoutData): StatementFact[] {
  if (carried === undefined) return [];
  const party = centerParty(center);
  const line = { kind: "penalty", row: 15, correction: true, mills: millsText(-mills(carried)) } as const;
  return [
    { kind: "line", party, line },
    { kind: "carried", party, mills: carried },
  ];
}

function factsOfPosting(
  posting: Omit<Debt, "lines">,
  lines: readonly ChargeLine[],
  cause?: CorrectionData["cause"],
): StatementFact[] {
  const facts: StatementFact[] = [];
  const owed = new Map<Party, ChargeLine[]>();
  for (const given of lines) {
    const line = forward(given);
    facts.push(...lineFacts(line, cause));
    const payer = partyOf(line.from);
    if (payer?.startsWith("center:")) owed.set(payer, [...(owed.get(payer) ?? []), line]);
    const payee = partyOf(line.to);
    if (payee?.startsWith("center:") && cause !== undefined && cause !== "uncollectible")
      owed.set(payee, [...(owed.get(payee) ?? []), givenBack(line)]);
  }
  for (const [party, own] of owed) facts.push({ kind: "debt", party, debt: { ...posting, lines: own } });
  return facts;
}

/** A debt of its recipient that is so much less. */
function givenBack(line: ChargeLine): ChargeLine {
  return { ...line, from: line.to, to: line.from, mills: millsText(-mills(line.mills)) };
}

/** A line below 0 goes the other way. */
function forward(line: ChargeLine): ChargeLine {
  const amount = mills(line.mills);
  return amount >= 0n ? line : { ...line, from: line.to, to: line.from, mills: millsText(-amount) };
}

function lineFacts(line: ChargeLine, cause: CorrectionData["cause"] | undefined): StatementFact[] {
  const { kind, row, center, link, cardSlots } = line;
  const shared = {
    kind,
    row,
    ...(cause === undefined ? {} : { correction: true as const }),
    ...(cardSlots === undefined ? {} : { cardSlots }),
  };
  /** @param sign of what a tenant's statement shows: 1 for what it pays */
  const side = (name: string, sign: bigint): StatementFact[] => {
    const party = partyOf(name);
    if (party === undefined) return [];
    // What could not be had from a center is not earned by it: it owes that much less.
    if (cause === "uncollectible" && sign < 0n && centerOf(name) !== undefined) return [];
    const isTenant = party.startsWith("account:");
    const amount = (isTenant ? sign : -sign) * mills(line.mills);
    const more = {
      // Its own name on each line tells a center nothing.
      ...(center === undefined || centerParty(center) === party ? {} : { center }),
      ...(link === undefined || centerOf(name) !== undefined ? {} : { link }),
    };
    return [{ kind: "line", party, line: { ...shared, ...more, mills: millsText(amount) } }];
  };
  return [...side(line.from, 1n), ...side(line.to, -1n)];
}

const tenantName = /^tenant:(.+)$/;
const linkName = /^link:(([^~]+)~.+)$/;

function centerOf(name: string): Party | undefined {
  return name.startsWith("center:") ? name : undefined;
}

/** Whose statement an account of a charge line is on; a link's is its owner's, FROM of `FROM~TO`. */
function partyOf(name: string): Party | undefined {
  const tenant = tenantName.exec(name)?.[1];
  if (tenant !== undefined) return `account:${tenant}`;
  const owner = linkName.exec(name)?.[2];
  return owner === undefined ? centerOf(name) : `center:${owner}`;
}

/** Sums of lines that agree in all but their amounts. */
interface LineSum {
  readonly line: Omit<StatementLine, "mills" | "cardSlots">;
  readonly mills: bigint;
  readonly cardSlots: number | undefined;
  /** Of the lines above 0, and of those below. */
  readonly plus: bigint;
  readonly minus: bigint;
}

/** What a part of the feed adds to one party's statement. */
export interface Statement {
  readonly party: Party;
  readonly sums: ReadonlyMap<string, LineSum>;
  readonly holder?: { readonly period: Period; readonly holder: Holder } | undefined;
  /** By posting. */
  readonly debts: ReadonlyMap<string, Debt>;
  /** When a center last asked for a part of its guarantee back, ISO 8601. */
  readonly reduction?: string | undefined;
  /** What payouts before left to be set off, in mills; its lines are among `sums`. */
  readonly carried?: bigint | undefined;
}

export type Statements = ReadonlyMap<Party, Statement>;

export const noStatements: Statements = new Map();

/** The statements after some more facts; the order of facts changes nothing. */
export function withFacts(statements: Statements, facts: Iterable<StatementFact>): Statements {
  const all = new Map<Party, { -readonly [Field in keyof Statement]: Statement[Field] }>();
  const sumsOf = new Map<Party, Map<string, LineSum>>();
  const debtsOf = new Map<Party, Map<string, Debt>>();
  for (const fact of facts) {
    const { party } = fact;
    const known = all.get(party) ?? { party, sums: new Map(), debts: new Map(), ...statements.get(party) };
    all.set(party, known);
    if (fact.kind === "holder") known.holder = newer(known.holder, fact);
    else if (fact.kind === "line") {
      const sums = sumsOf.get(party) ?? new Map(known.sums);
      addLine(sums, fact.line);
      sumsOf.set(party, sums);
      known.sums = sums;
    } else if (fact.kind === "reduction") known.reduction = later(known.reduction, fact.at);
    else if (fact.kind === "carried") known.carried = (known.carried ?? 0n) + mills(fact.mills);
    else {
      const debts = debtsOf.get(party) ?? new Map(known.debts);
      debts.set(fact.debt.posting, fact.debt);
      debtsOf.set(party, debts);
      known.debts = debts;
    }
  }
  return new Map<Party, Statement>([...statements, ...all]);
}

type Held = NonNullable<Statement["holder"]>;

function newer(known: Held | undefined, { period, holder }: Held): Held {
  return known !== undefined && known.period >= period ? known : { period, holder };
}

/** All of them are written alike. */
function later(known: string | undefined, at: string): string {
  return known !== undefined && known > at ? known : at;
}

function addLine(sums: Map<string, LineSum>, { mills: text, cardSlots, ...line }: StatementLine): void {
  const key = [line.correction === true ? 1 : 0, line.kind, line.row, line.center, line.link].join("|");
  const before = sums.get(key) ?? { line, mills: 0n, cardSlots: undefined, plus: 0n, minus: 0n };
  const amount = mills(text);
  sums.set(key, {
    line,
    mills: before.mills + amount,
    cardSlots: cardSlots === undefined ? before.cardSlots : cardSlots + (before.cardSlots ?? 0),
    plus: before.plus + (amount > 0n ? amount : 0n),
    minus: before.minus - (amount < 0n ? amount : 0n),
  });
}

/** The facts that a statement was made of, added up: plain JSON that `withFacts` takes. */
export function factsIn({ party, sums, holder, debts, carried, reduction }: Statement): StatementFact[] {
  const lines = [...sums.values()].flatMap(({ line, plus, minus, cardSlots }): StatementFact[] => {
    const slots = cardSlots === undefined ? {} : { cardSlots };
    const fact = (amount: bigint, more: object): StatementFact => ({
      kind: "line",
      party,
      line: { ...line, ...more, mills: millsText(amount) },
    });
    if (minus === 0n) return [fact(plus, slots)];
    return plus === 0n ? [fact(-minus, slots)] : [fact(plus, slots), fact(-minus, {})];
  });
  return [
    ...lines,
    ...(holder === undefined ? [] : [{ kind: "holder" as const, party, ...holder }]),
    ...[...debts.values()].map((debt) => ({ kind: "debt" as const, party, debt })),
    ...(reduction === undefined ? [] : [{ kind: "reduction" as const, party, at: reduction }]),
    ...(carried === undefined ? [] : [{ kind: "carried" as const, party, mills: millsText(carried) }]),
  ];
}

/** Lines of one statement at most, as its event takes them. */
const linesMax = 1000;

/** In a fixed order: the period's own before corrections, then by row, kind, center and link. */
function linesOf({ sums }: Statement): StatementLine[] {
  const all = [...sums.values()].filter((sum) => sum.mills !== 0n);
  const rows = all.length <= linesMax ? all : byRow(all);
  return rows
    .map(({ line, mills: amount, cardSlots }) => ({
      ...line,
      ...(cardSlots === undefined ? {} : { cardSlots }),
      mills: millsText(amount),
    }))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

const orderOf = ({ correction, row, kind, center, link }: StatementLine) =>
  [correction === true ? 1 : 0, String(row).padStart(2, "0"), kind, center, link].join("|");

/** Too many centers for a line each: one for each row and kind. */
function byRow(all: readonly LineSum[]): LineSum[] {
  const sums = new Map<string, LineSum>();
  for (const { line, mills: amount, cardSlots } of all) {
    const { center: _, link: __, ...rest } = line;
    const slots = cardSlots === undefined ? {} : { cardSlots };
    addLine(sums, { ...rest, ...slots, mills: millsText(amount) });
  }
  return [...sums.values()];
}

const millsOfFen = 10n;

/** Rounds down to whole fen, below 0 too: what is left over is never below 0. */
export function wholeFen(amount: bigint): bigint {
  const rest = amount % millsOfFen;
  return amount - (rest < 0n ? rest + millsOfFen : rest);
}

const sumOf = (lines: readonly StatementLine[]) => lines.reduce((sum, line) => sum + mills(line.mills), 0n);

const invoiceId = (account: AccountId, period: Period) => InvoiceId.parse(`${account}-${period}`);
export const payoutId = (center: CenterId, period: Period) => PayoutId.parse(`${center}-${period}`);

/** When a day's statements were made up: at its cut-off, however late they are issued. */
export interface StatedAt {
  readonly period: Period;
  readonly at: string;
}

/** The invoice of an account; undefined: nothing was charged to it. */
export function invoiceOf(
  account: AccountId,
  statement: Statement,
  holder: Holder,
  { period, at }: StatedAt,
): InvoiceData | undefined {
  const lines = linesOf(statement);
  if (lines.length === 0) return undefined;
  const tax = sumOf(lines.filter(({ kind }) => kind === "tax"));
  const gross = sumOf(lines);
  const payable = wholeFen(gross);
  const { owner, currency, taxRate } = holder;
  return {
    invoice: invoiceId(account, period),
    account,
    owner,
    period,
    at,
    ...(currency === undefined ? {} : { currency }),
    taxRate,
    lines,
    net: millsText(gross - tax),
    tax: millsText(tax),
    gross: millsText(gross),
    payable: millsText(payable),
    rounding: millsText(gross - payable),
  };
}

/** What a center earned and owes in a part of the feed, in mills. */
export interface CenterBalance {
  /** With cards and fees. */
  readonly earned: bigint;
  /** Penalties, credits and refunds. */
  readonly owed: bigint;
  /** With each of its links; below 0: refunded more than it earned. */
  readonly links: ReadonlyMap<LinkId, bigint>;
  /** Earned with links, and refunded, all of them together. */
  readonly linksEarned: bigint;
  readonly linksRefunded: bigint;
}

export function centerBalance({ sums }: Statement): CenterBalance {
  let [earned, owed, linksEarned, linksRefunded] = [0n, 0n, 0n, 0n];
  const links = new Map<LinkId, bigint>();
  for (const { line, mills: amount, plus, minus } of sums.values()) {
    const { link } = line;
    if (link === undefined) [earned, owed] = [earned + plus, owed + minus];
    else {
      links.set(link, (links.get(link) ?? 0n) + amount);
      [linksEarned, linksRefunded] = [linksEarned + plus, linksRefunded + minus];
    }
  }
  const sorted = new Map([...links].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { earned, owed, links: sorted, linksEarned, linksRefunded };
}

/** All that the center earned, its links included, less what it owes. */
export function centerNet({ earned, owed, linksEarned, linksRefunded }: CenterBalance): bigint {
  return earned + linksEarned - owed - linksRefunded;
}

/** What a center owes to others than the exchange, and has to pay it with, in mills. */
export interface DayDebt {
  readonly owed: bigint;
  readonly earned: bigint;
  /** Who is to receive how much of `owed`. */
  readonly recipients: ReadonlyMap<string, bigint>;
  /** Carried from payouts before, beyond what it earned: it is carried on. */
  readonly carried: bigint;
}

/**
 * What a center owes for a day: what corrections gave back of it on the same day is neither owed nor earned, and what
 * payouts before carried is set off first.
 */
export function dayDebtOf(statement: Statement): DayDebt {
  const balance = centerBalance(statement);
  const recipients = recipientsOf(statement);
  const owed = [...recipients.values()].reduce((sum, part) => sum + part, 0n);
  const carried = statement.carried ?? 0n;
  const undone = balance.owed + balance.linksRefunded - carried - owed;
  const earned = balance.earned + balance.linksEarned - undone;
  const met = atMost(earned, carried);
  return { owed, earned: earned - met, recipients, carried: carried - met };
}

/** Who bears what a center owes beyond what it earned (row 15), in mills. */
export interface Borne {
  readonly fromGuarantee: bigint;
  readonly fromDefaultFund: bigint;
  readonly uncollectible: bigint;
  /** Set off in its next payout. */
  readonly carried?: bigint;
}

/** Links of one payout at most, as its event takes them: a center declares 64. */
export function payoutOf(
  center: CenterId,
  owner: OwnerId,
  statement: Statement,
  { period, at }: StatedAt,
  { fromGuarantee, fromDefaultFund, uncollectible, carried = 0n }: Borne,
): PayoutData {
  const balance = centerBalance(statement);
  const net = centerNet(balance);
  const due = net > 0n ? net : 0n;
  const payable = wholeFen(due);
  return {
    payout: payoutId(center, period),
    center,
    owner,
    period,
    at,
    lines: linesOf(statement),
    earned: millsText(balance.earned),
    owed: millsText(balance.owed),
    links: [...balance.links].flatMap(([link, amount]) =>
      amount === 0n ? [] : [{ link, mills: millsText(amount) }],
    ),
    fromGuarantee: millsText(fromGuarantee),
    fromDefaultFund: millsText(fromDefaultFund),
    uncollectible: millsText(uncollectible),
    ...(carried === 0n ? {} : { carried: millsText(carried) }),
    payable: millsText(payable),
    rounding: millsText(due - payable),
  };
}
