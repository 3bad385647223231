import { Command, Option } from "@commander-js/extra-typings";
import {
  cancelJob,
  explainJob,
  getJob,
  type Job,
  type JobStatus,
  type JobSummary,
  type JobWhy,
  listJobs,
  postJob,
} from "../functions/contract/jobs.ts";
import { getHealth } from "../functions/contract/service.ts";
import { awardedCards } from "./awarded-cards.ts";
import { bidDefaults, bidFields, bidOptions, frameworkOption } from "./bid-options.ts";
import { Failure } from "./failure.ts";
import { cny, count, price, slotTime, span, time } from "./figures.ts";
import { allOption, cursorOption, limitOption, showList } from "./listing.ts";
import { bodyFrom, decimal, fileOption, keyOption, matchOption, parts, whole } from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, record, table, withoutControls } from "./table.ts";
import { intervalOption, watch, watchOption } from "./watching.ts";

const goals = ["placed", "running", "completed", "ended"] as const;
type Goal = (typeof goals)[number];

export function jobCommands(session: Session): Command {
  const group = new Command("job").description("Jobs that you want run");
  bidOptions(group.command("post").description(postJob.summary))
    .option("--name <text>", "how you call it")
    .addOption(
      new Option(
        "--kind <kind>",
        "block: all cards at one center; split: may span two; div: any number of cards; service: --floor to --cards in every slot of its window (default: block)",
      ).choices(["block", "split", "div", "service"] as const),
    )
    .option(
      "--max-slots <n>",
      "longest time over all awards, in slots (default: the longest first award)",
      whole,
    )
    .option("--extend-limit <fen>", "bids for its continuation up to this, fen per card-hour", whole)
    .option("--home <center>", "where its data lies; of a service the center next to its users")
    .option("--data-gb <n>", "GB of data to move", whole)
    .addOption(frameworkOption())
    .option("--max-latency-ms <ms>", "most latency between home and where it runs", decimal)
    .option("--split <chunk:gbps:ms>", "of a split job: cards of a chunk, bandwidth, latency", splitOf)
    .option("--retries <n>", "restarts after its own failure", whole)
    .option("--group <group>", "of your jobs that name the same group at most one is awarded")
    .option("--parent <job>", "job of yours that must be awarded first, and at whose end it may start")
    .option("--account <account>", "account that pays (default: the one named like you)")
    .addOption(fileOption())
    .addOption(keyOption())
    .action(async ({ file, key, dataGb, ...options }) => {
      const fields = { ...bidFields(options), dataGB: dataGb };
      const body = await bodyFrom(session, file, fields, { ...bidDefaults, kind: "block" });
      await session.run(postJob, { body: bounded(body), key }, jobRecord);
    });
  group
    .command("get")
    .description(getJob.summary)
    .argument("<job>")
    .addOption(watchOption("show it at every change until it is what --until says"))
    .addOption(new Option("--until <goal>", "what to wait for").choices(goals).default("ended" as const))
    .addOption(intervalOption())
    .action((job, { watch: watching, until, interval }) =>
      watching === true
        ? watchJob(session, job, until, interval)
        : session.run(getJob, { params: { job } }, jobRecord),
    );
  group
    .command("list")
    .description(listJobs.summary)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((paging) => showList(session, listJobs, {}, paging, ({ items }) => items, columns));
  group
    .command("cancel")
    .description(cancelJob.summary)
    .argument("<job>")
    .addOption(matchOption())
    .action((job, { ifMatch }) => session.run(cancelJob, { params: { job }, ifMatch }, jobRecord));
  return group;
}

export function whyCommand(session: Session): Command<[string]> {
  return new Command("why")
    .description(explainJob.summary)
    .argument("<job>")
    .action((job) => session.run(explainJob, { params: { job } }, whyText));
}

/** A job without a longest time of its own has that of its longest first award. */
function bounded(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { slots, products, maxSlots } = body;
  if (typeof slots !== "number" || maxSlots !== undefined) return body;
  const own = Array.isArray(products) ? products.map((choice: unknown) => lengthOf(choice) ?? slots) : [];
  return { ...body, maxSlots: Math.max(slots, ...own) };
}

function lengthOf(choice: unknown): number | undefined {
  const slots = typeof choice === "object" && choice !== null && "slots" in choice ? choice.slots : undefined;
  return typeof slots === "number" ? slots : undefined;
}

function splitOf(text: string) {
  const [chunk = "", gbps = "", latency = ""] = parts(text, "CHUNK:GBPS:MS");
  return { chunk: whole(chunk), bandwidthGbps: whole(gbps), syncLatencyMs: decimal(latency) };
}

/** Where a job is on its way, as far as one can wait for it. */
function reached(status: JobStatus, goal: Goal): "yes" | "not yet" | "never" {
  switch (status) {
    case "requested":
    case "open":
      return "not yet";
    case "placed":
      return goal === "placed" ? "yes" : "not yet";
    case "running":
      return goal === "placed" || goal === "running" ? "yes" : "not yet";
    case "completed":
      return "yes";
    case "rejected":
    case "failed":
    case "cancelled":
    case "expired":
      return goal === "ended" ? "yes" : "never";
  }
}

