import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { DepositId, LinkId } from "../../events/catalog/values.ts";
import { carryOut } from "../../test/given-when-then.ts";
import {
  acceptAt,
  account,
  admitted,
  awardOf,
  begun,
  begunUneven,
  fill,
  finish,
  hadCards,
  inSlot,
  job,
  jobAfter,
  linkUse,
  meter,
  mills as millsOf,
  owner,
  place,
  placementId,
  ranWhole,
  request,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { accountDecider } from "../account.ts";
import type { JobCommand } from "../job/commands.ts";
import { mills, splitByLargestRemainder } from "../money.ts";
import { instant, periodOf } from "../time.ts";
import { coverDebt } from "./center-default.ts";
import { entriesOf } from "./ledger.ts";
import { accountParty, invoiceOf, noStatements, statementFactsOf, withFacts } from "./statements.ts";

/** A line of the examples' table in docs/settlement-rules.md, its amounts as numbers. */
interface Example {
  readonly tenantPays: number;
  /** Net of each center and link, in mills. */
  readonly others: ReadonlyMap<string, number>;
  readonly back: number;
}

const numberOf = (text: string) => Number(text.replaceAll(",", ""));

function exampleOf(cells: readonly string[]): [string, Example] {
  const [name = "", , tenantPays = "", others = "", back = ""] = cells;
  const nets = [...others.matchAll(/([a-z~]+) ([+-][\d,]+)/g)].map(
    ([, who = "", net = ""]) => [who, numberOf(net)] as const,
  );
  return [name, { tenantPays: numberOf(tenantPays), others: new Map(nets), back: numberOf(back) }];
}

function readDoc(): string {
  return readFileSync(new URL("../../docs/settlement-rules.md", import.meta.url), "utf8");
}

function readExamples(doc: string): ReadonlyMap<string, Example> {
  const examples = doc.slice(doc.indexOf("## Worked examples"), doc.indexOf("### Tax"));
  return new Map(rowsOf(examples).map(exampleOf));
}

/** Cells of the lines of a table that begin with a number. */
function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\| \d/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const stated = readExamples(readDoc());

/** What the charges of a life and their corrections come to, all of them together. */
function outcomeOf(events: readonly JobEvent[]): Example {
  const charges = events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []));
  const corrections = events.flatMap((event) => (event.type === "CorrectionPosted" ? [event.data] : []));
  const posted = [...charges, ...corrections];
  const net = new Map<string, number>();
  const book = (account: string, amount: number) => {
    if (!account.startsWith("tenant:"))
      net.set(account.replace(/^\w+:/, ""), (net.get(account.replace(/^\w+:/, "")) ?? 0) + amount);
  };
  for (const { from, to, mills: amount } of posted.flatMap(({ lines }) => lines)) {
    book(from, -Number(mills(amount)));
    book(to, Number(mills(amount)));
  }
  const sum = (amounts: readonly string[]) => amounts.reduce((total, amount) => total + Number(amount), 0);
  return {
    tenantPays: sum(posted.map(({ tenantPays }) => tenantPays)),
    others: net,
    back: sum(charges.map(({ releases }) => releases)),
  };
}

/** The table's job: awarded, accepted, begun at the start of slot 100. */
function running(changed: Partial<JobSpec> = {}, award = awardOf(1)): JobCommand[] {
  return begun(changed, award, 20_000);
}

/** The release fee, when so many of the cards given back in slots `[from, 110)` were not sold again. */
function fee(from: number, unsold: number, notOnSale: readonly number[] = []): JobCommand {
  const { center, product, cards } = fill();
  const resold = Array.from({ length: 110 - from }, (_, index) => {
    return { center, product, slot: from + index, cards: cards - unsold };
  });
  const waiver = { resold, notOnSale };
  return { type: "ChargeRelease", placement: placementId(1), before: 110, waiver, at: inSlot(240) };
}

const cancelled: JobCommand = { type: "Cancel", at: inSlot(98) };
const forward: Partial<JobSpec> = { session: "forward" };
const metered = (to: number, checkpoint: number) =>
  meter(1, { from: 100, to, cardSeconds: 8 * 360 * (to - 100) }, checkpoint);
