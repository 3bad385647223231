import type { Feed, FeedPage } from "./feed.ts";

/** How far one consumer has read the feed. */
export interface Progress {
  /** Position of the last page that it is done with; 0: none. */
  get(): Promise<number>;
  /** Moves forward only. */
  advance(position: number): Promise<unknown>;
}

/**
 * Handles the pages after a consumer's checkpoint, which moves after each batch: a page may come again, none is missed.
 * @param upTo ends at this position or later, or where the feed ends. Each page wakes its consumers, so whoever was
 *   woken by page n need not look beyond n.
 * @returns the checkpoint's position.
 */
export async function followFeed(
  feed: Pick<Feed, "readAfter">,
  progress: Progress,
  upTo: number,
  handle: (pages: readonly FeedPage[]) => Promise<unknown>,
): Promise<number> {
  let position = await progress.get();
  while (position < upTo) {
    const pages = await feed.readAfter(position);
    const last = pages.at(-1);
    if (last === undefined) break;
    await handle(pages);
    await progress.advance(last.position);
    position = last.position;
  }
  return position;
}
