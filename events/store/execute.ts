import { createHash } from "node:crypto";
import { type DomainEvent, definitionOf } from "../catalog/catalog.ts";
import type { Commit } from "../catalog/envelope.ts";
import type { ParsedCommit } from "../upcasts.ts";
import { createPause, type Pause } from "./backoff.ts";
import { canonicalJson } from "./canonical-json.ts";
import { createFoldCache, type Fold, type FoldCache } from "./fold-cache.ts";
import { type EventLog, maxCommitBytes } from "./log.ts";

/** Where commands are carried out. */
export interface Store {
  readonly log: EventLog;
  readonly folds: FoldCache;
  /** After a conflict. */
  readonly pause: Pause;
}

export interface StoreOptions {
  readonly folds?: FoldCache;
  /** Source of the jitter, in [0, 1). */
  readonly random: () => number;
}

export function createStore(log: EventLog, { folds = createFoldCache(), random }: StoreOptions): Store {
  return {
    log,
    folds,
    pause: createPause(random),
  };
}

/** The rules of one kind of stream, as far as the store sees them. */
export interface StreamDecider<State, Command, Event, Rejection> {
  readonly initial: State;
  decide(command: Command, state: State): StreamDecision<Event, Rejection>;
  evolve(state: State, event: Event): State;
}

export type StreamDecision<Event, Rejection> =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly rejection: Rejection };

/** What a commit says of its cause. */
export interface CommandMeta {
  /** A stream carries out a commandId once, whatever came after. */
  readonly commandId: string;
  readonly actor: string;
  readonly causationId: string;
  readonly correlationId: string;
  /** Market time of the decision, UTC, ISO 8601. */
  readonly time: string;
  /** Hash of the request's body, where a request caused the command. */
  readonly requestHash?: string;
}

export type Outcome<State, Event, Rejection> =
  | {
      readonly kind: "done";
      readonly state: State;
      readonly version: number;
      /** What this call appended: nothing if it was repeated or changed nothing. */
      readonly events: readonly Event[];
      /** The commandId was in the stream already. */
      readonly repeated: boolean;
    }
  | {
      readonly kind: "rejected";
      readonly rejection: Rejection;
      readonly state: State;
      readonly version: number;
    }
  /** The commandId was used with another request body. */
  | { readonly kind: "keyReused" }
  /** The stream is not at the expected version. */
  | { readonly kind: "stale"; readonly version: number };

export interface ExecuteOptions {
  /** The version that the stream must have before the command (If-Match). */
  readonly expectedVersion?: number;
}

/** Others appended to the stream during each of the tries; the command may be sent again. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
  constructor(stream: string) {
    super(`stream ${stream} changed during each of ${maxTries} tries`);
  }
}

const maxTries = 8;

/**
 * Decides a command against a stream and appends the events, as one commit.
 * A cached fold is tried first: an append proves it right, any other answer is given after a consistent read only.
 * @throws ConflictError after eight tries; CommitTooLarge.
 */
export async function execute<State, Command, Event extends DomainEvent, Rejection>(
  store: Store,
  decider: StreamDecider<State, Command, Event, Rejection>,
  stream: string,
  command: Command,
  meta: CommandMeta,
  options: ExecuteOptions = {},
): Promise<Outcome<State, Event, Rejection>> {
  const tryAt = async (fold: Fold<State>) => {
    const decided = answer(decider, fold, command, meta, options);
    if (decided.kind === "known") return decided.outcome;
    return await appendEvents(store, decider, stream, fold, decided.events, meta);
  };
  const cached = store.folds.get(stream, decider);
  const guess = cached === undefined ? undefined : await tryAt(cached);
  if (guess?.kind === "done" && guess.events.length > 0) return guess;
  for (let attempt = 1; attempt <= maxTries; attempt++) {
    if (attempt > 1) await store.pause(attempt);
    const outcome = await tryAt(await readFold(store, decider, stream));
    if (outcome !== undefined) return outcome;
  }
  throw new ConflictError(stream);
}