const lost = (slot: number, center = xian): JobCommand => ({
  type: "Displace",
  placement: placementId(1),
  cause: "centerLost",
  center,
  at: inSlot(slot, 180),
});
const ended = (slot: number): JobCommand => ({
  type: "StretchEnded",
  placement: placementId(1),
  at: inSlot(slot, 60),
});
const staging = linkUse({
  link: LinkId.parse("wuhan~xian"),
  to: 101,
  gigabits: 800,
  charge: millsOf(50),
  transfer: millsOf(2000),
});
const gang: Partial<JobSpec> = {
  kind: "split",
  cards: 16,
  split: { chunk: 8, bandwidthGbps: 10, syncLatencyMs: 20 },
};
const gangAward = awardOf(1, [fill(), fill({ center: wuhan, price: 180 })], {
  links: [linkUse({ charge: millsOf(1000) })],
});

/** Pangu: 40,000 GB x 8 over the nine hours before slot 100, 3,556 gigabits in each slot of 3,600. */
const ahead = linkUse({
  link: LinkId.parse("wuhan~xian"),
  from: 10,
  to: 100,
  gigabits: 3556,
  charge: millsOf(1800),
  transfer: millsOf(800_000),
});
const pangu: Partial<JobSpec> = { session: "forward", dataGB: 40_000, stageSlots: 90 };
const panguAward = awardOf(1, [fill()], { session: "forward", links: [ahead] });
/** Asked for long before, in slot 5. */
const early = (commands: readonly JobCommand[]) => commands.map((command) => ({ ...command, at: inSlot(5) }));
const serves: Partial<JobSpec> = { kind: "service", floor: 4, to: 110 };
const served = awardOf(1, [fill({ to: 104, cards: 4 }), fill({ from: 104 })]);

/** With 6 % tax. */
const taxed: JobCommand[] = [
  { ...request(), taxRate: 600 },
  { type: "Admit", hold: millsOf(21_200), at: inSlot(95, 1) },
  place(awardOf(1), 21_200),
  acceptAt(1),
  start(1),
];

