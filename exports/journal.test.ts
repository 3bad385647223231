import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";
import { Currency } from "../events/catalog/values.ts";
import { emptyLedger, type Ledger, withEvents } from "../market/settlement/ledger.ts";
import { deposited, held, moneyFact, settled } from "../test/money-facts.ts";
import { journalAccount, journalOf, journalWriter } from "./journal.ts";
import type { ExportedPage } from "./pages.ts";

const installed = spawnSync("hledger", ["--version"]).status === 0;
const required = process.env.CI === "true";
const without = installed || required ? "" : " (SKIPPED: hledger is not installed)";
if (without !== "") console.warn("hledger is not installed: journals are not compared with it.");

const hour = 3_600_000;
const midnight = Date.parse("2026-03-02T16:00:00.000Z");

/** A page for each event, read so many hours after a midnight of the market. */
function pagesOf(facts: readonly { readonly event: DomainEvent; readonly hours: number }[]): ExportedPage[] {
  return facts.map(({ event, hours }, index) => ({
    position: index + 1,
    hash: "",
    commits: [
      {
        stream: "any-1",
        version: index + 1,
        commandId: String(index),
        actor: "exchange:test",
        causationId: "test",
        correlationId: "test",
        time: new Date(midnight + hours * hour).toISOString(),
        events: [event],
      },
    ],
  }));
}

async function textOf(pages: readonly ExportedPage[]): Promise<string> {
  let text = "";
  for await (const chunk of journalOf(pages)) text += chunk;
  return text;
}

const fact = fc.record({ event: moneyFact, hours: fc.integer({ min: -30, max: 60 }) });
const facts = fc.array(fact, { maxLength: 30 });

/** `ACCOUNT CURRENCY` to mills, debits less credits; accounts that come to nothing left out. */
type Balances = ReadonlyMap<string, bigint>;

function balancesIn({ accounts }: Ledger): Balances {
  return new Map(
    [...accounts].flatMap(([currency, turnovers]) =>
      [...turnovers]
        .map(
          ([account, { debit, credit }]) =>
            [`${journalAccount(account)} ${currency}`, debit - credit] as const,
        )
        .filter(([, balance]) => balance !== 0n),
    ),
  );
}

/** Adds up a journal's postings, knowing nothing of who wrote it. */
function addedUp(journal: string): Balances {
  const sums = new Map<string, bigint>();
  for (const line of journal.split("\n")) {
    const posting = /^ {4}(\S+) {2}(-?)(\d+)\.(\d{3}) ([A-Z]{3})$/.exec(line);
    if (posting === null) continue;
    const [, account, sign, whole, mills, currency] = posting;
    const key = `${account} ${currency}`;
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(`${sign}${whole}${mills}`));
  }
  return new Map([...sums].filter(([, sum]) => sum !== 0n));
}

const ledgerOfPages = (pages: readonly ExportedPage[]) =>
  withEvents(
    emptyLedger,
    pages.flatMap(({ commits }) => commits.flatMap(({ events }) => events)),
  );

