import { Command } from "@commander-js/extra-typings";
import type * as z from "zod";
import {
  getPeriod,
  listPeriods,
  type PeriodSummary,
  type SettlementPeriod,
} from "../functions/contract/periods.ts";
import { cny, count, span, time } from "./figures.ts";
import { allOption, cursorOption, limitOption, showList } from "./listing.ts";
import type { Session } from "./session.ts";
import { type Column, record } from "./table.ts";

export function periodCommands(session: Session): Command {
  const group = new Command("period").description("Settlement days");
  group
    .command("get")
    .description(getPeriod.summary)
    .argument("<day>", "YYYY-MM-DD, a day of market time")
    .action((period) => session.run(getPeriod, { params: { period } }, periodRecord));
  group
    .command("list")
    .description(listPeriods.summary)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((paging) => showList(session, listPeriods, {}, paging, ({ items }) => items, columns));
  return group;
}

const columns: readonly Column<z.infer<typeof PeriodSummary>>[] = [
  { head: "day", of: ({ period }) => period },
  { head: "status", of: ({ status }) => status },
  { head: "charges", right: true, of: ({ charges }) => charges },
  { head: "invoices CNY", right: true, of: ({ invoices }) => invoices && cny(invoices.payable) },
  { head: "payouts CNY", right: true, of: ({ payouts }) => payouts && cny(payouts.payable) },
  { head: "breaks", right: true, of: ({ match }) => match?.breaks },
  { head: "feed position", right: true, of: ({ position }) => position },
];

function periodRecord(period: SettlementPeriod): string {
  const { closedAt, position, feedHash, charges, debits, credits, match, invoices, payouts } = period;
  const sum = (of: { readonly count: number; readonly payable: string } | undefined) =>
    of === undefined ? undefined : `${count(of.count)}, ${cny(of.payable)} CNY`;
  return record([
    ["day", period.period],
    ["status", period.status],
    ["market time", span(period.from, period.to)],
    ["closed", closedAt === undefined ? undefined : time(closedAt)],
    ["charges", charges === undefined ? undefined : count(charges)],
    ["debits", debits === undefined ? undefined : `${cny(debits)} CNY`],
    ["credits", credits === undefined ? undefined : `${cny(credits)} CNY`],
    ["invoices", sum(invoices)],
    ["payouts", sum(payouts)],
    ["matched", match === undefined ? undefined : count(match.matched)],
    ["within tolerance", match === undefined ? undefined : count(match.withinTolerance)],
    ["breaks", match === undefined ? undefined : count(match.breaks)],
    ["feed position", position],
    ["feed hash", feedHash],
  ]);
}