/** The lives behind the examples; 1 has no charge, its hold is let go of by the book (`market/book/holds.ts`). */
const lives: Readonly<Record<string, readonly JobCommand[]>> = {
  "2 spot": [...admitted(), place(awardOf(1), 20_000), cancelled, fee(100, 3)],
  "2 fwd": [
    ...admitted(forward),
    place(awardOf(1, [fill()], { session: "forward" }), 20_000),
    cancelled,
    fee(100, 3),
  ],
  "2 all": [...admitted(), place(awardOf(1), 20_000), cancelled, fee(100, 0)],
  "2 away": [...admitted(), place(awardOf(1), 20_000), cancelled, fee(100, 8, [102, 103, 104, 105])],
  "3": [...running(), finish(1, "completed", inSlot(103, 180)), fee(104, 8)],
  "3 taxed": [...taxed, finish(1, "completed", inSlot(103, 180)), fee(104, 8)],
  "3 links": [...running({}, awardOf(1, [fill()], { links: [staging] })), ranWhole],
  "3 stage": [
    ...early(admitted(pangu)),
    place(panguAward, 900_000, inSlot(6)),
    acceptAt(1),
    start(1),
    ranWhole,
  ],
  "2 stage": [
    ...early(admitted(pangu)),
    place(panguAward, 900_000, inSlot(6)),
    { type: "Cancel", at: inSlot(55) },
    fee(100, 8),
  ],
  "3 serve": [...running(serves, served), ranWhole],
  "9 serve": [...running(serves, served), lost(104)],
  "4": [
    ...running({ extendLimit: 240 }),
    {
      type: "Continue",
      award: awardOf(2, [fill({ from: 110, to: 120, price: 230 })], { stretch: 2, continues: true }),
      hold: millsOf(19_200),
      at: inSlot(109),
    },
    ended(110),
    finish(1, "completed", inSlot(119, 300)),
  ],
  "5": [...running({ extendLimit: 240 }), ended(110)],
  "6": [...running().slice(0, -1), finish(1, "notStartable", inSlot(102, 180)), fee(103, 8)],
  "7": [...running(), finish(1, "failed", inSlot(104, 180)), fee(105, 8)],
  "8": [
    ...running().slice(0, -1),
    { type: "Refuse", placement: placementId(1), center: xian, at: inSlot(99) },
  ],
  "8 div": [
    ...admitted({ kind: "div" }),
    place(awardOf(1, [fill({ cards: 4 }), fill({ cards: 4, center: wuhan })]), 20_000),
    ...[acceptAt(1), acceptAt(1, wuhan), start(1)],
    { type: "Displace", placement: placementId(1), cause: "notStarted", at: inSlot(103) },
    ranWhole,
  ],
  "9": [...running(), metered(104, 104), lost(104)],
  "9 taxed": [...taxed, metered(104, 104), lost(104)],
  "9 div": [
    ...running({ kind: "div" }),
    metered(104, 104),
    meter(1, { from: 104, to: 105, cardSeconds: (8 * 360) / 2 }),
    lost(104),
  ],
  "9 late": [
    ...running({ kind: "div" }),
    metered(104, 104),
    lost(104),
    meter(1, { from: 104, to: 105, cardSeconds: (8 * 360) / 2 }),
  ],
  "10": [...running(), metered(104, 102), lost(104)],
  "10 max": [
    ...admitted({ slots: 20 }),
    place(awardOf(1, [fill({ to: 120 })]), 40_000),
    acceptAt(1),
    start(1),
    lost(115),
  ],
  "11": [
    ...running({ reclaimable: true }),
    metered(104, 102),
    { type: "Reclaim", placement: placementId(1), center: xian, slot: 107, at: inSlot(104) },
    ended(107),
  ],
  "11 early": [
    ...admitted({ reclaimable: true }),
    place(awardOf(1), 20_000),
    { type: "Reclaim", placement: placementId(1), center: xian, slot: 100, at: inSlot(97) },
  ],
  "12": [...running(), metered(104, 104), hadCards(5, 104, 105, { at: inSlot(106) })],
  "12 div": [...running({ kind: "div" }), hadCards(6, 102, 104), ranWhole],
  "12 serve": [...running(serves, served), hadCards(6, 106, 108), ranWhole],
  "12 late": [...running({ kind: "div" }), ranWhole, hadCards(6, 102, 104, { at: inSlot(350) })],
  "13": [
    ...admitted(gang),
    place(gangAward, 40_000),
    acceptAt(1),
    acceptAt(1, wuhan),
    start(1),
    start(1, 1, wuhan),
    metered(104, 104),
    lost(104, wuhan),
  ],
  "14": [
    ...running({ extendLimit: 240 }),
    {
      type: "Bridge",
      award: awardOf(2, [fill({ from: 110, to: 114, price: 230 })], { stretch: 2, continues: true }),
      hold: millsOf(19_200),
      at: inSlot(113),
    },
    ended(110),
    ended(114),
  ],
  "14 none": [...running({ extendLimit: 240 }), ended(113)],
  "15": [...begunUneven, hadCards(0, 100, 101, { at: inSlot(101) })],
};

/** What a job's life comes to in its account's books: the hold, each charge with its settlement, the invoice's rounding. */
function booksOf(life: readonly JobEvent[]) {
  const requests = life.flatMap((event) => (event.type === "JobRequested" ? [event.data] : []));
  const charges = life.flatMap((event) => (event.type === "ChargePosted" ? [event] : []));
  const period = periodOf(100);
  const statement = withFacts(noStatements, charges.flatMap(statementFactsOf)).get(accountParty(account));
  const at = { period, at: instant(inSlot(340)) };
  const invoice = statement && invoiceOf(account, statement, { owner, taxRate: 600 }, at);
  if (invoice === undefined) throw new Error("nothing is invoiced");
  const { events } = carryOut(accountDecider, [
    { type: "Open", account, owner, period },
    { type: "Deposit", deposit: DepositId.parse("d"), mills: millsOf(50_000) },
    ...requests.map(({ hold }) => ({ type: "Hold", job, stretch: 1, mills: hold }) as const),
    ...charges.map(({ data: { stretch, charge, tenantPays, releases } }) => {
      return { type: "Settle", job, stretch, charge, paid: tenantPays, released: releases } as const;
    }),
    { type: "Adjust", adjustment: invoice.invoice, cause: "rounding", mills: invoice.rounding },
  ]);
  const booked = events.slice(2).flatMap((event): DomainEvent[] => {
    if (event.type !== "HoldSettled") return [event];
    return [...charges.filter(({ data }) => data.charge === event.data.charge), event];
  });
  return { hold: requests[0]?.hold, booked, invoice };
}

