import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createRunningRoot, isConsistent, isIncluded, leafHash } from "../../cli/merkle-verifier.ts";
import { offerCommit } from "../../test/commits.ts";
import { createTables, testTables } from "../../test/dynalite.ts";
import { Crashed, unsafeDatabase } from "../../test/unsafe-database.ts";
import { canonicalJson } from "./canonical-json.ts";
import { pageBytes } from "./chain.ts";
import type { Database } from "./dynamo.ts";
import { createFeed } from "./feed.ts";
import { createTreeGrower, treeHeadAt } from "./grow-tree.ts";
import { createMemoryDatabase } from "./memory-database.ts";
import { hashLeaf } from "./merkle-tree.ts";
import { createTree, emptyTree, type Tree } from "./tree.ts";

async function emptyDatabase(): Promise<Database> {
  const database = createMemoryDatabase();
  await createTables(database);
  return database;
}

const treeOn = (database: Database) => createTree(database, testTables.views);
const feedOn = (database: Database) => createFeed(database, testTables.feed);
const growerOn = (database: Database) => createTreeGrower({ feed: feedOn(database), tree: treeOn(database) });

/** Puts a page more with so many commits; gives their texts. */
async function putPage(database: Database, commits: number): Promise<string[]> {
  const feed = feedOn(database);
  const head = await feed.head();
  const position = head.position + 1;
  const texts = Array.from({ length: commits }, (_, n) =>
    canonicalJson(offerCommit(`offer-${position}-${n}`, 1, 1, 'odd "\\{[,]}" name 算')),
  );
  if (!(await feed.putPage({ position, bytes: pageBytes(head, texts) })))
    throw new Error(`page ${position} was there`);
  return texts;
}

/** Heads at each page, as a separate count of the texts has them. */
function expectedHeads(pages: readonly (readonly string[])[]) {
  const running = createRunningRoot();
  return pages.map((texts, index) => {
    for (const text of texts) running.add(leafHash(text));
    return { size: running.size, root: running.root(), position: index + 1 };
  });
}

/** Every pair of sizes and every leaf, as far as these are few; else some. */
async function expectProofs(tree: Tree, texts: readonly string[], sizes: readonly number[]) {
  const rootAt = new Map<number, string>();
  const running = createRunningRoot();
  for (const text of texts) {
    running.add(leafHash(text));
    rootAt.set(running.size, running.root());
  }
  const headOf = (size: number) => ({ size, root: rootAt.get(size) ?? "" });
  for (const size of sizes) {
    for (const first of sizes.filter((one) => one <= size))
      expect(isConsistent(headOf(first), headOf(size), await tree.consistency(first, size))).toBe(true);
    for (const leaf of sizes.map((one) => one - 1).filter((one) => one < size)) {
      const path = await tree.inclusion(leaf, size);
      expect(isIncluded(leafHash(texts[leaf] ?? ""), leaf, path, headOf(size))).toBe(true);
    }
  }
}