describe("the journal", () => {
  test("has a transaction for each event that moves money, and declares what it names before", async () => {
    const pages = pagesOf([
      { event: deposited("1000000"), hours: -2 },
      { event: parseEvent("JobAdmitted", { job: "j-1" }), hours: -1 },
      { event: held("5000"), hours: 1 },
      { event: settled("-3", "5003"), hours: -1 },
      { event: deposited("7", "acme", "USD"), hours: 2 },
    ]);
    expect(
      await textOf(pages),
    ).toBe(`; Suanwang: every movement of money in the feed, as double-entry transactions.
; Amounts have three decimals: mills, thousandths of the currency.
decimal-mark .

payee tenant acme

account assets:bank

account liabilities:tenant:acme:available

commodity 1000.000 CNY

2026-03-02 tenant acme | deposit d-1  ; page:1
    assets:bank  1000.000 CNY
    liabilities:tenant:acme:available  -1000.000 CNY

account liabilities:tenant:acme:held

2026-03-03 tenant acme | hold j-1/1  ; page:3
    liabilities:tenant:acme:available  5.000 CNY
    liabilities:tenant:acme:held  -5.000 CNY

account assets:clearing

2026-03-03 tenant acme | paid charge c  ; page:4, day:2026-03-02
    assets:clearing  0.003 CNY
    liabilities:tenant:acme:held  -0.003 CNY
    liabilities:tenant:acme:held  5.003 CNY
    liabilities:tenant:acme:available  -5.003 CNY

commodity 1000.000 USD

2026-03-03 tenant acme | deposit d-1  ; page:5
    assets:bank  0.007 USD
    liabilities:tenant:acme:available  -0.007 USD
`);
  });

  test("adds up to the ledger, whatever the facts, and its dates never go back", async () => {
    await fc.assert(
      fc.asyncProperty(facts, async (some) => {
        const pages = pagesOf(some);
        const journal = await textOf(pages);
        expect(addedUp(journal)).toEqual(balancesIn(ledgerOfPages(pages)));
        const dates = journal.match(/^\d{4}-\d\d-\d\d/gm) ?? [];
        expect(dates).toEqual(dates.toSorted());
      }),
    );
  });

  test("says each thing once however it is cut, and nothing of a page without money", () => {
    const write = journalWriter();
    const [first, second] = pagesOf([
      { event: deposited("5"), hours: 1 },
      { event: deposited("6"), hours: 2 },
    ]);
    if (first === undefined || second === undefined) throw new Error("no pages");
    expect(write(first)).toContain("account assets:bank");
    expect(write(second)).not.toContain("account assets:bank");
    expect(write({ ...first, commits: [] })).toBe("");
  });

  test("keeps names from being taken for something else", () => {
    const paid = parseEvent("PayoutPaid", {
      payout: "xian;2026 | x\ny",
      center: "xian",
      mills: "5",
      reference: "r",
      at: "2026-03-03T02:00:00.000Z",
    });
    const [page] = pagesOf([{ event: paid, hours: 1 }]);
    if (page === undefined) throw new Error("no page");
    expect(journalWriter()(page)).toContain("center xian | paid payout xian 2026 x y  ; page:1\n");
  });
});

/** Fails where hledger is required and missing. */
function hledger(journal: string, ...args: readonly string[]): { ok: boolean; out: string; said: string } {
  if (!installed) throw new Error("hledger is required here and not installed: apt-get install hledger");
  const { status, stdout, stderr } = spawnSync("hledger", ["-f", "-", ...args], {
    input: journal,
    encoding: "utf8",
  });
  return { ok: status === 0, out: stdout, said: stderr };
}

const checked = (journal: string) => hledger(journal, "check", "-s", "ordereddates", "payees");

describe.skipIf(without !== "")(`hledger${without}`, () => {
  const [some = []] = fc.sample(fc.array(fact, { minLength: 300, maxLength: 300, size: "max" }), {
    seed: 6,
    numRuns: 1,
  });
  const pages = pagesOf(some);

  test("passes the journal, and has the ledger's balances to the mill", async () => {
    const journal = await textOf(pages);
    expect(checked(journal)).toEqual({ ok: true, out: "", said: "" });
    const { out } = hledger(journal, "bal", "--flat", "-N", "--layout", "bare", "-O", "csv");
    const balances = out
      .trim()
      .split("\n")
      .slice(1)
      .map((row) => {
        const [account = "", currency = "", amount = ""] = row.slice(1, -1).split('","');
        return [`${account} ${Currency.parse(currency)}`, BigInt(amount.replace(".", ""))] as const;
      });
    const ours = balancesIn(ledgerOfPages(pages));
    expect(ours.size).toBeGreaterThan(15);
    expect(new Map(balances)).toEqual(ours);
  });

  test.each<readonly [string, (journal: string) => string, RegExp]>([
    ["an amount changed", (text) => text.replace(/(assets:bank {2}\d+)\./, "$17."), /balance/],
    ["a posting left out", (text) => text.replace(/ {4}assets:bank.*\n/, ""), /balance|real postings/],
    [
      "a date out of order",
      (text) => text.replace(/(\n\d{4}-\d\d-\d\d tenant[\s\S]*\n)\d{4}-\d\d-\d\d/, "$12020-01-01"),
      /order/,
    ],
    ["an account that is not declared", (text) => text.replace("account assets:bank\n", ""), /assets:bank/],
    ["a payee that is not declared", (text) => text.replace(/payee tenant \S+\n/, ""), /payee/],
    ["a commodity that is not declared", (text) => text.replace("commodity 1000.000 CNY\n", ""), /CNY/],
  ])("refuses %s", async (_, broken, says) => {
    const journal = await textOf(pages);
    const lie = broken(journal);
    expect(lie).not.toBe(journal);
    const { ok, said } = checked(lie);
    expect(ok).toBe(false);
    expect(said).toMatch(says);
  });
});
