import { Command } from "@commander-js/extra-typings";
import { getPeriod, type SettlementPeriod } from "../functions/contract/periods.ts";
import { cny, count, span, time } from "./figures.ts";
import type { Session } from "./session.ts";
import { record } from "./table.ts";

export function periodCommands(session: Session): Command {
  const group = new Command("period").description("Settlement days");
  group
    .command("get")
    .description(getPeriod.summary)
    .argument("<day>", "YYYY-MM-DD, a day of market time")
    .action((period) => session.run(getPeriod, { params: { period } }, periodRecord));
  return group;
}

function periodRecord(period: SettlementPeriod): string {
  const { closedAt, position, feedHash, charges, debits, credits } = period;
  return record([
    ["day", period.period],
    ["status", period.status],
    ["market time", span(period.from, period.to)],
    ["closed", closedAt === undefined ? undefined : time(closedAt)],
    ["charges", charges === undefined ? undefined : count(charges)],
    ["debits", debits === undefined ? undefined : `${cny(debits)} CNY`],
    ["credits", credits === undefined ? undefined : `${cny(credits)} CNY`],
    ["feed position", position],
    ["feed hash", feedHash],
  ]);
}