/** The state of a stream, read consistently; version 0: the stream does not exist. */
export async function loadState<State, Event extends DomainEvent>(
  store: Store,
  decider: { readonly initial: State; evolve(state: State, event: Event): State },
  stream: string,
): Promise<{ readonly state: State; readonly version: number }> {
  const { state, version } = await readFold(store, decider, stream);
  return { state, version };
}

/**
 * The state of a stream as this process last saw it; read if it never did. Perhaps old: enough for what never changes
 * once it is there, such as that a stream exists, or whose it is.
 */
export async function knownState<State, Event extends DomainEvent>(
  store: Store,
  decider: { readonly initial: State; evolve(state: State, event: Event): State },
  stream: string,
): Promise<State> {
  const cached = store.folds.get(stream, decider);
  return cached !== undefined && cached.version > 0
    ? cached.state
    : (await readFold(store, decider, stream)).state;
}

type Answer<State, Event, Rejection> =
  | { readonly kind: "append"; readonly events: readonly Event[] }
  | { readonly kind: "known"; readonly outcome: Outcome<State, Event, Rejection> };

function answer<State, Command, Event, Rejection>(
  decider: StreamDecider<State, Command, Event, Rejection>,
  fold: Fold<State>,
  command: Command,
  meta: CommandMeta,
  { expectedVersion }: ExecuteOptions,
): Answer<State, Event, Rejection> {
  const known = (outcome: Outcome<State, Event, Rejection>) => ({ kind: "known", outcome }) as const;
  const { state, version } = fold;
  if (fold.commandIds.has(meta.commandId)) {
    const same = fold.commandIds.get(meta.commandId) === meta.requestHash;
    return known(same ? { kind: "done", state, version, events: [], repeated: true } : { kind: "keyReused" });
  }
  if (expectedVersion !== undefined && expectedVersion !== version) return known({ kind: "stale", version });
  const decision = decider.decide(command, state);
  if (!decision.ok) return known({ kind: "rejected", rejection: decision.rejection, state, version });
  if (decision.events.length > 0) return { kind: "append", events: decision.events };
  return known({ kind: "done", state, version, events: [], repeated: false });
}

/** Undefined: a conflict. */
async function appendEvents<State, Event extends DomainEvent>(
  store: Store,
  decider: { readonly initial: State; evolve(state: State, event: Event): State },
  stream: string,
  fold: Fold<State>,
  events: readonly Event[],
  meta: CommandMeta,
) {
  const commit = commitOf(stream, fold.version + 1, events, meta);
  if ((await store.log.append(commit)) === "conflict") return undefined;
  fold.commandIds.set(meta.commandId, meta.requestHash);
  const state = events.reduce((before, event) => decider.evolve(before, event), fold.state);
  const version = fold.version + events.length;
  store.folds.put(stream, decider, { version, state, commandIds: fold.commandIds });
  return { kind: "done", state, version, events, repeated: false } as const;
}

function commitOf(
  stream: string,
  version: number,
  events: readonly DomainEvent[],
  meta: CommandMeta,
): Commit {
  return {
    stream,
    version,
    commandId: meta.commandId,
    ...(meta.requestHash === undefined ? {} : { requestHash: meta.requestHash }),
    time: meta.time,
    actor: meta.actor,
    causationId: meta.causationId,
    correlationId: meta.correlationId,
    events: events.map(({ type, data }) => ({ type, v: definitionOf(type)?.version ?? 1, data })),
  };
}

async function readFold<State, Event extends DomainEvent>(
  store: Store,
  decider: { readonly initial: State; evolve(state: State, event: Event): State },
  stream: string,
): Promise<Fold<State>> {
  const cached = store.folds.get(stream, decider);
  const start: Fold<State> = cached ?? { version: 0, state: decider.initial, commandIds: new Map() };
  const fold = foldCommits(decider, start, await store.log.load(stream, start.version));
  store.folds.put(stream, decider, fold);
  return fold;
}

function foldCommits<State, Event extends DomainEvent>(
  decider: { evolve(state: State, event: Event): State },
  start: Fold<State>,
  commits: readonly ParsedCommit[],
): Fold<State> {
  let { state, version } = start;
  for (const commit of commits) {
    // The log holds only the events of a stream's kind in it, and the decider is the one of that kind.
    for (const event of commit.events) state = decider.evolve(state, event as DomainEvent as Event);
    version += commit.events.length;
    start.commandIds.set(commit.commandId, commit.requestHash);
  }
  return { version, state, commandIds: start.commandIds };
}

