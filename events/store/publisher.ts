import { type CloudEvent, cloudEvents } from "../catalog/envelope.ts";
import { createPause, type Pause } from "./backoff.ts";
import type { Checkpoints } from "./checkpoint.ts";
import type { Feed, FeedPage } from "./feed.ts";
import { createFollower } from "./follow.ts";
import { forEachInFlight } from "./in-flight.ts";

/** One entry of EventBridge's PutEvents. */
export interface BusEntry {
  readonly Source: string;
  readonly DetailType: string;
  /** A CloudEvent as JSON. */
  readonly Detail: string;
  readonly EventBusName: string;
}

/** What PutEvents answers: an entry that failed has an ErrorCode, in the order of the entries. */
export interface BusAnswer {
  readonly FailedEntryCount?: number | undefined;
  readonly Entries?: readonly { readonly ErrorCode?: string | undefined }[] | undefined;
}

export type PutEvents = (entries: readonly BusEntry[]) => Promise<BusAnswer>;

export interface Publisher {
  /**
   * Publishes the feed after the checkpoint, up to position `upTo` at least, by default to the end of the feed; gives
   * the position that it has reached.
   * An event may be published more than once, and its order is not kept: consumers tolerate both.
   * @throws PublishFailed if entries still fail after some tries; the checkpoint stays before them.
   */
  publish(upTo?: number): Promise<number>;
}

export interface PublisherParts {
  readonly feed: Feed;
  readonly checkpoints: Checkpoints;
  readonly putEvents: PutEvents;
  readonly eventBus: string;
  /** In [0, 1): entries that failed are not all sent again at the same moment. */
  readonly random: () => number;
}

export class PublishFailed extends Error {
  override readonly name = "PublishFailed";
}

export const busSource = "suanwang";
/** Bytes of an entry at most; a larger event goes without its data, by stream and version only. */
export const maxEntryBytes = 64_000;
const entriesPerCall = 10;
const bytesPerCall = 250_000;
const maxTries = 5;
const callsInFlight = 8;
const consumer = "publish-events";
/** Pages that may be published again after a crash. */
const saveAfter = 15;

export function createPublisher({
  feed,
  checkpoints,
  putEvents,
  eventBus,
  random,
}: PublisherParts): Publisher {
  const pause = createPause(random);
  const publishPages = async (pages: readonly FeedPage[]) => {
    const events = pages.flatMap((page) => page.commits).flatMap(cloudEvents);
    const entries = events.map((event) => busEntry(event, eventBus));
    await forEachInFlight(callsInFlight, callsOf(entries), (call) => putAll(putEvents, call, pause));
  };
  const progress = {
    get: () => checkpoints.get(consumer),
    advance: (position: number) => checkpoints.advance(consumer, position),
  };
  const follow = createFollower({ feed, progress, handle: publishPages, saveAfter });
  return { publish: (upTo = Number.POSITIVE_INFINITY) => follow(upTo) };
}

function busEntry(event: CloudEvent, eventBus: string): BusEntry {
  const whole = entryOf(event, eventBus);
  if (entryBytes(whole) <= maxEntryBytes) return whole;
  const { data: _, ...reference } = event;
  return entryOf(reference, eventBus);
}

function entryOf(event: CloudEvent, eventBus: string): BusEntry {
  return {
    Source: busSource,
    DetailType: eventName(event),
    Detail: JSON.stringify(event),
    EventBusName: eventBus,
  };
}

/** `suanwang.NAME.vN` → NAME. */
function eventName({ type }: CloudEvent): string {
  return type.slice(type.indexOf(".") + 1, type.lastIndexOf("."));
}

/** As EventBridge counts an entry. */
function entryBytes({ Source, DetailType, Detail }: BusEntry): number {
  return Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

function callsOf(entries: readonly BusEntry[]): BusEntry[][] {
  const calls: BusEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const size = entryBytes(entry);
    if (size > room || calls.at(-1)?.length === entriesPerCall) {
      calls.push([]);
      room = bytesPerCall;
    }
    calls.at(-1)?.push(entry);
    room -= size;
  }
  return calls;
}

async function putAll(putEvents: PutEvents, call: readonly BusEntry[], pause: Pause): Promise<void> {
  let rest = call;
  for (let attempt = 1; attempt <= maxTries; attempt++) {
    if (attempt > 1) await pause(attempt);
    rest = failedEntries(rest, await putEvents(rest));
    if (rest.length === 0) return;
  }
  throw new PublishFailed(`${rest.length} entries failed ${maxTries} times`);
}

function failedEntries(entries: readonly BusEntry[], answer: BusAnswer): readonly BusEntry[] {
  if ((answer.FailedEntryCount ?? 0) === 0) return [];
  const failed = entries.filter((_, index) => answer.Entries?.[index]?.ErrorCode !== undefined);
  // A count without telling which: all of them go again.
  return failed.length === 0 ? entries : failed;
}