async function watchJob(session: Session, id: string, goal: Goal, interval: number): Promise<void> {
  let seen = 0;
  await watch(session.io, interval, async () => {
    const { answer: job, content } = await session.ask(getJob, { params: { job: id } });
    if (job.version !== seen) {
      const { marketTime } = (await session.ask(getHealth)).answer;
      await session.showNext(content, () => changeLine(job, marketTime));
    }
    seen = job.version;
    const found = reached(job.status, goal);
    if (found === "never")
      throw new Failure(
        "unmet",
        "never-reached",
        `The job is ${job.status}: it will not be ${goal} any more.`,
      );
    return found === "yes" ? "done" : "more";
  });
}

function changeLine(job: Job, marketTime: string): string {
  const { status, reason = "", awards } = job;
  const award = awards.at(-1);
  const inForce = status === "placed" || status === "running";
  const where =
    award !== undefined && inForce ? `${centersOf(award)}  ${span(award.from, award.to)}` : reason;
  return `${withoutControls(`${time(marketTime)}  ${status.padEnd(9)}  ${where}`.trimEnd())}\n`;
}

function centersOf({ fills }: Job["awards"][number]): string {
  return [...new Set(fills.map(({ center }) => center))].join(" + ");
}

const columns: readonly Column<JobSummary>[] = [
  { head: "job", of: ({ job }) => job },
  { head: "name", of: ({ name }) => name },
  { head: "status", of: ({ status }) => status },
  { head: "session", of: ({ session }) => session },
  { head: "kind", of: ({ kind }) => kind },
  { head: "cards", right: true, of: ({ cards }) => count(cards) },
  { head: "slots", right: true, of: ({ slots }) => count(slots) },
  { head: "centers", of: ({ centers }) => centers.join(" + ") },
  {
    head: "market time",
    of: ({ from, to }) => (from === undefined || to === undefined ? undefined : span(from, to)),
  },
  { head: "requested", of: ({ requestedAt }) => time(requestedAt) },
];

function jobRecord(of: Job): string {
  const { job, account, spec, hold, status, reason, reclaimedFrom, awards, run, version } = of;
  const bids = spec.products.map(({ product, limit, slots }) => {
    const length = slots === undefined ? "" : ` for ${count(slots)} slots`;
    return `${product} up to ${price(limit)} CNY/card-h${length}`;
  });
  const head = record([
    ["job", job],
    ["name", spec.name === "" ? undefined : spec.name],
    ["status", status],
    ["reason", reason],
    ["reclaimed", reclaimedFrom === undefined ? undefined : `stops before ${slotTime(reclaimedFrom)}`],
    ["bid", `${spec.session} ${spec.kind}, ${cardsOf(spec)} cards x ${count(spec.slots)} slots`],
    ["for", bids.join(", ")],
    ["window", span(spec.from, spec.to)],
    ["data moved over", spec.stageSlots === undefined ? undefined : `${count(spec.stageSlots)} slots before`],
    ["group", spec.group],
    ["parent", spec.parent],
    ["account", account],
    ["held", `${cny(hold)} CNY`],
    ["run", run === 0 ? undefined : run],
    ["version", version],
  ]);
  return awards.length === 0 ? head : `${head}\n${table(awards, awardColumns(spec.kind))}`;
}

function cardsOf({ floor, cards }: Job["spec"]): string {
  return floor === undefined ? count(cards) : `${count(floor)} to ${count(cards)}`;
}

/** Of a service, which has more of them in some slots than in others, the fewest and the most. */
function awardCards({ fills }: Job["awards"][number], kind: Job["spec"]["kind"]): string {
  const { least, most } = awardedCards(fills);
  return kind === "service" && least < most ? `${count(least)} to ${count(most)}` : count(most);
}

const awardColumns = (kind: Job["spec"]["kind"]): readonly Column<Job["awards"][number]>[] => [
  { head: "placement", of: ({ placement }) => placement },
  { head: "centers", of: centersOf },
  { head: "cards", right: true, of: (award) => awardCards(award, kind) },
  { head: "market time", of: ({ from, to }) => span(from, to) },
  {
    head: "CNY/card-h",
    right: true,
    of: ({ fills }) => [...new Set(fills.map((fill) => price(fill.price)))].join(" "),
  },
  { head: "value CNY", right: true, of: ({ value }) => cny(value) },
];

function whyText({ explanation, nextBid, auctions }: JobWhy): string {
  const next =
    nextBid === undefined
      ? ""
      : `${nextBid.waitsFor === undefined ? "It bids" : "It would bid"} in ${nextBid.session} for ${slotTime(nextBid.from)} – ${slotTime(nextBid.to)}.\n`;
  const answers = auctions.length === 0 ? "" : `\n${table(auctions, outcomeColumns)}`;
  return `${record([["", inMarketTime(explanation)]]).trimStart()}${next}${answers}`;
}

/** The API's sentences tell instants as ISO 8601 in UTC. */
function inMarketTime(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => time(instant));
}

const outcomeColumns: readonly Column<JobWhy["auctions"][number]>[] = [
  { head: "auction", right: true, of: ({ auction }) => auction },
  { head: "answer", of: ({ reason }) => reason },
  {
    head: "limit to win CNY/card-h",
    right: true,
    of: ({ limitToWin }) => (limitToWin === undefined ? undefined : price(limitToWin)),
  },
  { head: "product", of: ({ product }) => product },
  {
    head: "short in (market time)",
    of: ({ slots }) => slots?.map(({ from, to }) => span(from, to)).join(", "),
  },
];