/** One of several commands for one stream. */
export interface BatchItem<Command> {
  readonly command: Command;
  readonly commandId: string;
}

export type ItemResult<Event, Rejection> =
  | { readonly kind: "done"; readonly events: readonly Event[] }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

export interface BatchOutcome<State, Event, Rejection> {
  readonly state: State;
  readonly version: number;
  /** In the order of the items. */
  readonly results: readonly ItemResult<Event, Rejection>[];
}

/**
 * Decides commands against one stream, one after the other, and appends their events in as few commits as fit.
 * A commit's commandId is a hash of its items' ids and of what was decided on them, for an item may be decided otherwise
 * later: a hold that was refused is taken once the funds are there. It only tells where the commit came from: each
 * command must be idempotent by the decider's own state.
 * @throws ConflictError after eight tries of one commit; CommitTooLarge if one command's events do not fit a commit.
 */
export async function executeMany<State, Command, Event extends DomainEvent, Rejection>(
  store: Store,
  decider: StreamDecider<State, Command, Event, Rejection>,
  stream: string,
  items: readonly BatchItem<Command>[],
  meta: Omit<CommandMeta, "commandId" | "requestHash">,
): Promise<BatchOutcome<State, Event, Rejection>> {
  const results: ItemResult<Event, Rejection>[] = [];
  const cached = items.length === 0 ? undefined : store.folds.get(stream, decider);
  let fold = cached ?? (await readFold(store, decider, stream));
  // As in `execute`: an append proves a cached fold right.
  let proven = cached === undefined;
  let attempt = 1;
  while (results.length < items.length) {
    const batch = decideBatch(decider, fold.state, items.slice(results.length));
    const answered = items.slice(results.length, results.length + batch.results.length);
    const commandId = batchCommandId(answered, batch.texts);
    const done =
      batch.events.length === 0
        ? proven
        : (await appendEvents(store, decider, stream, fold, batch.events, { ...meta, commandId })) !==
          undefined;
    if (done) {
      results.push(...batch.results);
      attempt = 1;
    } else if (proven) {
      attempt += 1;
      if (attempt > maxTries) throw new ConflictError(stream);
      await store.pause(attempt);
    }
    const next = done ? store.folds.get(stream, decider) : undefined;
    fold = next ?? (await readFold(store, decider, stream));
    proven = true;
  }
  return { state: fold.state, version: fold.version, results };
}

/** Room left for the commit's own attributes. */
const batchBytes = maxCommitBytes - 2_000;

/** Decides items until their events fill a commit. */
function decideBatch<State, Command, Event extends DomainEvent, Rejection>(
  decider: StreamDecider<State, Command, Event, Rejection>,
  start: State,
  items: readonly BatchItem<Command>[],
) {
  const results: ItemResult<Event, Rejection>[] = [];
  const events: Event[] = [];
  const texts: string[] = [];
  let state = start;
  let bytes = 0;
  for (const { command } of items) {
    const decision = decider.decide(command, state);
    if (!decision.ok) {
      results.push({ kind: "rejected", rejection: decision.rejection });
      continue;
    }
    // 10 bytes an event for its version, which is not there yet.
    const own = decision.events.map(canonicalJson);
    for (const text of own) bytes += Buffer.byteLength(text) + 10;
    if (bytes > batchBytes && events.length > 0) break;
    for (const event of decision.events) state = decider.evolve(state, event);
    events.push(...decision.events);
    texts.push(...own);
    results.push({ kind: "done", events: decision.events });
  }
  return { results, events, texts };
}

/** @param decided canonical JSON of the events */
function batchCommandId(items: readonly BatchItem<unknown>[], decided: readonly string[]): string {
  const hash = createHash("sha256");
  for (const { commandId } of items) hash.update(commandId).update("\n");
  for (const text of decided) hash.update(text).update("\n");
  return hash.digest("hex");
}
