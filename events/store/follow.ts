import type { Feed, FeedPage } from "./feed.ts";
import { gathering } from "./single-flight.ts";

/** How far one consumer has read the feed, for whoever goes on after this process. */
export interface Progress {
  /** Position of the last page that it is done with; 0: none. */
  get(): Promise<number>;
  /** Moves forward only; false: another process was there already. */
  advance(position: number): Promise<boolean>;
}

/** Brings a consumer to a position or beyond, or to the end of the feed; gives the position that it has reached. */
export type Follower = (upTo: number) => Promise<number>;

export interface FollowerParts {
  readonly feed: Pick<Feed, "readAfter">;
  readonly progress: Progress;
  handle(pages: readonly FeedPage[]): Promise<unknown>;
  /** Pages that may come again after a crash, beside those under way. Default 0: each batch moves the checkpoint. */
  readonly saveAfter?: number;
}

/**
 * Handles the pages after a consumer's checkpoint, in order: a page may come again, none is missed. A process reads the
 * checkpoint once and keeps its place in mind, until a batch fails or another process is found to be ahead.
 * Each page wakes its consumers, so whoever was woken by page n need not look beyond n.
 */
export function createFollower({ feed, progress, handle, saveAfter = 0 }: FollowerParts): Follower {
  let place: { readonly position: number; readonly saved: number } | undefined;
  const start = async () => {
    const position = await progress.get();
    return { position, saved: position };
  };
  const save = async (position: number) =>
    (await progress.advance(position)) ? { position, saved: position } : await start();
  const follow = async (upTo: number) => {
    let reached = place ?? (await start());
    // A batch that fails leaves no place behind: the next wake-up begins at the checkpoint.
    place = undefined;
    while (reached.position < upTo) {
      const pages = await feed.readAfter(reached.position);
      const last = pages.at(-1);
      if (last === undefined) break;
      await handle(pages);
      const { position } = last;
      reached = position - reached.saved > saveAfter ? await save(position) : { ...reached, position };
    }
    place = reached;
    return reached.position;
  };
  // Wake-ups that come meanwhile share the next run.
  const gathered = gathering<number, number>((wakes) => follow(Math.max(...wakes)));
  return (upTo) => gathered([upTo]);
}