describe("the examples of docs/settlement-rules.md", () => {
  test("are all run", () => {
    expect([...stated.keys()].toSorted()).toEqual(["1", ...Object.keys(lives)].toSorted());
  });

  test("leave no row out", () => {
    const rows = new Set([...stated.keys()].map((name) => Number.parseInt(name, 10)));
    expect([...rows].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
  });

  test("15 at the close of a day: earnings, guarantee, default fund, then the recipients", () => {
    const doc = readDoc();
    const rows = rowsOf(doc.slice(doc.indexOf("### Row 15"))).map((cells) => cells.map(numberOf).map(BigInt));
    expect(rows.length).toBeGreaterThan(3);
    for (const [earned = 0n, guarantee = 0n, defaultFund = 0n, ...borne] of rows) {
      const recipients = new Map([
        ["tenant:lab", 500n],
        ["tenant:clinic", 300n],
        ["center:xian", 200n],
      ]);
      const cover = coverDebt({ owed: 1000n, earned, guarantee, defaultFund, recipients });
      const { fromGuarantee, fromDefaultFund, uncollectible, losses } = cover;
      expect([fromGuarantee, fromDefaultFund, uncollectible, ...losses.values()]).toEqual(borne);
    }
  });

  test("3 taxed, from the hold to the invoice: entry by entry", () => {
    const { events } = jobAfter(...(lives["3 taxed"] ?? []));
    const { hold, booked, invoice } = booksOf(events);
    const doc = readDoc();
    const rows = rowsOf(doc.slice(doc.indexOf("### Tax"), doc.indexOf("### Row 15")));
    const entries = booked.flatMap((event) =>
      entriesOf(event).map(({ debit, credit, mills: amount }) => [event.type, debit, credit, amount]),
    );
    const told = rows.slice(0, -1).map(([, event = "", debit = "", credit = "", amount = ""]) => {
      const names = [event, debit, credit].map((name) => name.replaceAll("`", ""));
      return [...names, BigInt(numberOf(amount))];
    });
    expect(entries).toEqual(told);
    const { net, tax, gross, payable, rounding } = invoice;
    expect([hold, net, tax, gross, payable, rounding].map(Number)).toEqual(rows.at(-1)?.map(numberOf));
  });

  test("9 late: what is reported after the failure is kept, though nobody pays for it", () => {
    const { events } = jobAfter(...(lives["9 late"] ?? []));
    expect(events.at(-1)).toMatchObject({ type: "JobMetered", data: { usage: { cardSeconds: 1440 } } });
  });

  test("1: a job that is cancelled before any gate is charged nothing", () => {
    const { events } = jobAfter(...admitted(), cancelled);
    expect(outcomeOf(events)).toEqual({ ...stated.get("1"), back: 0 });
    const requested = events.find((event) => event.type === "JobRequested");
    expect(Number(requested?.data.hold)).toBe(stated.get("1")?.back);
  });

  test.each(Object.entries(lives))("%s", (name, life) => {
    const { events, state } = jobAfter(...life);
    expect(outcomeOf(events)).toEqual(stated.get(name));
    if (state.phase === "unknown") throw new Error("never requested");
    // Nothing is held any more: what was not paid is back.
    expect(state.balances.map(({ final }) => final)).toEqual(state.balances.map(() => true));
  });

  test("2 shared: what is sold again is shared among the releases by cards", () => {
    const resold = splitByLargestRemainder(
      12n - 3n,
      new Map([
        ["first", 8n],
        ["second", 4n],
      ]),
    );
    expect([8n - (resold.get("first") ?? 0n), 4n - (resold.get("second") ?? 0n)]).toEqual([2n, 1n]);
  });
});
