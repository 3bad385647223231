import { catalog, type DomainEvent, definitionOf, parseEvent } from "./catalog/catalog.ts";
import type { Commit, StoredEvent } from "./catalog/envelope.ts";
import { streamKind } from "./catalog/streams.ts";

/** Turns the data of an event's version into the data of its next version. */
export type Upcast = (data: unknown) => unknown;
/** `NAME@FROM-VERSION` → upcast to the version after it. */
export type Upcasts = Readonly<Record<string, Upcast>>;

/** Every breaking change of an event's data there has been. An entry stays for ever. */
export const upcasts: Upcasts = {};

/** An event of the current catalog with the version that it was parsed as. */
export type CommittedEvent = DomainEvent & { readonly v: number };
/** A commit whose events are of the current catalog, whatever version they were stored in. */
export type ParsedCommit = Omit<Commit, "events"> & { events: CommittedEvent[] };

/** What is stored does not fit the catalog: a bug or a damaged store, never something a user did. */
export class UnreadableEvent extends Error {
  override readonly name = "UnreadableEvent";
}

/**
 * Brings stored data up to `current`, one version after the other.
 * @throws UnreadableEvent if an upcast is missing or the data is of a version not known yet.
 */
export function upcast(event: StoredEvent, current: number, table: Upcasts = upcasts): unknown {
  if (event.v > current) throw new UnreadableEvent(`${event.type} v${event.v} is newer than v${current}`);
  let data = event.data;
  for (let version = event.v; version < current; version++) {
    const step = table[`${event.type}@${version}`];
    if (step === undefined) throw new UnreadableEvent(`no upcast for ${event.type} v${version}`);
    data = step(data);
  }
  return data;
}

const typesByKind = new Map<string, ReadonlySet<string>>(
  Object.entries(catalog).map(([kind, events]) => [kind, new Set<string>(events.map(({ type }) => type))]),
);

/**
 * A stored event of a stream as the current catalog has it.
 * @throws UnreadableEvent for an event that streams of this kind do not hold; ZodError for data that does not fit.
 */
export function parseStored(stream: string, event: StoredEvent): CommittedEvent {
  const definition = definitionOf(event.type);
  if (definition === undefined || typesByKind.get(streamKind(stream))?.has(event.type) !== true)
    throw new UnreadableEvent(`${event.type} is no event of stream ${stream}`);
  return { ...parseEvent(event.type, upcast(event, definition.version)), v: definition.version };
}

export function parseCommit(commit: Commit): ParsedCommit {
  return { ...commit, events: commit.events.map((event) => parseStored(commit.stream, event)) };
}
