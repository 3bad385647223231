import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import {
  type AssignmentChange,
  type Center,
  declareLinks,
  getCenter,
  joinNetwork,
  listAssignments,
  postGuarantee,
  reduceGuarantee,
  renewLease,
  reportCapacity,
} from "../functions/contract/centers.ts";
import { cny, count, hourly, span, time } from "./figures.ts";
import { keepLease } from "./lease.ts";
import { defined } from "./listing.ts";
import { amountOf, cnyOption, millsOption } from "./money-options.ts";
import {
  asIs,
  bodyFrom,
  decimal,
  fileOption,
  gather,
  keyOption,
  matchOption,
  parts,
  whole,
} from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, record, table } from "./table.ts";
import { intervalOption, watch, watchOption } from "./watching.ts";

export function centerCommands(session: Session): Command {
  const group = new Command("center").description("Your centers: what they have and what they are to run");
  group
    .command("join")
    .description(joinNetwork.summary)
    .option("--center <center>", "its id")
    .option("--name <text>", "its name")
    .option("--region <region>", "where it stands")
    .addOption(
      new Option("--home-region <region>", "served beside its own; again for each").argParser(gather(asIs)),
    )
    .addOption(
      new Option(
        "--pool <product:cards[:frameworks]>",
        "a pool, frameworks separated by commas; again for each",
      ).argParser(gather(poolOf)),
    )
    .option("--pue <ratio>", "power usage effectiveness, such as 1.25", permilleOf)
    .option("--energy <mills>", "mills per kWh: one number, or 24 by hour separated by commas", energyOf)
    .option("--carbon <mills>", "the same for what carbon costs on top", energyOf)
    .option("--grid-factor <g>", "gCO2 per kWh of its grid", whole)
    .addOption(fileOption())
    .addOption(keyOption())
    .action(async ({ file, key, homeRegion, pool, pue, ...fields }) => {
      const named = { ...fields, homeRegions: homeRegion, pools: pool, puePermille: pue };
      const body = await bodyFrom(session, file, named);
      await session.run(joinNetwork, { body, key }, centerRecord);
    });
  group
    .command("get")
    .description(getCenter.summary)
    .argument("<center>")
    .action((center) => session.run(getCenter, { params: { center } }, centerRecord));
  group
    .command("links")
    .description(declareLinks.summary)
    .argument("<center>")
    .addOption(
      new Option(
        "--link <to:gbps:ms:mills>",
        "a line: to whom, bandwidth, latency, mills per GB; again for each",
      ).argParser(gather(linkOf)),
    )
    .addOption(fileOption())
    .addOption(keyOption())
    .addOption(matchOption())
    .action(async (center, { file, key, ifMatch, link }) => {
      const body = await bodyFrom(session, file, { links: link });
      await session.run(declareLinks, { params: { center }, body, key, ifMatch }, centerRecord);
    });
  group
    .command("capacity")
    .description(reportCapacity.summary)
    .argument("<center>")
    .addOption(
      new Option(
        "--pool <product:working:idle>",
        "cards that work and cards that idle; again for each",
      ).argParser(gather(sensedOf)),
    )
    .addOption(fileOption())
    .addOption(keyOption())
    .action(async (center, { file, key, pool }) => {
      const body = await bodyFrom(session, file, { pools: pool });
      await session.run(reportCapacity, { params: { center }, body, key }, ({ pools }) =>
        table(pools, sensedColumns),
      );
    });
  group
    .command("guarantee")
    .description(postGuarantee.summary)
    .argument("<center>")
    .addOption(cnyOption())
    .addOption(millsOption())
    .addOption(keyOption())
    .addOption(matchOption())
    .action((center, { key, ifMatch, ...amount }) =>
      session.run(
        postGuarantee,
        { params: { center }, body: { mills: amountOf(amount) }, key, ifMatch },
        centerRecord,
      ),
    );
  group
    .command("reduce-guarantee")
    .description(`${reduceGuarantee.summary}: say what is to be left`)
    .argument("<center>")
    .addOption(cnyOption())
    .addOption(millsOption())
    .addOption(keyOption())
    .addOption(matchOption())
    .action((center, { key, ifMatch, ...amount }) =>
      session.run(
        reduceGuarantee,
        { params: { center }, body: { mills: amountOf(amount) }, key, ifMatch },
        centerRecord,
      ),
    );
  group
    .command("lease")
    .description(renewLease.summary)
    .argument("<center>")
    .option(
      "--keep",
      "renew it at every third of its length until Ctrl-C; while the exchange is away, try until it ends",
    )
    .action((center, { keep }) =>
      keep === true
        ? keepLease(session, center)
        : session.run(renewLease, { params: { center } }, ({ until, seconds }) =>
            record([
              ["center", center],
              ["until", time(until)],
              ["seconds", seconds],
            ]),
          ),
    );
  group
    .command("assignments")
    .description(listAssignments.summary)
    .argument("<center>")
    .option("--after <position>", "number of the center's last change that is known", whole, 0)
    .option("--limit <n>", "most changes of one answer", whole)
    .addOption(watchOption("go on with every change"))
    .addOption(intervalOption())
    .action((center, { after, limit, watch: watching, interval }) =>
      watching === true
        ? watchAssignments(session, center, after, interval)
        : session.run(
            listAssignments,
            { params: { center }, query: defined({ after, limit }) },
            ({ changes, position, more }) =>
              `${table(changes, changeColumns)}${more ? "more: " : "known up to: "}--after ${position}\n`,
          ),
    );
  return group;
}

