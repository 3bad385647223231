import { type DomainEvent, definitionOf } from "../events/catalog/catalog.ts";
import { streamKind } from "../events/catalog/streams.ts";
import type { ExportedCommit, ExportedPage, PageSource } from "./pages.ts";
import { type ParquetColumn, writeParquet } from "./parquet-file.ts";

// The log as a table for SQL: one row per event, with its whole data as JSON text and beside it what queries join, group
// and add up by. docs/log-in-sql.md has the queries.

/** Decimal places of `amount`: mills. */
const AMOUNT_SCALE = 3;

const textOrNull = <const Name extends string>(name: Name) =>
  ({ name, type: "text", nullable: true }) as const;

/** Fields of the events' data that stand in columns of their own, under their names there. */
const lifted = [
  textOrNull("job"),
  textOrNull("placement"),
  textOrNull("account"),
  textOrNull("owner"),
  textOrNull("center"),
  textOrNull("product"),
  textOrNull("period"),
  textOrNull("charge"),
  textOrNull("invoice"),
  textOrNull("payout"),
  textOrNull("break"),
  textOrNull("currency"),
] as const;
type Lifted = (typeof lifted)[number]["name"];

export interface LogRow extends Readonly<Record<Lifted, string | null>> {
  /** Page of the feed. */
  readonly position: number;
  /** Place of the event in its page, from 0: with the position the order in which the exchange observed it. */
  readonly ordinal: number;
  readonly page_hash: string;
  readonly stream: string;
  /** Kind of the stream: job, account, center … */
  readonly kind: string;
  readonly version: number;
  readonly type: string;
  readonly event_version: number;
  readonly time: number;
  readonly actor: string;
  readonly command_id: string;
  readonly causation_id: string;
  readonly correlation_id: string;
  readonly auction: number | null;
  readonly stretch: number | null;
  readonly slot_from: number | null;
  readonly slot_to: number | null;
  /** What the event moves or states, in whole units of its currency: see `amountOf`. */
  readonly amount: bigint | null;
  readonly data: string;
}

const logColumns: readonly ParquetColumn<LogRow>[] = [
  { name: "position", type: "integer", nullable: false },
  { name: "ordinal", type: "integer", nullable: false },
  { name: "page_hash", type: "text", nullable: false },
  { name: "stream", type: "text", nullable: false },
  { name: "kind", type: "text", nullable: false },
  { name: "version", type: "integer", nullable: false },
  { name: "type", type: "text", nullable: false },
  { name: "event_version", type: "integer", nullable: false },
  { name: "time", type: "time", nullable: false },
  { name: "actor", type: "text", nullable: false },
  { name: "command_id", type: "text", nullable: false },
  { name: "causation_id", type: "text", nullable: false },
  { name: "correlation_id", type: "text", nullable: false },
  ...lifted,
  { name: "auction", type: "integer", nullable: true },
  { name: "stretch", type: "integer", nullable: true },
  { name: "slot_from", type: "integer", nullable: true },
  { name: "slot_to", type: "integer", nullable: true },
  { name: "amount", type: { scale: AMOUNT_SCALE }, nullable: true },
  { name: "data", type: "text", nullable: false },
];

async function* logRows(pages: PageSource): AsyncGenerator<LogRow> {
  for await (const page of pages) {
    let ordinal = 0;
    for (const commit of page.commits) {
      yield* rowsOf(page, commit, ordinal);
      ordinal += commit.events.length;
    }
  }
}

/** Writes one row per event of the feed to a Parquet file; one that is there is replaced. */
export async function writeLogParquet(pages: PageSource, file: string): Promise<void> {
  await writeParquet(file, logColumns, logRows(pages));
}

function* rowsOf(page: ExportedPage, commit: ExportedCommit, ordinal: number): Generator<LogRow> {
  const shared = {
    position: page.position,
    page_hash: page.hash,
    stream: commit.stream,
    kind: streamKind(commit.stream),
    time: Date.parse(commit.time),
    actor: commit.actor,
    command_id: commit.commandId,
    causation_id: commit.causationId,
    correlation_id: commit.correlationId,
  };
  for (const [n, event] of commit.events.entries())
    yield {
      ...shared,
      ordinal: ordinal + n,
      version: commit.version + n,
      type: event.type,
      event_version: definitionOf(event.type)?.version ?? 1,
      ...liftedOf(event),
      amount: amountOf(event),
      data: JSON.stringify(event.data),
    };
}

/** An award's names stand one level down. */
function fieldsOf(event: DomainEvent): Readonly<Record<string, unknown>> {
  return event.type === "JobPlaced" || event.type === "JobContinued" || event.type === "JobBridged"
    ? { ...event.data.award, ...event.data }
    : { ...event.data };
}

function liftedOf(event: DomainEvent) {
  const fields = fieldsOf(event);
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === "string" ? value : null;
  };
  const number = (...names: string[]) => {
    for (const name of names) {
      const value = fields[name];
      if (typeof value === "number") return value;
    }
    return null;
  };
  return {
    job: text("job"),
    placement: text("placement"),
    account: text("account"),
    owner: text("owner"),
    center: text("center"),
    product: text("product"),
    period: text("period"),
    charge: text("charge"),
    invoice: text("invoice"),
    payout: text("payout"),
    break: text("break"),
    currency: text("currency"),
    auction: number("auction"),
    stretch: number("stretch"),
    slot_from: number("from", "slot"),
    slot_to: number("to"),
  };
}

/** Mills that an event is about: charged, paid, held, awarded, payable; null where it is about none or about many. */
function amountOf(event: DomainEvent): bigint | null {
  switch (event.type) {
    case "ChargePosted":
    case "CorrectionPosted":
      return BigInt(event.data.tenantPays);
    case "HoldSettled":
      return BigInt(event.data.paid);
    case "JobRequested":
      return BigInt(event.data.hold);
    case "JobPlaced":
    case "JobContinued":
    case "JobBridged":
      return BigInt(event.data.award.value);
    case "AccountOpened":
    case "AccountCarried":
      return BigInt(event.data.available);
    case "InvoiceIssued":
    case "PayoutStated":
      return BigInt(event.data.payable);
    case "AuctionCleared":
      return BigInt(event.data.value);
    default:
      return "mills" in event.data ? BigInt(event.data.mills) : null;
  }
}
