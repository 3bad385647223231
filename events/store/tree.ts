import { genesis } from "./chain.ts";
import type { Database, Item } from "./dynamo.ts";
import {
  consistencyRanges,
  emptyRoot,
  type Hash,
  inclusionRanges,
  type LeafRange,
  perfectRoot,
  perfectTrees,
  rootOver,
} from "./merkle-tree.ts";
import {
  createTreeEdge,
  edgeAt,
  levelsOf,
  type Tile,
  type TreeEdge,
  tileHeight,
  tileWidth,
} from "./tree-edge.ts";

/** What the first pages of the feed come to: whoever keeps it can be shown any change of any commit in them. */
export interface TreeHead {
  /** Commits, which are the tree's leaves in the order of the feed. */
  readonly size: number;
  /** Root of their Merkle tree (RFC 6962), in hex. */
  readonly root: string;
  /** Last page. */
  readonly position: number;
  /** Hash of that page, in hex. */
  readonly hash: string;
}

/** Before the first page. */
export const emptyTree: TreeHead = { ...genesis, size: 0, root: emptyRoot.toString("hex") };

/**
 * The Merkle tree over all commits of the feed, in the table of views: a head for each page, and the tree's hashes in
 * tiles. It is a function of the feed alone and may be thrown away with the views.
 */
export interface Tree {
  /** The newest head; of every page before it there is one as well. */
  head(): Promise<TreeHead>;
  /** The head at a page; undefined: the tree has not grown so far. */
  headAt(position: number): Promise<TreeHead | undefined>;
  /** The right edge of the tree at a head that it has. */
  edge(head: TreeHead): Promise<TreeEdge>;
  /** Puts what is not there yet, heads last and in order: what a head needs is there before it. */
  put(tiles: readonly Tile[], heads: readonly TreeHead[]): Promise<void>;
  /** Audit path of a leaf in the tree of the first `size` leaves, hex, from the leaf upwards. */
  inclusion(leaf: number, size: number): Promise<string[]>;
  /** Proof that the tree of the first `size` leaves begins with the tree of the first `first`, hex. */
  consistency(first: number, size: number): Promise<string[]>;
}

/** The feed, or the tree, is not what it was when the other was made of it. */
export class TreeForked extends Error {
  override readonly name = "TreeForked";
}

const hashBytes = 32;
const headsKey = "tree#heads";
const headKey = (position: number) => ({ pk: headsKey, sk: sorted(position) });
const tileKey = (level: number, index: number) => ({ pk: `tree#tiles#${level}`, sk: sorted(index) });

export function createTree(database: Database, table: string): Tree {
  const tilesAt = async (places: readonly { readonly level: number; readonly index: number }[]) => {
    const keys = new Map(places.map(({ level, index }) => [nameOf(level, index), tileKey(level, index)]));
    const items = await database.getMany(table, [...keys.values()]);
    return new Map(items.map((item) => [`${item.pk}/${item.sk}`, tileHashes(item)]));
  };
  const hashesOver = async (ranges: readonly LeafRange[]) => {
    const parts = ranges.map((range) => perfectTrees(range).map(placeOf));
    const tiles = await tilesAt(parts.flat());
    return parts.map((part) => rootOver(part.map((place) => nodeIn(tiles, place))).toString("hex"));
  };
  const putTile = async ({ level, index, hashes }: Tile) => {
    const item = {
      ...tileKey(level, index),
      width: hashes.length,
      hashes: Buffer.concat(hashes).toString("base64"),
    };
    await database.put(table, item, [
      { absent: "pk" },
      // A tile only gets wider: another process may be ahead.
      { attribute: "width", is: "<", to: hashes.length },
    ]);
  };
  const headAt = async (position: number) => {
    if (position === 0) return emptyTree;
    const item = await database.get(table, headKey(position));
    return item === undefined ? undefined : headOf(item);
  };
  const putHead = async (head: TreeHead) => {
    const item = { ...headKey(head.position), ...head };
    if (await database.put(table, item, [{ absent: "pk" }])) return;
    const known = await headAt(head.position);
    if (known?.root !== head.root || known.hash !== head.hash)
      throw new TreeForked(
        `the tree has ${known?.root} at page ${head.position}, the feed comes to ${head.root}`,
      );
  };
  return {
    headAt,
    async head() {
      const [item] = await database.query(table, { pk: headsKey, descending: true, limit: 1 });
      return item === undefined ? emptyTree : headOf(item);
    },
    async edge({ size }) {
      const ragged = Array.from({ length: levelsOf(size) }, (_, level) => ({
        level,
        ...edgeAt(size, level),
      }));
      const tiles = await tilesAt(ragged.filter(({ width }) => width > 0));
      return createTreeEdge(
        size,
        ragged.map(({ level, index, width }) => firstOf(tiles, level, index, width)),
      );
    },
    async put(tiles, heads) {
      await Promise.all(tiles.map(putTile));
      for (const head of heads) await putHead(head);
    },
    inclusion: (leaf, size) => hashesOver(inclusionRanges(leaf, size)),
    consistency: (first, size) => hashesOver(consistencyRanges(first, size)),
  };
}

type Tiles = ReadonlyMap<string, readonly Hash[]>;

/** Where the hashes lie that a perfect tree hangs from: side by side in one tile. */
interface Place {
  readonly level: number;
  readonly index: number;
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

function nodeIn(tiles: Tiles, { level, index, begin, width }: Place): Hash {
  return perfectRoot(firstOf(tiles, level, index, begin + width).slice(begin));
}

function firstOf(tiles: Tiles, level: number, index: number, width: number): readonly Hash[] {
  const hashes = width === 0 ? [] : (tiles.get(nameOf(level, index)) ?? []);
  if (hashes.length < width)
    throw new Error(`tile ${index} of level ${level} has ${hashes.length} hashes, not ${width}`);
  return hashes.slice(0, width);
}

function nameOf(level: number, index: number): string {
  const { pk, sk } = tileKey(level, index);
  return `${pk}/${sk}`;
}

/** A number as text that sorts like it. */
function sorted(number: number): string {
  return number.toString().padStart(12, "0");
}

function headOf({ pk, sk, size, root, position, hash }: Item): TreeHead {
  if (
    typeof size !== "number" ||
    typeof root !== "string" ||
    typeof position !== "number" ||
    typeof hash !== "string"
  )
    throw new TypeError(`item ${pk} ${sk} of the views is no head of the tree`);
  return { size, root, position, hash };
}

function tileHashes({ pk, sk, hashes }: Item): Hash[] {
  if (typeof hashes !== "string") throw new TypeError(`item ${pk} ${sk} of the views is no tile`);
  const bytes = Buffer.from(hashes, "base64");
  return Array.from({ length: bytes.length / hashBytes }, (_, n) =>
    bytes.subarray(n * hashBytes, (n + 1) * hashBytes),
  );
}