function poolOf(text: string) {
  const [product = "", cards = "", frameworks] = parts(text, "PRODUCT:CARDS:[FRAMEWORKS]");
  const pool = { product, cards: whole(cards) };
  return frameworks === undefined ? pool : { ...pool, frameworks: frameworks.split(",") };
}

function linkOf(text: string) {
  const [to = "", gbps = "", latency = "", perGB = ""] = parts(text, "TO:GBPS:MS:MILLS");
  return { to, gbps: whole(gbps), latencyMs: decimal(latency), perGB: whole(perGB) };
}

function sensedOf(text: string) {
  const [product = "", working = "", idle = ""] = parts(text, "PRODUCT:WORKING:IDLE");
  return { product, working: whole(working), idle: whole(idle) };
}

function permilleOf(text: string): number {
  return Math.round(decimal(text) * 1000);
}

function energyOf(text: string): readonly number[] {
  const hours = text.split(",").map(whole);
  const [first] = hours;
  if (hours.length === 24) return hours;
  if (hours.length !== 1 || first === undefined)
    throw new InvalidArgumentError("Give one number, or 24 separated by commas.");
  return new Array<number>(24).fill(first);
}

/** Every change once and in order; what is at hand comes without a pause. */
async function watchAssignments(
  session: Session,
  center: string,
  begin: number,
  interval: number,
): Promise<void> {
  let after = begin;
  await watch(session.io, interval, async () => {
    for (;;) {
      const { answer } = await session.ask(listAssignments, { params: { center }, query: { after } });
      for (const change of answer.changes) await session.showNext(change, () => changeLine(change));
      after = answer.position;
      if (!answer.more) return "more";
    }
  });
}

function changeLine({ position, change, lease, from, to, fills, cause }: AssignmentChange): string {
  const told = [position, change.padEnd(9), lease, span(from, to), cardsOf(fills), cause ?? ""];
  return `${told.join("  ").trimEnd()}\n`;
}

function cardsOf(fills: AssignmentChange["fills"]): string {
  return [...new Set(fills.map(({ product, cards }) => `${count(cards)} ${product}`))].join(", ");
}

const changeColumns: readonly Column<AssignmentChange>[] = [
  { head: "position", right: true, of: ({ position }) => position },
  { head: "change", of: ({ change }) => change },
  { head: "lease", of: ({ lease }) => lease },
  { head: "market time", of: ({ from, to }) => span(from, to) },
  { head: "cards", of: ({ fills }) => cardsOf(fills) },
  { head: "cause", of: ({ cause }) => cause },
];

interface Sensed {
  readonly product: string;
  readonly working: number;
  readonly idle: number;
}

const sensedColumns: readonly Column<Sensed>[] = [
  { head: "product", of: ({ product }) => product },
  { head: "working", right: true, of: ({ working }) => count(working) },
  { head: "idle", right: true, of: ({ idle }) => count(idle) },
];

function centerRecord(center: Center): string {
  const { pools, links, energy, carbon, guaranteeNext: next } = center;
  return record([
    ["center", center.center],
    ["name", center.name],
    ["status", center.status],
    ["region", [center.region, ...center.homeRegions].join(", ")],
    ["pools", pools.map(({ product, cards }) => `${product} ${count(cards)}`).join(", ")],
    ["PUE", (center.puePermille / 1000).toFixed(3)],
    ["energy", `${hourly(energy)} mills/kWh`],
    ["carbon", carbon === undefined ? undefined : `${hourly(carbon)} mills/kWh on top`],
    [
      "links",
      links
        .map(({ to, gbps, perGB }) => `${to} ${count(gbps)} Gbit/s ${cny(String(perGB))} CNY/GB`)
        .join(", "),
    ],
    ["guarantee", `${cny(center.guarantee)} CNY`],
    ["once the day is closed", next === undefined ? undefined : `${cny(next)} CNY`],
    ["version", center.version],
  ]);
}
