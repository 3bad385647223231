import { type TreeParts, withPages } from "./grow-tree.ts";
import {
  consistencyRanges,
  type Hash,
  inclusionRanges,
  type LeafRange,
  perfectRoot,
  perfectTrees,
  rootOver,
} from "./merkle-tree.ts";
import { firstOf, type TilePlace, type Tiles, type TreeHead, tileName } from "./tree.ts";
import { tileHeight, tileWidth } from "./tree-edge.ts";

/** The tree of all commits up to a page of the feed. */
export interface TreeAt {
  readonly head: TreeHead;
  /** Audit path of a leaf (RFC 6962, 2.1.1), hex, from the leaf upwards. */
  inclusion(leaf: number): Promise<string[]>;
  /** Proof that the tree begins with the tree of its first leaves (RFC 6962, 2.1.2), hex. */
  consistency(first: number): Promise<string[]>;
}

/**
 * The tree at any page of the feed: what is stored of it, and the few pages since; nothing is written. Its head is what
 * the close of a settlement day may keep. A proof reads as many tiles as the tree has levels, twice at most.
 * @throws Error if the feed has no such page; BrokenChain
 */
export async function treeAt({ feed, tree }: TreeParts, position: number): Promise<TreeAt> {
  const stored = await tree.head(position);
  let grown = { head: stored, edge: await tree.edge(stored) };
  while (grown.head.position < position) {
    const after = grown.head.position;
    const pages = await feed.readAfter(after, Math.min(16, position - after));
    if (pages.length === 0) throw new Error(`the feed has no page ${after + 1}`);
    grown = withPages(grown, pages);
  }
  const { head, edge } = grown;
  const fresh = new Map(edge.takeTiles().map((tile) => [tileName(tile), tile.hashes]));
  const hashesOver = async (ranges: readonly LeafRange[]) => {
    const parts = ranges.map((range) => perfectTrees(range).map(placeOf));
    const others = parts.flat().filter((place) => !fresh.has(tileName(place)));
    const tiles = new Map([...(await tree.tiles(others)), ...fresh]);
    return parts.map((part) => rootOver(part.map((place) => hashAt(tiles, place))).toString("hex"));
  };
  return {
    head,
    inclusion: (leaf) => hashesOver(inclusionRanges(leaf, head.size)),
    consistency: (first) => hashesOver(consistencyRanges(first, head.size)),
  };
}

/** Where the hashes lie that a perfect tree hangs from: side by side in one tile. */
interface Place extends TilePlace {
  readonly begin: number;
  readonly width: number;
}

function placeOf({ from, to }: LeafRange): Place {
  const level = Math.floor(Math.log2(to - from) / tileHeight);
  const leaves = tileWidth ** level;
  const begin = from / leaves;
  const index = Math.floor(begin / tileWidth);
  return { level, index, begin: begin % tileWidth, width: (to - from) / leaves };
}

function hashAt(tiles: Tiles, place: Place): Hash {
  return perfectRoot(firstOf(tiles, place, place.begin + place.width).slice(place.begin));
}
