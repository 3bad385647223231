import { Command, Option } from "@commander-js/extra-typings";
import { assignBreak, Break, getBreak, listBreaks, resolveBreak } from "../functions/contract/breaks.ts";
import { cny, slotTime, span, time } from "./figures.ts";
import { allOption, cursorOption, defined, limitOption, showList } from "./listing.ts";
import { bodyFrom, fileOption, keyOption, matchOption, millsOf } from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, record } from "./table.ts";

export function breakCommands(session: Session): Command {
  const group = new Command("break").description("Breaks between award, usage, charge and money");
  group
    .command("list")
    .description(listBreaks.summary)
    .addOption(
      new Option("--status <status>", "open or resolved (default: open)").choices(["open", "resolved"]),
    )
    .addOption(new Option("--code <code>", "of this kind only").choices(Break.shape.code.options))
    .option("--period <day>", "found by the match of this settlement day, YYYY-MM-DD")
    .option("--assignee <name>", "that this person looks into")
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action(({ status, code, period, assignee, ...paging }) => {
      const query = defined({ status, code, period, assignee });
      return showList(session, listBreaks, { query }, paging, ({ items }) => items, columns);
    });
  group
    .command("get")
    .description(getBreak.summary)
    .argument("<break>")
    .action((id) => session.run(getBreak, { params: { break: id } }, breakRecord));
  group
    .command("assign")
    .description(assignBreak.summary)
    .argument("<break>")
    .argument("<assignee>", "who looks into it")
    .addOption(keyOption())
    .addOption(matchOption())
    .action((id, assignee, { key, ifMatch }) =>
      session.run(assignBreak, { params: { break: id }, body: { assignee }, key, ifMatch }, breakRecord),
    );
  group
    .command("resolve")
    .description(`${resolveBreak.summary}: amend the charge, leave it, or explain it`)
    .argument("<break>")
    .addOption(
      new Option("--as <resolution>", "corrected, accepted or explained").choices([
        "corrected",
        "accepted",
        "explained",
      ]),
    )
    .option("--note <text>", "why, for whoever reads it later")
    .addOption(
      new Option("--refund-cny <amount>", "what its center gives back to its tenant").argParser(millsOf),
    )
    .option("--charge <charge>", "the charge to amend (default: the one that the break is about)")
    .addOption(fileOption())
    .addOption(keyOption())
    .addOption(matchOption())
    .action(async (id, { as, note, refundCny, charge, file, key, ifMatch }) => {
      const amends = refundCny !== undefined || charge !== undefined;
      const correction = amends ? defined({ refund: refundCny, charge }) : undefined;
      const body = await bodyFrom(session, file, { resolution: as, note, correction });
      return session.run(resolveBreak, { params: { break: id }, body, key, ifMatch }, breakRecord);
    });
  return group;
}

const columns: readonly Column<Break>[] = [
  { head: "found", of: ({ at }) => time(at) },
  { head: "day", of: ({ period }) => period },
  { head: "code", of: ({ code }) => code },
  { head: "CNY", right: true, of: ({ mills }) => cny(mills) },
  { head: "about", of: ({ job, subject, center }) => subject ?? job ?? center },
  { head: "assignee", of: ({ assignee }) => assignee },
  { head: "resolution", of: ({ resolution }) => resolution },
  { head: "break", of: (one) => one.break },
];

function breakRecord(found: Break): string {
  const { from, to, resolvedAt } = found;
  return record([
    ["break", found.break],
    ["code", found.code],
    ["status", found.status],
    ["found", time(found.at)],
    ["day", found.period],
    ["detail", found.detail],
    ["expected", found.expected],
    ["found instead", found.found],
    ["at stake", `${cny(found.mills)} CNY`],
    ["job", found.job],
    ["placement", found.placement],
    ["center", found.center],
    ["account", found.account],
    ["subject", found.subject],
    ["market time", from === undefined ? undefined : to === undefined ? slotTime(from) : span(from, to)],
    ["assignee", found.assignee],
    ["resolution", found.resolution],
    ["note", found.note === "" ? undefined : found.note],
    ["correction", found.correction],
    ["resolved", resolvedAt === undefined ? undefined : time(resolvedAt)],
    ["reopened", found.reopened],
    ["version", found.version],
  ]);
}
