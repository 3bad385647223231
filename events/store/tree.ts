import { genesis } from "./chain.ts";
import type { Database, Item } from "./dynamo.ts";
import { emptyRoot, type Hash } from "./merkle-tree.ts";
import { createTreeEdge, edgeAt, levelsOf, type Tile, type TreeEdge } from "./tree-edge.ts";

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

/** Where a tile stands. */
export type TilePlace = Pick<Tile, "level" | "index">;

/**
 * What is stored of the Merkle tree over all commits of the feed: a head now and then, and the tree's hashes in tiles, in
 * the table of views. It is a function of the feed alone and may be thrown away with the views.
 */
export interface Tree {
  /** The newest head that is stored; of those up to a page, if one is given. */
  head(upTo?: number): Promise<TreeHead>;
  /** The right edge of the tree at a head that is stored. */
  edge(head: TreeHead): Promise<TreeEdge>;
  /** Puts what is not there yet, the head last: what it needs is there before it. @throws TreeForked */
  put(tiles: readonly Tile[], head: TreeHead): Promise<void>;
  /** Hashes of tiles, by `tileName`: at least those that were there when the newest head was put. */
  tiles(places: readonly TilePlace[]): Promise<Tiles>;
}

export type Tiles = ReadonlyMap<string, readonly Hash[]>;

/** The feed, or the tree, is not what it was when the other was made of it. */
export class TreeForked extends Error {
  override readonly name = "TreeForked";
}

const hashBytes = 32;
const headsKey = "tree#heads";
const headKey = (position: number) => ({ pk: headsKey, sk: sorted(position) });
const tileKey = ({ level, index }: TilePlace) => ({ pk: `tree#tiles#${level}`, sk: sorted(index) });

export function tileName(place: TilePlace): string {
  const { pk, sk } = tileKey(place);
  return `${pk}/${sk}`;
}

export function createTree(database: Database, table: string): Tree {
  const tiles = async (places: readonly TilePlace[]) => {
    const keys = new Map(places.map((place) => [tileName(place), tileKey(place)]));
    const items = await database.getMany(table, [...keys.values()]);
    return new Map(items.map((item) => [`${item.pk}/${item.sk}`, tileHashes(item)]));
  };
  const putTile = async (tile: Tile) => {
    const width = tile.hashes.length;
    const item = { ...tileKey(tile), width, hashes: Buffer.concat(tile.hashes).toString("base64") };
    // A tile only gets wider: another process may be ahead.
    await database.put(table, item, [{ absent: "pk" }, { attribute: "width", is: "<", to: width }]);
  };
  const putHead = async (head: TreeHead) => {
    const key = headKey(head.position);
    if (await database.put(table, { ...key, ...head }, [{ absent: "pk" }])) return;
    const item = await database.get(table, key);
    if (item?.root !== head.root || item.hash !== head.hash)
      throw new TreeForked(
        `the tree has ${item?.root} at page ${head.position}, the feed comes to ${head.root}`,
      );
  };
  return {
    tiles,
    async head(upTo) {
      const range = { pk: headsKey, descending: true, limit: 1 };
      const before = upTo === undefined ? {} : { before: sorted(upTo + 1) };
      const [item] = await database.query(table, { ...range, ...before });
      return item === undefined ? emptyTree : headOf(item);
    },
    async edge({ size }) {
      const rows = Array.from({ length: levelsOf(size) }, (_, level) => ({ level, ...edgeAt(size, level) }));
      const stored = await tiles(rows.filter(({ width }) => width > 0));
      return createTreeEdge(
        size,
        rows.map((row) => firstOf(stored, row, row.width)),
      );
    },
    async put(changed, head) {
      await Promise.all(changed.map(putTile));
      await putHead(head);
    },
  };
}

/** The first hashes of a tile. @throws Error if it is not so wide */
export function firstOf(tiles: Tiles, place: TilePlace, width: number): readonly Hash[] {
  const hashes = width === 0 ? [] : (tiles.get(tileName(place)) ?? []);
  if (hashes.length < width)
    throw new Error(`tile ${place.index} of level ${place.level} has ${hashes.length} hashes, not ${width}`);
  return hashes.slice(0, width);
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
