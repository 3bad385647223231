import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { catalog, type StreamKind } from "../events/catalog/catalog.ts";
import type { EventDefinition } from "../events/catalog/definition.ts";

// Writes docs/events.md and docs/schemas/ from the event catalog; with --check it only compares and fails if a file
// is stale, missing or of no event.

const folder = new URL("./", import.meta.url);

type JsonSchema = z.core.JSONSchema.JSONSchema;
interface Described {
  readonly definition: EventDefinition;
  readonly schema: JsonSchema;
}

const kinds = {
  center: ["Centers", "center-CENTER"],
  capacity: ["Sensed capacity", "capacity-CENTER-PERIOD"],
  offer: ["Offers", "offer-OFFER"],
  job: ["Jobs", "job-JOB"],
  auction: ["Auctions", "auction-NUMBER"],
  account: ["Accounts", "account-ACCOUNT-PERIOD"],
  deposit: ["Deposits", "deposit-DEPOSIT"],
  period: ["Periods", "period-PERIOD"],
  invoice: ["Invoices", "invoice-ACCOUNT-PERIOD"],
  payout: ["Payouts", "payout-CENTER-PERIOD"],
  break: ["Breaks", "break-BREAK"],
  fund: ["The default fund", "fund-default"],
} as const satisfies Record<StreamKind, readonly [title: string, stream: string]>;

function schemaFile({ type, version }: EventDefinition): string {
  return `schemas/${type}.v${version}.json`;
}

/** Schema of an event's data as it leaves the exchange. It stays open: additive changes break no reader. */
function schemaOf(definition: EventDefinition): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(definition.data, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  });
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: `urn:suanwang:${definition.type}:v${definition.version}`,
    title: definition.type,
    description: definition.says,
    ...schema,
  };
}

function typeText(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(" or ");
  if (schema.type === "array") return `list of ${typeText(open(schema.items))}`;
  if (schema.type === "object") {
    const names = Object.keys(schema.properties ?? {}).map((name) => `\`${name}\``);
    return `object (${names.join(", ")})`;
  }
  return schema.format === "date-time" ? "instant, UTC" : String(schema.type ?? "anything");
}

/** JSON Schema allows `true` and lists where zod writes one schema. */
function open(schema: JsonSchema["items"]): JsonSchema {
  return typeof schema === "object" && !Array.isArray(schema) ? schema : {};
}

function fieldRows({ properties = {}, required = [] }: JsonSchema): string[] {
  return Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? "" : "optional";
    return `| \`${name}\` | ${typeText(open(schema))} | ${optional} |`;
  });
}

function eventText({ definition, schema }: Described): string[] {
  const { type, version, says } = definition;
  return [
    `### ${type}`,
    "",
    `${says} [Schema, version ${version}](${schemaFile(definition)}).`,
    "",
    "| Field | Type | |",
    "|---|---|---|",
    ...fieldRows(schema),
    "",
  ];
}

const introduction = `# Events

Written by \`npm run docs\` from \`events/catalog\`: do not edit.

Everything that the exchange knows is an event in a stream; the log is made of commits, each of one or more events
appended at once. Events reach others in the feed (\`GET /feed\`) and on the event bus, there as CloudEvents 1.0 with
\`source\` \`/suanwang\`, \`type\` \`suanwang.NAME.vVERSION\`, \`id\` \`STREAM@VERSION\`, \`subject\` the stream, and the
extension attributes \`stream\`, \`version\` (the event's place in its stream, from 1), \`commandid\`, \`causationid\`,
\`correlationid\` and \`actor\`. An event on the bus that is larger than 64 KB comes without \`data\`: read it by stream
and version. Delivery is at least once and in no order: go by \`id\` and \`version\`.

Money is in mills (1/1000 CNY) as a decimal string; prices are whole fen per card-hour; a slot is a tenth of an hour,
Unix seconds / 360; ranges \`from\`–\`to\` leave out \`to\`. New optional fields may appear at any time; a breaking change
has a new version, in which the exchange serves old events too.
`;

function page(described: ReadonlyMap<string, readonly Described[]>): string {
  const sections = Object.entries(kinds).flatMap(([kind, [title, stream]]) => [
    `## ${title}`,
    "",
    `Streams \`${stream}\`.`,
    "",
    ...(described.get(kind) ?? []).flatMap(eventText),
  ]);
  return `${[introduction, ...sections].join("\n").trimEnd()}\n`;
}

/** Contents by path below docs/. */
function documents(): ReadonlyMap<string, string> {
  const described = new Map<string, readonly Described[]>();
  const files = new Map<string, string>();
  for (const [kind, definitions] of Object.entries(catalog)) {
    const events = definitions.map((definition) => ({ definition, schema: schemaOf(definition) }));
    described.set(kind, events);
    for (const { definition, schema } of events)
      files.set(schemaFile(definition), `${JSON.stringify(schema, null, 2)}\n`);
  }
  return files.set("events.md", page(described));
}

async function staleFiles(wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, content] of wanted) {
    const found = await readFile(new URL(path, folder), "utf8").catch(() => undefined);
    if (found !== content) stale.push(path);
  }
  const schemas = await readdir(new URL("schemas/", folder)).catch(() => []);
  return [...stale, ...schemas.map((file) => `schemas/${file}`).filter((path) => !wanted.has(path))];
}

const wanted = documents();
const stale = await staleFiles(wanted);
if (process.argv.includes("--check")) {
  for (const path of stale) console.error(`docs/${path} is stale: run npm run docs`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  await mkdir(new URL("schemas/", folder), { recursive: true });
  for (const path of stale) {
    const content = wanted.get(path);
    if (content === undefined) await rm(new URL(path, folder));
    else await writeFile(new URL(path, folder), content);
  }
}
