import * as z from "zod";

/** Who caused an append: a person or service by its owner and role, or a part of the exchange. */
export const Actor = z.string().min(1).max(200);

/** One event inside a commit, as stored. */
export const StoredEvent = z.object({ type: z.string(), v: z.int().min(1), data: z.unknown() });
export type StoredEvent = z.infer<typeof StoredEvent>;

/**
 * One append, as stored: `pk` = stream, `sk` = version of its first event.
 * Its events have the versions `version`, `version + 1`, …; versions count from 1.
 */
export const Commit = z.object({
  stream: z.string(),
  version: z.int().min(1),
  commandId: z.string(),
  /** Hash of the request's body where a request caused it: the same key with another body is refused. */
  requestHash: z.string().optional(),
  /** CloudEvents `time`: market time of the decision, UTC. */
  time: z.iso.datetime(),
  actor: Actor,
  /** The event or request that led to this one. */
  causationId: z.string(),
  /** Shared by all that follows from one request. */
  correlationId: z.string(),
  events: z.array(StoredEvent).min(1),
});
export type Commit = z.infer<typeof Commit>;

/** CloudEvents 1.0 attributes, in which events leave the exchange. */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** `STREAM@VERSION` */
  readonly id: string;
  readonly source: "/suanwang";
  /** `suanwang.NAME.vN` */
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly stream: string;
  readonly version: number;
  readonly commandid: string;
  readonly causationid: string;
  readonly correlationid: string;
  readonly actor: string;
  readonly data?: unknown;
}

/** The events of a commit as CloudEvents, in version order. */
export function cloudEvents(commit: Commit): CloudEvent[] {
  return commit.events.map((event, index) => ({
    specversion: "1.0",
    id: `${commit.stream}@${commit.version + index}`,
    source: "/suanwang",
    type: `suanwang.${event.type}.v${event.v}`,
    subject: commit.stream,
    time: commit.time,
    datacontenttype: "application/json",
    stream: commit.stream,
    version: commit.version + index,
    commandid: commit.commandId,
    causationid: commit.causationId,
    correlationid: commit.correlationId,
    actor: commit.actor,
    data: event.data,
  }));
}
