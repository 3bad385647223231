import type { RawPage } from "../bench/audit/feed.ts";
import { type AccountEvent, accountEvents } from "../events/catalog/account.ts";
import { type DomainEvent, parseEvent } from "../events/catalog/catalog.ts";
import type { Commit, StoredEvent } from "../events/catalog/envelope.ts";
import { PeriodClosed } from "../events/catalog/period.ts";
import { canonicalJson } from "../events/store/canonical-json.ts";
import { type FeedHead, genesis, hashBytes, PageBody, pageBytes } from "../events/store/chain.ts";
import { type AccountState, accountDecider, carryOf } from "../market/account.ts";
import { emptyLedger, totalsOf, withEvents } from "../market/settlement/ledger.ts";

/** A feed that somebody changed who also made the rest agree, for an audit to find all the same. */

export function eventsOf(pages: readonly RawPage[]): DomainEvent[] {
  return pages
    .flatMap(({ text }) => PageBody.parse(JSON.parse(text)).commits)
    .flatMap(({ events }) => events.map(({ type, data }) => parseEvent(type, data)));
}

/** The pages with other commits, by somebody who writes all hashes anew, those that closed days name as well. */
export function rechained(
  pages: readonly RawPage[],
  change: (commits: readonly Commit[], position: number) => readonly Commit[],
): RawPage[] {
  const known = new Map<string, string>();
  const renamed = ({ type, v, data }: StoredEvent): StoredEvent => {
    if (type !== PeriodClosed.type) return { type, v, data };
    const closed = PeriodClosed.data.parse(data);
    return { type, v, data: { ...closed, feedHash: known.get(closed.feedHash) ?? closed.feedHash } };
  };
  let head: FeedHead = genesis;
  return pages.map(({ position, text }) => {
    const commits = change(PageBody.parse(JSON.parse(text)).commits, position);
    const own = commits.map((commit) => canonicalJson({ ...commit, events: commit.events.map(renamed) }));
    const bytes = pageBytes(head, own);
    head = { position, hash: hashBytes(bytes) };
    known.set(hashBytes(text), head.hash);
    return { position, text: bytes };
  });
}

export type Change = (
  event: DomainEvent,
  place: { stream: string; position: number },
) => readonly DomainEvent[];

/** The pages with other events, by somebody who counts all versions anew as well. */
export function forged(pages: readonly RawPage[], change: Change): RawPage[] {
  const versions = new Map<string, number>();
  return rechained(pages, (commits, position) =>
    commits.flatMap((commit) => {
      const { stream } = commit;
      const version = (versions.get(stream) ?? 0) + 1;
      const events = commit.events
        .flatMap(({ type, data }) => change(parseEvent(type, data), { stream, position }))
        .map(({ type, data }) => ({ type, v: 1, data }));
      versions.set(stream, version + events.length - 1);
      return events.length === 0 ? [] : [{ ...commit, version, events }];
    }),
  );
}

/** The pages with accounts carried and days closed as the other events have it: a lie that agrees with itself. */
export function agreeing(pages: readonly RawPage[]): RawPage[] {
  return forged(forged(pages, carrying()), totalling());
}

function carrying(): Change {
  const accounts = new Map<string, AccountState>();
  const before = new Map<string, AccountState>();
  const stated = (event: DomainEvent, stream: string): DomainEvent => {
    if (event.type === "AccountOpened" && event.data.carriedFrom !== undefined) {
      const from = before.get(event.data.account);
      return from === undefined || from.phase === "unknown"
        ? event
        : { ...event, data: { ...event.data, ...balanceOf(from) } };
    }
    const state = accounts.get(stream);
    if (event.type !== "AccountCarried" || state === undefined || state.phase === "unknown") return event;
    before.set(event.data.account, state);
    return { ...event, data: { ...event.data, ...balanceOf(state) } };
  };
  const balanceOf = (state: Exclude<AccountState, { phase: "unknown" }>) => {
    const { available, holds: held } = carryOf(state);
    return { available, holds: [...held] };
  };
  return (event, { stream }) => {
    const next = stated(event, stream);
    if (isOfAccount(next))
      accounts.set(stream, accountDecider.evolve(accounts.get(stream) ?? accountDecider.initial, next));
    return [next];
  };
}

function isOfAccount(event: DomainEvent): event is AccountEvent {
  return accountEvents.some(({ type }) => type === event.type);
}

function totalling(): Change {
  const unclosed: { position: number; event: DomainEvent }[] = [];
  return (event, { position }) => {
    unclosed.push({ position, event });
    if (event.type !== "PeriodClosed") return [event];
    const own = unclosed.filter((each) => each.position <= event.data.position);
    unclosed.splice(0, own.length);
    const ledger = withEvents(
      emptyLedger,
      own.map((each) => each.event),
    );
    return [{ ...event, data: { ...event.data, ...totalsOf(ledger) } }];
  };
}
