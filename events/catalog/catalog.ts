import { accountEvents, depositEvents } from "./account.ts";
import { auctionEvents } from "./auction.ts";
import { breakEvents } from "./break.ts";
import { capacityEvents, centerEvents } from "./center.ts";
import type { EventDefinition, EventsOf } from "./definition.ts";
import { fundEvents } from "./fund.ts";
import { invoiceEvents, payoutEvents } from "./invoice.ts";
import { jobEvents } from "./job.ts";
import { offerEvents } from "./offer.ts";
import { periodEvents } from "./period.ts";

/** Every event of the exchange, by the kind of its stream. */
export const catalog = {
  center: centerEvents,
  capacity: capacityEvents,
  offer: offerEvents,
  job: jobEvents,
  auction: auctionEvents,
  account: accountEvents,
  deposit: depositEvents,
  period: periodEvents,
  invoice: invoiceEvents,
  payout: payoutEvents,
  break: breakEvents,
  fund: fundEvents,
} as const;

export type StreamKind = keyof typeof catalog;
export type DomainEvent = { [Kind in StreamKind]: EventsOf<(typeof catalog)[Kind]> }[StreamKind];

const definitions: readonly EventDefinition[] = Object.values(catalog).flat();
const byType = new Map(definitions.map((definition) => [definition.type, definition]));

/** The definition of an event's current version; undefined for a name that the catalog does not hold. */
export function definitionOf(type: string): EventDefinition | undefined {
  return byType.get(type);
}

/** Parses untrusted data as an event of the current catalog; throws ZodError or, for an unknown name, Error. */
export function parseEvent(type: string, data: unknown): DomainEvent {
  const definition = definitionOf(type);
  if (definition === undefined) throw new Error(`unknown event ${type}`);
  // The map is built from the union's own definitions, so the name and the parsed data belong together.
  return { type, data: definition.data.parse(data) } as DomainEvent;
}
