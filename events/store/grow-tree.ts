import type { Feed, FeedPage } from "./feed.ts";
import { createFollower, type Follower } from "./follow.ts";
import { hashLeaf } from "./merkle-tree.ts";
import { commitTexts } from "./page-commits.ts";
import type { Tree, TreeHead } from "./tree.ts";
import type { TreeEdge } from "./tree-edge.ts";

interface TreeParts {
  readonly feed: Pick<Feed, "readAfter">;
  readonly tree: Tree;
}

/** A tree as it is after a page. */
interface Grown {
  readonly head: TreeHead;
  readonly edge: TreeEdge;
}

/**
 * Grows the tree by the pages of the feed. Its newest head is its checkpoint, and what it puts is a function of the feed:
 * pages may come again, and any number of processes may grow it at once.
 * @throws BrokenChain or TreeForked, at the page where the feed is not what it was
 */
export function createTreeGrower({ feed, tree }: TreeParts): Follower {
  let grown: Grown | undefined;
  const start = async () => {
    const head = await tree.head();
    return { head, edge: await tree.edge(head) };
  };
  const progress = { get: async () => (await tree.head()).position, advance: async () => true };
  const handle = async (pages: readonly FeedPage[]) => {
    const first = pages[0]?.position ?? 0;
    const begun = grown?.head.position === first - 1 ? grown : await start();
    // What fails half-way is begun again from the head that is stored.
    grown = undefined;
    const heads = withPages(begun, pages);
    await tree.put(begun.edge.takeTiles(), heads);
    grown = { head: heads.at(-1) ?? begun.head, edge: begun.edge };
  };
  return createFollower({ feed, progress, handle });
}

/**
 * The head of the tree at a page of the feed, also where the tree has not grown so far yet; nothing is written.
 * @throws Error if the feed has no such page; BrokenChain
 */
export async function treeHeadAt({ feed, tree }: TreeParts, position: number): Promise<TreeHead> {
  let head = await tree.head();
  if (position <= head.position) return (await tree.headAt(position)) ?? missing(position);
  const edge = await tree.edge(head);
  while (head.position < position) {
    const pages = await feed.readAfter(head.position, Math.min(16, position - head.position));
    head = withPages({ head, edge }, pages).at(-1) ?? missing(head.position + 1);
  }
  return head;
}

function missing(position: number): never {
  throw new Error(`the feed has no page ${position}`);
}

/** Appends the commits of the pages; gives the head at each page that comes after the one at which the tree is. */
function withPages({ head, edge }: Grown, pages: readonly FeedPage[]): TreeHead[] {
  const heads: TreeHead[] = [];
  let last = head;
  for (const page of pages.filter(({ position }) => position > head.position)) {
    for (const commit of commitTexts(last, page)) edge.append(hashLeaf(commit));
    const { position, hash } = page;
    last = { size: edge.size, root: edge.root().toString("hex"), position, hash };
    heads.push(last);
  }
  return heads;
}
