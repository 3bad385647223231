import type { Feed, FeedPage } from "./feed.ts";
import { createFollower, type Follower } from "./follow.ts";
import { hashLeaf } from "./merkle-tree.ts";
import { commitTexts } from "./page-commits.ts";
import type { Tree, TreeHead } from "./tree.ts";
import type { TreeEdge } from "./tree-edge.ts";

export interface TreeParts {
  readonly feed: Pick<Feed, "readAfter">;
  /** What is stored of the tree. */
  readonly tree: Tree;
}

/** A tree as it is after a page. */
export interface Grown {
  readonly head: TreeHead;
  readonly edge: TreeEdge;
}

/** How much a reader may have to add to what is stored: see docs/decisions/0082. */
export interface Unsaved {
  readonly pages: number;
  readonly commits: number;
}
const fewUnsaved: Unsaved = { pages: 64, commits: 256 };

/**
 * Grows the tree by the pages of the feed, and stores it now and then. Its newest stored head is its checkpoint, and what
 * it puts is a function of the feed: pages may come again, and any number of processes may grow it at once.
 * @throws BrokenChain or TreeForked, at the page where the feed is not what it was
 */
export function createTreeGrower({ feed, tree }: TreeParts, unsaved: Unsaved = fewUnsaved): Follower {
  let kept: { readonly saved: TreeHead; readonly grown: Grown } | undefined;
  const start = async () => {
    const saved = await tree.head();
    return { saved, grown: { head: saved, edge: await tree.edge(saved) } };
  };
  // Where it is, is kept in mind between two saves; whoever goes on after this process begins at the stored head.
  const progress = { get: async () => (await tree.head()).position, advance: async () => true };
  const handle = async (pages: readonly FeedPage[]) => {
    const first = pages[0]?.position ?? 0;
    const begun = kept?.grown.head.position === first - 1 ? kept : await start();
    // What fails half-way is begun again from the stored head.
    kept = undefined;
    const grown = withPages(begun.grown, pages);
    const save = isDue(begun.saved, grown.head, unsaved);
    if (save) await tree.put(grown.edge.takeTiles(), grown.head);
    kept = { saved: save ? grown.head : begun.saved, grown };
  };
  return createFollower({ feed, progress, handle });
}

function isDue(saved: TreeHead, head: TreeHead, { pages, commits }: Unsaved): boolean {
  return head.position - saved.position >= pages || head.size - saved.size >= commits;
}

/** Appends the commits of those pages that the tree has not seen. @throws BrokenChain */
export function withPages({ head, edge }: Grown, pages: readonly FeedPage[]): Grown {
  let last = head;
  for (const page of pages.filter(({ position }) => position > head.position)) {
    for (const commit of commitTexts(last, page)) edge.append(hashLeaf(commit));
    const { position, hash } = page;
    last = { size: edge.size, root: "", position, hash };
  }
  return { head: { ...last, root: edge.root().toString("hex") }, edge };
}
