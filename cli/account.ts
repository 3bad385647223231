import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import {
  type Account,
  type AccountEntry,
  type AccountHold,
  type Deposit,
  depositFunds,
  getAccount,
  listEntries,
  listHolds,
  openAccount,
  setTaxRate,
} from "../functions/contract/accounts.ts";
import { usage } from "./failure.ts";
import { cny, time } from "./figures.ts";
import { allOption, cursorOption, defined, limitOption, showList } from "./listing.ts";
import { amountOf, cnyOption, millsOption } from "./money-options.ts";
import { keyOption } from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, record } from "./table.ts";

export function accountCommands(session: Session): Command {
  const group = new Command("account").description("Money: accounts, deposits and entries");
  group
    .command("open")
    .description(openAccount.summary)
    .argument("[account]", "its name (default: like its owner's)")
    .option("--currency <code>", "ISO 4217, for good (default: CNY, in which the market trades)")
    .addOption(keyOption())
    .action((account, { currency, key }) =>
      session.run(openAccount, { body: defined({ account, currency }), key }, accountRecord),
    );
  group
    .command("get")
    .description(getAccount.summary)
    .argument("<account>")
    .action((account) => session.run(getAccount, { params: { account } }, accountRecord));
  group
    .command("deposit")
    .description(depositFunds.summary)
    .argument("<account>")
    .addOption(cnyOption())
    .addOption(millsOption("of the account's currency"))
    .option("--currency <code>", "to be sure: refused unless it is the account's")
    .addOption(keyOption())
    .action((account, { key, currency, ...amount }) => {
      const mills = amountOf(amount);
      if (amount.cny !== undefined && currency !== undefined && currency !== "CNY")
        throw usage(`--cny is an amount in CNY: give --mills of ${currency}`, "--currency");
      const body = { mills, ...defined({ currency: amount.cny === undefined ? currency : "CNY" }) };
      return session.run(depositFunds, { params: { account }, body, key }, depositRecord);
    });
  group
    .command("tax")
    .description(setTaxRate.summary)
    .argument("<account>")
    .argument("<percent>", "such as 6 or 6.5", basisPointsOf)
    .addOption(keyOption())
    .action((account, taxRate, { key }) =>
      session.run(setTaxRate, { params: { account }, body: { taxRate }, key }, accountRecord),
    );
  group
    .command("entries")
    .description(listEntries.summary)
    .argument("<account>")
    .option("--period <day>", "settlement day, YYYY-MM-DD (default: the newest)")
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((account, { period, ...paging }) => {
      const query = defined({ period });
      return showList(
        session,
        listEntries,
        { params: { account }, query },
        paging,
        ({ items }) => items,
        columns,
      );
    });
  group
    .command("holds")
    .description(listHolds.summary)
    .argument("<account>")
    .option("--period <day>", "settlement day, YYYY-MM-DD (default: the newest)")
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((account, { period, ...paging }) => {
      const query = defined({ period });
      return showList(
        session,
        listHolds,
        { params: { account }, query },
        paging,
        ({ items }) => items,
        holdColumns,
      );
    });
  return group;
}

const holdColumns: readonly Column<AccountHold>[] = [
  { head: "job", of: ({ job }) => job },
  { head: "stretch", right: true, of: ({ stretch }) => String(stretch) },
  { head: "status", of: ({ status }) => status },
  { head: "held", right: true, of: ({ held }) => cny(held) },
  { head: "posted", right: true, of: ({ posted }) => cny(posted) },
  { head: "released", right: true, of: ({ released }) => cny(released) },
  { head: "expired", right: true, of: ({ expired }) => cny(expired) },
  { head: "pending", right: true, of: ({ pending }) => cny(pending) },
];

/** Of what is written in percent with at most two decimals. */
function basisPointsOf(text: string): number {
  const found = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text);
  if (found === null) throw new InvalidArgumentError("a percentage with at most two decimals, such as 6.5");
  return Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

function accountRecord(account: Account): string {
  const { currency } = account;
  return record([
    ["account", account.account],
    ["owner", account.owner],
    ["day", account.period],
    ["status", account.status],
    ["available", `${cny(account.available)} ${currency}`],
    ["held", `${cny(account.held)} ${currency}`],
    ["tax", `${account.taxRate / 100} %`],
    ["version", account.version],
  ]);
}

function depositRecord({ deposit, account, mills, currency, period }: Deposit): string {
  return record([
    ["deposit", deposit],
    ["account", account],
    ["amount", `${cny(mills)} ${currency}`],
    ["day", period],
  ]);
}

const columns: readonly Column<AccountEntry>[] = [
  { head: "market time", of: (entry) => time(entry.time) },
  { head: "entry", of: ({ kind }) => kind },
  { head: "available", right: true, of: ({ available }) => cny(available) },
  { head: "held", right: true, of: ({ held }) => cny(held) },
  { head: "of", of: ({ charge, deposit, job, adjustment }) => charge ?? job ?? deposit ?? adjustment },
];
