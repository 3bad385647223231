import { Command } from "@commander-js/extra-typings";
import {
  type Contribution,
  contributeToDefaultFund,
  type DefaultFund,
  getDefaultFund,
} from "../functions/contract/default-fund.ts";
import { cny } from "./figures.ts";
import { amountOf, cnyOption, millsOption } from "./money-options.ts";
import { keyOption } from "./request-body.ts";
import type { Session } from "./session.ts";
import { record } from "./table.ts";

export function defaultFundCommands(session: Session): Command {
  const group = new Command("default-fund").description(
    "What bears the debts of centers beyond their guarantees",
  );
  group
    .command("get")
    .description(getDefaultFund.summary)
    .action(() => session.run(getDefaultFund, {}, fundRecord));
  group
    .command("contribute")
    .description(contributeToDefaultFund.summary)
    .addOption(cnyOption())
    .addOption(millsOption())
    .addOption(keyOption())
    .action(({ key, ...amount }) =>
      session.run(contributeToDefaultFund, { body: { mills: amountOf(amount) }, key }, contributionRecord),
    );
  return group;
}

function fundRecord({ balance, version }: DefaultFund): string {
  return record([
    ["balance", `${cny(balance)} CNY`],
    ["version", version],
  ]);
}

function contributionRecord({ contribution, mills }: Contribution): string {
  return record([
    ["contribution", contribution],
    ["amount", `${cny(mills)} CNY`],
  ]);
}
