import { type Hash, perfectRoot, perfectTrees, rootOver } from "./merkle-tree.ts";

/**
 * A tile holds up to 256 hashes of one height side by side: eight heights of the tree hang below the one hash that it
 * has in the tile above. Tiles of level 0 hold hashes of leaves.
 */
export const tileWidth = 256;
export const tileHeight = 8;

export interface Tile {
  readonly level: number;
  readonly index: number;
  /** Fewer than `tileWidth` at the right edge of the tree only. */
  readonly hashes: readonly Hash[];
}

/** The right edge of a tree that grows: of each level the tile that is not full. */
export interface TreeEdge {
  readonly size: number;
  append(leaf: Hash): void;
  root(): Hash;
  /** Tiles that have changed since they were last taken, each as it is now. */
  takeTiles(): Tile[];
}

/** How many tiles of a level are full in a tree of so many leaves, and how wide the next one is. */
export function edgeAt(size: number, level: number): { readonly index: number; readonly width: number } {
  const hashes = Math.floor(size / tileWidth ** level);
  return { index: Math.floor(hashes / tileWidth), width: hashes % tileWidth };
}

/** Levels of which a tree of so many leaves has a hash. */
export function levelsOf(size: number): number {
  let levels = 0;
  while (tileWidth ** levels <= size) levels += 1;
  return levels;
}

/** @param stored hashes of the tiles that are not full, by level */
export function createTreeEdge(begin = 0, stored: readonly (readonly Hash[])[] = []): TreeEdge {
  let size = begin;
  const rows = stored.map((hashes) => [...hashes]);
  const full: Tile[] = [];
  const changed = new Set<number>();
  const add = (level: number, hash: Hash) => {
    const row = rows[level] ?? [];
    rows[level] = row;
    row.push(hash);
    changed.add(level);
    if (row.length < tileWidth) return;
    // The leaf that fills it is counted only once all levels have it.
    full.push({ level, index: edgeAt(size + 1, level).index - 1, hashes: row });
    rows[level] = [];
    add(level + 1, perfectRoot(row));
  };
  return {
    get size() {
      return size;
    },
    append(leaf) {
      add(0, leaf);
      size += 1;
    },
    root() {
      const rowsDown = rows.toReversed();
      return rootOver(
        rowsDown.flatMap((row) =>
          perfectTrees({ from: 0, to: row.length }).map(({ from, to }) => perfectRoot(row.slice(from, to))),
        ),
      );
    },
    takeTiles() {
      const ragged = [...changed].flatMap((level): Tile[] => {
        const hashes = [...(rows[level] ?? [])];
        return hashes.length === 0 ? [] : [{ level, index: edgeAt(size, level).index, hashes }];
      });
      changed.clear();
      return [...full.splice(0), ...ragged];
    },
  };
}
