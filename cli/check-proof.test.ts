import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "../events/store/canonical-json.ts";
import { createMemoryDatabase } from "../events/store/memory-database.ts";
import { hashLeaf } from "../events/store/merkle-tree.ts";
import { createTree } from "../events/store/tree.ts";
import { type TreeAt, treeAt } from "../events/store/tree-at.ts";
import { createTreeEdge } from "../events/store/tree-edge.ts";
import { createTables, testTables } from "../test/dynalite.ts";
import { checkProof } from "./check-proof.ts";
import { isConsistent, isIncluded, type LogHead, leafHash } from "./merkle-verifier.ts";

const most = 600;
const commitOf = (n: number) =>
  canonicalJson({
    stream: `job-${n}`,
    version: 9,
    time: "2026-03-02T02:00:00.000Z",
    events: [
      { type: "JobCompleted", v: 1, data: {} },
      {
        type: "ChargePosted",
        v: 1,
        data: {
          charge: `${n}.1:end:100-110`,
          job: `${n}`,
          account: "acme",
          period: "2026-03-02",
          from: 100,
          to: 110,
          tenantPays: "8000",
          lines: [{ kind: "compute", row: 1, from: "tenant:acme", to: "center:c-1", mills: "8000" }],
        },
      },
    ],
  });

/** The tree of so many commits; a page for each, none of them needed where all is stored. */
const trees: TreeAt[] = [];
beforeAll(async () => {
  const database = createMemoryDatabase();
  await createTables(database);
  const tree = createTree(database, testTables.views);
  const feed = { readAfter: async () => [] };
  const edge = createTreeEdge();
  trees.push(await treeAt({ feed, tree }, 0));
  for (let n = 0; n < most; n++) {
    edge.append(hashLeaf(commitOf(n)));
    const head = { size: edge.size, root: edge.root().toString("hex"), position: edge.size, hash: "" };
    await tree.put(edge.takeTiles(), head);
    trees.push(await treeAt({ feed, tree }, edge.size));
  }
});

function treeOf(size: number): TreeAt {
  const tree = trees[size];
  if (tree === undefined) throw new Error(`there is no tree of ${size}`);
  return tree;
}
const headAt = (size: number): LogHead => treeOf(size).head;
async function proofOf(leaf: number, size: number) {
  const path = await treeOf(size).inclusion(leaf);
  const { root } = headAt(size);
  return { charge: `${leaf}.1:end:100-110`, head: { size, root }, leaf, path, commit: commitOf(leaf) };
}

/** A leaf of a tree of some size. */
const leafIn = fc
  .integer({ min: 1, max: most })
  .chain((size) => fc.record({ size: fc.constant(size), leaf: fc.nat({ max: size - 1 }) }));
const digit = (hash: string, at: number) => {
  const place = at % hash.length;
  return `${hash.slice(0, place)}${hash[place] === "0" ? "1" : "0"}${hash.slice(place + 1)}`;
};

describe("a proof that a charge is in the log", () => {
  test("holds for each commit in each log that has it, and tells the charge", () =>
    fc.assert(
      fc.asyncProperty(leafIn, async ({ leaf, size }) => {
        const proof = await proofOf(leaf, size);
        expect(checkProof(JSON.stringify(proof), headAt(size))).toMatchObject({
          ok: true,
          leaf,
          stream: `job-${leaf}`,
          charge: { charge: proof.charge, tenantPays: "8000" },
        });
      }),
      { numRuns: 150 },
    ));

  test("does not hold once anything in it is changed", () =>
    fc.assert(
      fc.asyncProperty(leafIn, fc.nat(), fc.nat(), async ({ leaf, size }, i, j) => {
        const proof = await proofOf(leaf, size);
        const { path, commit } = proof;
        const hash = leafHash(commit);
        const fails = (number: number, along: readonly string[], head = headAt(size), text = hash) =>
          expect(isIncluded(text, number, along, head)).toBe(false);
        const at = i % (path.length + 1);
        const [step = ""] = path.slice(at, at + 1);
        if (step !== "") fails(leaf, path.with(at, digit(step, j)));
        if (step !== "") fails(leaf, path.toSpliced(at, 1));
        fails(leaf, path.toSpliced(at, 0, headAt(j % most).root));
        if (j % size !== leaf) fails(j % size, path);
        for (const wrong of [-1, leaf + size, size, 0.5]) fails(wrong, path);
        fails(leaf, path, { size, root: digit(headAt(size).root, j) });
        const place = j % commit.length;
        const changed = `${commit.slice(0, place)}${commit[place] === "x" ? "y" : "x"}${commit.slice(place + 1)}`;
        fails(leaf, path, headAt(size), leafHash(changed));
        expect(checkProof(JSON.stringify({ ...proof, commit: changed }), headAt(size))).toMatchObject({
          ok: false,
          kind: "notInLog",
        });
      }),
      { numRuns: 150 },
    ));

  test("is not one for another head, another charge, or no proof at all", async () => {
    const proof = await proofOf(5, 9);
    const check = (change: object, head = headAt(9)) =>
      checkProof(JSON.stringify({ ...proof, ...change }), head);
    expect(check({}, headAt(8))).toMatchObject({ ok: false, kind: "otherHead" });
    expect(check({}, { size: 9, root: headAt(8).root })).toMatchObject({ ok: false, kind: "otherHead" });
    expect(check({ charge: "6.1:end:100-110" })).toMatchObject({ ok: false, kind: "otherCharge" });
    expect(check({ path: ["00"] })).toMatchObject({ ok: false, kind: "unreadable" });
    expect(checkProof("{", headAt(9))).toMatchObject({ ok: false, kind: "unreadable" });
  });

  test("cannot be had for a node of the tree that is passed off as a commit", async () => {
    // Given the two hashes below a node, whose hash is in the tree
    const [left, right] = [leafHash(commitOf(0)), leafHash(commitOf(1))];
    const path = (await treeOf(4).inclusion(0)).slice(1);
    // Then they are no leaf of a tree of half as many
    const both = Buffer.concat([left, right]).toString("latin1");
    expect(isIncluded(leafHash(both), 0, path, { ...headAt(4), size: 2 })).toBe(false);
  });
});

describe("a proof that the log begins with an earlier one", () => {
  test("holds for every two sizes, and for no other roots", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: most }),
        fc.integer({ min: 1, max: most }),
        fc.nat(),
        fc.nat(),
        async (one, other, i, j) => {
          const [first, size] = [Math.min(one, other), Math.max(one, other)];
          const [older, newer] = [headAt(first), headAt(size)];
          const path = await treeOf(size).consistency(first);
          expect(isConsistent(older, newer, path)).toBe(true);
          expect(isConsistent({ ...older, root: digit(older.root, j) }, newer, path)).toBe(false);
          expect(isConsistent(older, { ...newer, root: digit(newer.root, j) }, path)).toBe(false);
          const at = i % (path.length + 1);
          const [step = ""] = path.slice(at, at + 1);
          if (step !== "") expect(isConsistent(older, newer, path.with(at, digit(step, j)))).toBe(false);
          if (step !== "") expect(isConsistent(older, newer, path.toSpliced(at, 1))).toBe(false);
          expect(isConsistent(older, newer, path.toSpliced(at, 0, older.root))).toBe(false);
          if (first < size) expect(isConsistent(newer, older, path)).toBe(false);
        },
      ),
      { numRuns: 300 },
    ));
});
