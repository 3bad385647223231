import { expect, test } from "vitest";
import { createRunningRoot, leafHash } from "../../cli/merkle-verifier.ts";
import {
  consistencyRanges,
  emptyRoot,
  hashLeaf,
  inclusionRanges,
  type LeafRange,
  perfectRoot,
  perfectTrees,
  rootOver,
} from "./merkle-tree.ts";
import { createTreeEdge } from "./tree-edge.ts";

// The reference vectors of Certificate Transparency, which all implementations of RFC 6962 are held against.
const inputs = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Buffer.from(hex, "hex"));
const roots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
] as const;
const n01 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const n04 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const n06 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
const n11 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const n12 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const n13 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const n21 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

const leaves = inputs.map(hashLeaf);
const hashesOver = (ranges: readonly LeafRange[]) =>
  ranges.map((range) =>
    rootOver(perfectTrees(range).map(({ from, to }) => perfectRoot(leaves.slice(from, to)))).toString("hex"),
  );

test("the roots of trees of no to eight leaves are those of the reference", () => {
  expect(emptyRoot.toString("hex")).toBe(roots[0]);
  const edge = createTreeEdge();
  expect(edge.root().toString("hex")).toBe(roots[0]);
  for (const [n, leaf] of leaves.entries()) {
    edge.append(leaf);
    expect(edge.root().toString("hex")).toBe(roots[n + 1]);
  }
});

test("so are the verifier's, which shares no code", () => {
  const running = createRunningRoot();
  const ascii = inputs.filter((input) => input.every((byte) => byte < 128));
  expect(ascii).toHaveLength(inputs.length);
  for (const [n, input] of inputs.entries()) {
    expect(running.root()).toBe(roots[n]);
    running.add(leafHash(input.toString()));
  }
  expect(running.root()).toBe(roots[8]);
});

test.for([
  [0, 1, []],
  [0, 8, [n01, n11, n21]],
  [5, 8, [n04, n13, roots[4]]],
  [2, 3, [roots[2]]],
  [1, 5, [roots[1], n11, n04]],
] as const)("the audit path of leaf %i of %i is the reference's", ([leaf, size, path]) => {
  expect(hashesOver(inclusionRanges(leaf, size))).toEqual(path);
});

test.for([
  [1, 1, []],
  [1, 8, [n01, n11, n21]],
  [6, 8, [n12, n13, roots[4]]],
  [2, 5, [n11, n04]],
  [6, 7, [n12, n06, roots[4]]],
] as const)("the proof that %i leaves begin %i is the reference's", ([first, size, path]) => {
  expect(hashesOver(consistencyRanges(first, size))).toEqual(path);
});

test("there is no proof of a leaf that is not there, nor of a tree that is larger", () => {
  for (const [leaf, size] of [
    [0, 0],
    [8, 8],
    [-1, 8],
  ] as const)
    expect(() => inclusionRanges(leaf, size)).toThrow(RangeError);
  for (const [first, size] of [
    [0, 8],
    [9, 8],
  ] as const)
    expect(() => consistencyRanges(first, size)).toThrow(RangeError);
});
