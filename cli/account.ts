import { Command } from "@commander-js/extra-typings";
import {
  type Account,
  type AccountEntry,
  type Deposit,
  depositFunds,
  getAccount,
  listEntries,
  openAccount,
} from "../functions/contract/accounts.ts";
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
    .addOption(keyOption())
    .action((account, { key }) =>
      session.run(openAccount, { body: account === undefined ? {} : { account }, key }, accountRecord),
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
    .addOption(millsOption())
    .addOption(keyOption())
    .action((account, { key, ...amount }) =>
      session.run(
        depositFunds,
        { params: { account }, body: { mills: amountOf(amount) }, key },
        depositRecord,
      ),
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
  return group;
}

function accountRecord({ account, owner, period, available, held, version }: Account): string {
  return record([
    ["account", account],
    ["owner", owner],
    ["day", period],
    ["available", `${cny(available)} CNY`],
    ["held", `${cny(held)} CNY`],
    ["version", version],
  ]);
}

function depositRecord({ deposit, account, mills, period }: Deposit): string {
  return record([
    ["deposit", deposit],
    ["account", account],
    ["amount", `${cny(mills)} CNY`],
    ["day", period],
  ]);
}

const columns: readonly Column<AccountEntry>[] = [
  { head: "market time", of: (entry) => time(entry.time) },
  { head: "entry", of: ({ kind }) => kind },
  { head: "available CNY", right: true, of: ({ available }) => cny(available) },
  { head: "held CNY", right: true, of: ({ held }) => cny(held) },
  { head: "of", of: ({ charge, deposit, job }) => charge ?? job ?? deposit },
];
