import { createHash } from "node:crypto";

// Written apart from events/store/merkle-tree.ts on purpose, after the algorithms for verifiers of RFC 9162 (2.1.3.2 and
// 2.1.4.2; the hashes are those of RFC 6962): a verifier that shares code with what it checks shares its faults.

/** A head of the log: how many commits it has, and the root of their Merkle tree in hex. */
export interface LogHead {
  readonly size: number;
  readonly root: string;
}

type Hash = Buffer;

export function leafHash(text: string): Hash {
  return sha256(Buffer.of(0), Buffer.from(text));
}

function nodeHash(left: Hash, right: Hash): Hash {
  return sha256(Buffer.of(1), left, right);
}

function sha256(...parts: readonly Buffer[]): Hash {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

/** The root of leaves as they come; it keeps one hash for each binary digit of their number. */
export interface RunningRoot {
  readonly size: number;
  add(leaf: Hash): void;
  root(): string;
}

export function createRunningRoot(): RunningRoot {
  const peaks: Hash[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(leaf) {
      let peak = leaf;
      // As in counting: each digit that carries over joins two trees of one size.
      for (let digits = size; digits % 2 === 1; digits = (digits - 1) / 2)
        peak = nodeHash(peaks.pop() ?? peak, peak);
      peaks.push(peak);
      size += 1;
    },
    root() {
      const [last = sha256(), ...larger] = peaks.toReversed();
      return larger.reduce((right, left) => nodeHash(left, right), last).toString("hex");
    },
  };
}

/** A leaf's number and that of the last leaf, one level of the tree after the other. */
interface Walk {
  node: number;
  last: number;
}

function up(walk: Walk): void {
  walk.node = Math.floor(walk.node / 2);
  walk.last = Math.floor(walk.last / 2);
}

/** The hash beside the node stands to the left of it; then the levels that have none beside it are left out. */
function standsLeft(walk: Walk): boolean {
  if (walk.node % 2 === 0 && walk.node !== walk.last) return false;
  while (walk.node % 2 === 0 && walk.node !== 0) up(walk);
  return true;
}

/** The leaf is in the log of that head, under its number from 0. */
export function isIncluded(
  leaf: Hash,
  number: number,
  path: readonly string[],
  { size, root }: LogHead,
): boolean {
  if (!Number.isSafeInteger(number) || number < 0 || number >= size) return false;
  const walk = { node: number, last: size - 1 };
  let hash: Hash = leaf;
  for (const text of path) {
    if (walk.last === 0) return false;
    const beside = Buffer.from(text, "hex");
    hash = standsLeft(walk) ? nodeHash(beside, hash) : nodeHash(hash, beside);
    up(walk);
  }
  return walk.last === 0 && hash.toString("hex") === root;
}

/** The newer log begins with all of the older one, unchanged. */
export function isConsistent(older: LogHead, newer: LogHead, path: readonly string[]): boolean {
  if (older.size < 1 || older.size > newer.size) return false;
  if (older.size === newer.size) return path.length === 0 && older.root === newer.root;
  const walk = { node: older.size - 1, last: newer.size - 1 };
  while (walk.node % 2 === 1) up(walk);
  // A perfect older tree is a node of the newer one: its root begins the path and is not told again.
  const [first, ...rest] = walk.node === 0 ? [older.root, ...path] : path;
  if (first === undefined) return false;
  let before: Hash = Buffer.from(first, "hex");
  let after: Hash = before;
  for (const text of rest) {
    if (walk.last === 0) return false;
    const beside = Buffer.from(text, "hex");
    if (standsLeft(walk)) {
      before = nodeHash(beside, before);
      after = nodeHash(beside, after);
    } else after = nodeHash(after, beside);
    up(walk);
  }
  return walk.last === 0 && before.toString("hex") === older.root && after.toString("hex") === newer.root;
}
