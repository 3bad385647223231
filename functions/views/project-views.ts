import * as z from "zod";
import type { FeedPage } from "../../events/store/feed.ts";
import { createFollower } from "../../events/store/follow.ts";
import { createTreeGrower } from "../../events/store/grow-tree.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { ownKey, projectEvent } from "../../market/views/project.ts";
import {
  ListCount,
  put,
  type ViewAppend,
  type ViewChange,
  type ViewEffect,
  type ViewKey,
  viewKeys,
} from "../../market/views/view.ts";
import { onLambda } from "../kit/lambda.ts";
import type { ViewItem, Views } from "../kit/views.ts";
import { lastPosition, wakeUp } from "../kit/wake.ts";

const inFlight = 32;
/** Items kept in mind at most. */
const itemsKept = 5_000;

/** Items by name. */
type Items = Map<string, ViewItem>;

/**
 * New pages of the feed change the views: each item is written once a page, and the checkpoint moves last. Beside them,
 * the Merkle tree of the feed grows by the same pages: neither waits for the other, nor stops at what stops the other.
 */
export const create = wakeUp(({ feed, views, tree }) => {
  const memory: Items = new Map();
  const progress = { get: () => views.asOf(), advance: (position: number) => views.advance(position) };
  let done = 0;
  const handle = async (pages: readonly FeedPage[]) => {
    for (const page of pages) {
      // What changed in pages that another process did is not in mind here.
      if (page.position !== done + 1) memory.clear();
      await project(views, memory, page);
      done = page.position;
    }
  };
  const follow = createFollower({ feed, progress, handle });
  const grow = createTreeGrower({ feed, tree });
  return async (keys) => {
    const upTo = lastPosition(keys);
    assertFulfilled(await Promise.allSettled([follow(upTo), grow(upTo)]));
  };
});
export const handler = onLambda(create);

function assertFulfilled(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

const nameOf = ({ pk, sk }: ViewKey) => `${pk}\n${sk}`;

async function project(views: Views, memory: Items, page: FeedPage): Promise<void> {
  const own = page.commits.flatMap(({ stream }) => ownKey(stream) ?? []);
  const items = await load(views, memory, own);
  const before = new Map([...items].map(([name, { data }]) => [name, data]));
  const left = unseen(page, items);
  // Another process was ahead: what it changed beside its streams' own items is not what is in mind here.
  if (left.commits.length < page.commits.length) memory.clear();
  const effects = effectsOf(left, before);
  const appends = Map.groupBy(effects.filter(isAppend), ({ list }) => list);
  const counts = await load(views, memory, [...appends.keys()].map(viewKeys.count));
  for (const [name, item] of counts) items.set(name, item);
  const changes = [
    ...effects.filter(isChange),
    ...[...appends].flatMap(([list, own]) => numbered(list, own, page.position, items)),
  ];
  const others = changes.filter((one) => one.reads && !items.has(nameOf(one)));
  for (const [name, item] of await load(views, memory, others)) items.set(name, item);
  const written = apply(page.position, changes, items);
  const ownNames = new Set(own.map(nameOf));
  const countNames = new Set([...appends.keys()].map((list) => nameOf(viewKeys.count(list))));
  const isOwn = (item: ViewKey) => ownNames.has(nameOf(item));
  const isCount = (item: ViewKey) => countNames.has(nameOf(item));
  // Own items go last: while one is as it was before the page, all that follows from it can be worked out again.
  // Counts go before them: once one of the page's commits is left out, the others would be numbered anew.
  for (const some of [
    written.filter((item) => !isOwn(item) && !isCount(item)),
    written.filter(isCount),
    written.filter(isOwn),
  ])
    await forEachInFlight(inFlight, some, (item) => write(views, memory, item));
}

/**
 * An item is a function of the feed up to its position. So one that this process wrote needs no reading again, as long as
 * it works out every commit itself: should another process be ahead, what is made here is there already, and not written.
 */
async function load(views: Views, memory: Items, keys: readonly ViewKey[]): Promise<Items> {
  const found: Items = new Map();
  const absent = keys.filter((key) => {
    const item = memory.get(nameOf(key));
    if (item !== undefined) found.set(nameOf(key), item);
    return item === undefined;
  });
  for (const item of await views.getMany(absent, z.unknown())) found.set(nameOf(item), item);
  return found;
}

async function write(views: Views, memory: Items, item: ViewItem): Promise<void> {
  const name = nameOf(item);
  memory.delete(name);
  if (item.data === undefined) {
    await views.remove(item, item.position);
    return;
  }
  if (!(await views.put(item))) return;
  memory.set(name, item);
  const oldest = memory.size > itemsKept ? memory.keys().next().value : undefined;
  if (oldest !== undefined) memory.delete(oldest);
}

/** What is left of the page: where a stream's own item has seen it, all that follows from it was written before. */
function unseen({ commits, ...page }: FeedPage, items: ReadonlyMap<string, ViewItem>): FeedPage {
  const seen = (key: ViewKey | undefined) =>
    key !== undefined && (items.get(nameOf(key))?.position ?? 0) >= page.position;
  return { ...page, commits: commits.filter(({ stream }) => !seen(ownKey(stream))) };
}

/** Everything that a page does to the views, in order; `own` follows the streams' own items from event to event. */
function effectsOf({ position, commits }: FeedPage, own: Map<string, unknown>): ViewEffect[] {
  return commits.flatMap(({ stream, version, time, events }) => {
    const key = ownKey(stream);
    return events.flatMap((event, index) => {
      const before = key === undefined ? undefined : own.get(nameOf(key));
      const changes = projectEvent(event, { version: version + index, position, time }, before);
      for (const one of changes)
        if (!isAppend(one) && key !== undefined && nameOf(one) === nameOf(key))
          own.set(nameOf(key), one.patch(own.get(nameOf(key))));
      return changes;
    });
  });
}

function isChange(effect: ViewEffect): effect is ViewChange {
  return !isAppend(effect);
}

function isAppend(effect: ViewEffect): effect is ViewAppend {
  return "list" in effect;
}

/** New items of one list under their numbers; none where a later page was counted already. */
function numbered(list: string, own: readonly ViewAppend[], position: number, items: Items): ViewChange[] {
  const key = viewKeys.count(list);
  const known = items.get(nameOf(key));
  const { before, count } = known === undefined ? { before: 0, count: 0 } : ListCount.parse(known.data);
  if (known !== undefined && known.position > position) return [];
  // What was cut off behind the count is numbered as it was.
  const first = known?.position === position ? before : count;
  return [
    ...own.map((one, index) => {
      const number = first + index + 1;
      return put(viewKeys.numbered(list, number), one.item(number));
    }),
    put(key, { before: first, count: first + own.length }),
  ];
}

/** The items as the page leaves them; those that have seen it stay as they are. */
function apply(
  position: number,
  changes: readonly ViewChange[],
  items: ReadonlyMap<string, ViewItem>,
): ViewItem[] {
  const fresh = changes.filter((one) => (items.get(nameOf(one))?.position ?? 0) < position);
  return [...Map.groupBy(fresh, nameOf)].flatMap(([name, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    const data = own.reduce((before, one) => one.patch(before), items.get(name)?.data);
    return [{ pk: first.pk, sk: first.sk, position, data }];
  });
}