describe("the tree of the feed", () => {
  let database: Database;
  beforeEach(async () => {
    database = await emptyDatabase();
  });

  test("is empty before the first page", async () => {
    expect(await treeOn(database).head()).toEqual(emptyTree);
    expect(await growerOn(database)(9)).toBe(0);
    expect(await treeHeadAt({ feed: feedOn(database), tree: treeOn(database) }, 0)).toEqual(emptyTree);
  });

  test("has a head for each page, and proves each commit and each head in every later one", async () => {
    const pages: string[][] = [];
    const grow = growerOn(database);
    for (const commits of [1, 2, 1, 7, 3, 1, 1, 4]) {
      pages.push(await putPage(database, commits));
      expect(await grow(pages.length)).toBe(pages.length);
    }
    const tree = treeOn(database);
    const feed = await feedOn(database).readAfter(0);
    for (const [index, head] of expectedHeads(pages).entries())
      expect(await tree.headAt(index + 1)).toEqual({ ...head, hash: feed[index]?.hash });
    expect(await tree.head()).toEqual(await tree.headAt(8));
    expect(await tree.headAt(9)).toBeUndefined();
    await expectProofs(
      tree,
      pages.flat(),
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
  });

  test("tells the head at a page that it has not grown to, and changes nothing by that", async () => {
    const pages: string[][] = [];
    for (let n = 0; n < 40; n++) pages.push(await putPage(database, 9));
    await growerOn(database)(3);
    const tree = treeOn(database);
    const parts = { feed: feedOn(database), tree };
    expect((await tree.head()).position).toBe(16);
    for (const [index, head] of expectedHeads(pages).entries())
      expect(await treeHeadAt(parts, index + 1)).toMatchObject(head);
    expect((await tree.head()).position).toBe(16);
    await expect(treeHeadAt(parts, 41)).rejects.toThrow("no page 41");
  });

  test("reads few tiles for a proof, whatever the size, and goes on from them", async () => {
    const tree = treeOn(database);
    const edge = await tree.edge(emptyTree);
    const texts = Array.from({ length: 66_000 }, (_, n) => `commit ${n}`);
    for (const text of texts) edge.append(hashLeaf(text));
    const head = { size: 66_000, root: edge.root().toString("hex"), position: 1, hash: "" };
    await tree.put(edge.takeTiles(), [head]);
    const read: number[] = [];
    const counting: Database = {
      ...database,
      getMany(table, keys) {
        read.push(keys.length);
        return database.getMany(table, keys);
      },
    };
    const sizes = [1, 2, 255, 256, 257, 511, 512, 513, 40_000, 65_535, 65_536, 65_537, 65_793, 66_000];
    await expectProofs(treeOn(counting), texts, sizes);
    expect(Math.max(...read)).toBeLessThanOrEqual(6);
    const later = await treeOn(database).edge(head);
    const running = createRunningRoot();
    for (const text of texts) running.add(leafHash(text));
    for (let n = 0; n < 300; n++) {
      expect(later.root().toString("hex")).toBe(running.root());
      later.append(hashLeaf(`more ${n}`));
      running.add(leafHash(`more ${n}`));
    }
  });

  test("does not grow over a page that does not follow, or is not what it was", async () => {
    await putPage(database, 2);
    await growerOn(database)(1);
    const feed = feedOn(database);
    const { hash } = await feed.head();
    const text = canonicalJson(offerCommit("offer-z", 1));
    const whole = pageBytes({ position: 1, hash }, [text]);
    for (const bytes of [
      pageBytes({ position: 1, hash: "0".repeat(64) }, [text]),
      whole.replace('{"commits"', '{ "commits"'),
      whole.replace('],"position"', ' ],"position"'),
      whole.replace('],"position"', '],"more":[],"position"'),
    ]) {
      const forged = await emptyDatabase();
      await forged.put(testTables.feed, { pk: "feed", sk: 2, hash: "", bytes });
      const grow = createTreeGrower({ feed: feedOn(forged), tree: treeOn(database) });
      await expect(grow(2)).rejects.toThrow("does not follow");
    }
    await putPage(database, 1);
    await growerOn(database)(2);
    // The last page is another one, but for a process that saw the first only.
    const rewritten = { ...database };
    const grow = createTreeGrower({
      feed: feedOn(rewritten),
      tree: { ...treeOn(database), head: async () => (await treeOn(database).headAt(1)) ?? emptyTree },
    });
    rewritten.query = async () => [{ pk: "feed", sk: 2, hash: "", bytes: whole }];
    await expect(grow(2)).rejects.toThrow("the tree has");
  });
});

const crash = fc.option(fc.record({ call: fc.integer({ min: 1, max: 20 }), effective: fc.boolean() }), {
  nil: undefined,
});

test("however processes race and crash, the tree is the feed's, and lacks nothing that a head needs", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(1, 2, 60, 250, 300), { minLength: 1, maxLength: 6 }),
      fc.array(fc.record({ wakeUps: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }), crash }), {
        maxLength: 3,
      }),
      fc.scheduler(),
      async (sizes, processes, scheduler) => {
        const database = await emptyDatabase();
        const pages: string[][] = [];
        const step = () => scheduler.schedule(Promise.resolve());
        const writing = (async () => {
          for (const commits of sizes) {
            await step();
            pages.push(await putPage(database, commits));
          }
        })();
        const growing = processes.map(async ({ wakeUps, crash: dies }) => {
          const grow = growerOn(unsafeDatabase(database, step, dies));
          for (const position of wakeUps)
            await grow(position).catch((error: unknown) => {
              if (!(error instanceof Crashed)) throw error;
            });
        });
        await scheduler.waitFor(Promise.all([writing, ...growing]));
        // Whatever was left half-done, what the newest head needs is there.
        const { size } = await treeOn(database).head();
        if (size > 0) await expectProofs(treeOn(database), pages.flat(), [1, Math.ceil(size / 2), size]);
        expect(await growerOn(database)(sizes.length)).toBe(sizes.length);
        const heads = expectedHeads(pages);
        for (const head of heads) expect(await treeOn(database).headAt(head.position)).toMatchObject(head);
        await expectProofs(
          treeOn(database),
          pages.flat(),
          heads.map((head) => head.size),
        );
      },
    ),
    { numRuns: 25 },
  );
});
