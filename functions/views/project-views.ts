import { z } from "zod";
import type { FeedPage } from "../../events/store/feed.ts";
import { followFeed } from "../../events/store/follow.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { ownKey, projectEvent } from "../../market/views/project.ts";
import type { ViewChange, ViewKey } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import type { ViewItem } from "../kit/views.ts";
import { lastPosition, wakeUp } from "../kit/wake.ts";

const inFlight = 32;

/** New pages of the feed change the views: each item is written once a page, and the checkpoint moves last. */
export const create = wakeUp((access, keys) => {
  const { feed, views } = access;
  const progress = { get: () => views.asOf(), advance: (position: number) => views.advance(position) };
  return followFeed(feed, progress, lastPosition(keys), async (pages) => {
    for (const page of pages) await project(access, page);
  });
});
export const handler = onLambda(create);

const nameOf = ({ pk, sk }: ViewKey) => `${pk}\n${sk}`;

async function project(access: Access, page: FeedPage): Promise<void> {
  const own = page.commits.flatMap(({ stream }) => ownKey(stream) ?? []);
  const items = await load(access, own);
  const changes = changesOf(unseen(page, items), new Map([...items].map(([name, { data }]) => [name, data])));
  for (const [name, item] of await load(
    access,
    changes.filter((key) => !items.has(nameOf(key))),
  ))
    items.set(name, item);
  const written = apply(page.position, changes, items);
  const isOwn = new Set(own.map(nameOf));
  // Own items go last: while one is as it was before the page, all that follows from it can be worked out again.
  const write = (item: ViewItem) =>
    item.data === undefined ? access.views.remove(item, item.position) : access.views.put(item);
  await forEachInFlight(
    inFlight,
    written.filter((item) => !isOwn.has(nameOf(item))),
    write,
  );
  await forEachInFlight(
    inFlight,
    written.filter((item) => isOwn.has(nameOf(item))),
    write,
  );
}

async function load({ views }: Access, keys: readonly ViewKey[]): Promise<Map<string, ViewItem>> {
  const items = await views.getMany(keys, z.unknown());
  return new Map(items.map((item) => [nameOf(item), item]));
}

/** What is left of the page: where a stream's own item has seen it, all that follows from it was written before. */
function unseen({ commits, ...page }: FeedPage, items: ReadonlyMap<string, ViewItem>): FeedPage {
  const seen = (key: ViewKey | undefined) =>
    key !== undefined && (items.get(nameOf(key))?.position ?? 0) >= page.position;
  return { ...page, commits: commits.filter(({ stream }) => !seen(ownKey(stream))) };
}

/** All changes of a page in order; `own` follows the streams' own items from event to event. */
function changesOf({ position, commits }: FeedPage, own: Map<string, unknown>): ViewChange[] {
  return commits.flatMap(({ stream, version, time, events }) => {
    const key = ownKey(stream);
    return events.flatMap((event, index) => {
      const before = key === undefined ? undefined : own.get(nameOf(key));
      const changes = projectEvent(event, { version: version + index, position, time }, before);
      for (const one of changes)
        if (key !== undefined && nameOf(one) === nameOf(key))
          own.set(nameOf(key), one.patch(own.get(nameOf(key))));
      return changes;
    });
  });
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
