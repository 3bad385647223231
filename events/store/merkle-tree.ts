import { createHash } from "node:crypto";

// Merkle trees after RFC 6962, section 2: hashes, and of which leaves a proof is made. Leaves are numbered from 0.

/** SHA-256, 32 bytes. */
export type Hash = Buffer;

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

export function hashLeaf(bytes: string | Buffer): Hash {
  return createHash("sha256").update(leafPrefix).update(bytes).digest();
}

export function hashNode(left: Hash, right: Hash): Hash {
  return createHash("sha256").update(nodePrefix).update(left).update(right).digest();
}

/** Root of the tree without leaves. */
export const emptyRoot: Hash = createHash("sha256").digest();

/** Leaves from `from` up to, but not including, `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Whose hashes are the audit path of a leaf, from the leaf's sibling upwards: PATH of section 2.1.1.
 * @throws RangeError for a leaf that the tree has not
 */
export function inclusionRanges(leaf: number, size: number): LeafRange[] {
  if (leaf < 0 || leaf >= size) throw new RangeError(`a tree of ${size} leaves has no leaf ${leaf}`);
  return pathIn(leaf, { from: 0, to: size });
}

function pathIn(leaf: number, range: LeafRange): LeafRange[] {
  if (range.to - range.from === 1) return [];
  const [left, right] = halves(range);
  return leaf < left.to ? [...pathIn(leaf, left), right] : [...pathIn(leaf, right), left];
}

/**
 * Whose hashes prove that a tree begins with the first leaves of it: PROOF of section 2.1.2.
 * @throws RangeError for sizes that are not in order, or no leaf at all
 */
export function consistencyRanges(first: number, size: number): LeafRange[] {
  if (first < 1 || first > size)
    throw new RangeError(`a tree of ${size} leaves does not begin with ${first}`);
  return consistentIn(first, { from: 0, to: size }, true);
}

/** @param known the hash of the range is the first tree's root, which the verifier has */
function consistentIn(first: number, range: LeafRange, known: boolean): LeafRange[] {
  if (first === range.to) return known ? [] : [range];
  const [left, right] = halves(range);
  return first <= left.to
    ? [...consistentIn(first, left, known), right]
    : [...consistentIn(first, right, false), left];
}

/** The left half is the largest perfect tree that leaves something to the right. */
function halves({ from, to }: LeafRange): [LeafRange, LeafRange] {
  const middle = from + powerUpTo(to - from - 1);
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

/** The largest power of two that is not more than `n`; without bits, for these end at 2^31. */
function powerUpTo(n: number): number {
  let power = 1;
  while (power * 2 <= n) power *= 2;
  return power;
}

/** The perfect trees side by side that a range of a tree is made of, left to right: each half as large at most. */
export function perfectTrees({ from, to }: LeafRange): LeafRange[] {
  if (from === to) return [];
  const end = from + powerUpTo(to - from);
  return [{ from, to: end }, ...perfectTrees({ from: end, to })];
}

/** Root over the perfect trees of a range. */
export function rootOver(roots: readonly Hash[]): Hash {
  return roots.length === 0 ? emptyRoot : roots.reduceRight((right, left) => hashNode(left, right));
}

/** Root of a perfect tree: of a power of two of hashes that are of one height. */
export function perfectRoot(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) row = pairs(row);
  const [root] = row;
  if (root === undefined) throw new RangeError("a perfect tree has a leaf");
  return root;
}

function pairs(row: readonly Hash[]): Hash[] {
  const above: Hash[] = [];
  for (let n = 0; n < row.length; n += 2) {
    const [left, right] = row.slice(n, n + 2);
    if (left === undefined || right === undefined) throw new RangeError("the tree is not perfect");
    above.push(hashNode(left, right));
  }
  return above;
}
