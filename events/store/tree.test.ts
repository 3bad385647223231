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
import { createTreeGrower, type Unsaved } from "./grow-tree.ts";
import { createMemoryDatabase } from "./memory-database.ts";
import { hashLeaf } from "./merkle-tree.ts";
import { createTree, emptyTree, type TreeHead } from "./tree.ts";
import { treeAt } from "./tree-at.ts";
import { createTreeEdge } from "./tree-edge.ts";

async function emptyDatabase(): Promise<Database> {
  const database = createMemoryDatabase();
  await createTables(database);
  return database;
}

const treeOn = (database: Database) => createTree(database, testTables.views);
const feedOn = (database: Database) => createFeed(database, testTables.feed);
const growerOn = (database: Database, unsaved?: Unsaved) =>
  createTreeGrower({ feed: feedOn(database), tree: treeOn(database) }, unsaved);

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

/** The log's heads at its pages, as a separate count of the texts has them. */
function expectedHeads(pages: readonly (readonly string[])[]) {
  const running = createRunningRoot();
  return pages.map((texts, index) => {
    for (const text of texts) running.add(leafHash(text));
    return { size: running.size, root: running.root(), position: index + 1 };
  });
}

const at = (database: Database, position: number) =>
  treeAt({ feed: feedOn(database), tree: treeOn(database) }, position);

/** At each of these pages: the head, the first and the last commit of each page so far, and the heads before it. */
async function expectProofs(
  database: Database,
  pages: readonly (readonly string[])[],
  positions: readonly number[],
) {
  const heads = expectedHeads(pages);
  const texts = pages.flat();
  for (const position of positions) {
    const { head, inclusion, consistency } = await at(database, position);
    expect(head).toMatchObject(heads[position - 1] ?? {});
    // Some ten of many.
    const some = heads
      .slice(0, position)
      .filter((_, n) => (position - 1 - n) % Math.ceil(position / 10) === 0);
    for (const older of some) {
      expect(isConsistent(older, head, await consistency(older.size))).toBe(true);
      for (const leaf of [0, older.size - 1])
        expect(isIncluded(leafHash(texts[leaf] ?? ""), leaf, await inclusion(leaf), head)).toBe(true);
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
    expect((await at(database, 0)).head).toEqual(emptyTree);
    await expect(at(database, 1)).rejects.toThrow("no page 1");
  });

  test("proves each commit and each earlier head at each page, whether it is stored so far or not", async () => {
    const pages: string[][] = [];
    for (const commits of [1, 2, 1, 7, 3, 1, 1, 4]) pages.push(await putPage(database, commits));
    await expectProofs(database, pages, [1, 2, 3, 4, 5, 6, 7, 8]);
    await growerOn(database)(8);
    await expectProofs(database, pages, [1, 2, 3, 4, 5, 6, 7, 8]);
    const { hash } = await feedOn(database).head();
    expect((await at(database, 8)).head.hash).toBe(hash);
  });

  test("is stored so often that a reader has few pages and commits to add", async () => {
    const pages: string[][] = [];
    const grow = growerOn(database);
    const stored = new Set<number>();
    for (const commits of [...Array.from({ length: 130 }, () => 1), 100, 100, 100, 600, 1]) {
      pages.push(await putPage(database, commits));
      await grow(pages.length);
      stored.add((await treeOn(database).head()).position);
    }
    expect([...stored]).toEqual([0, 64, 128, 133, 134]);
    await expectProofs(database, pages, [63, 64, 65, 128, 131, 133, 134, 135]);
    // Another process goes on from what is stored.
    pages.push(await putPage(database, 300));
    await growerOn(database)(pages.length);
    expect(await treeOn(database).head()).toEqual((await at(database, 136)).head);
    expect(await treeOn(database).head(135)).toMatchObject({ position: 134 });
  });

  test("reads few tiles for a proof, whatever the size, and goes on from them", async () => {
    const sizes = [1, 2, 255, 256, 257, 511, 512, 513, 40_000, 65_535, 65_536, 65_537, 65_793, 66_000];
    const edge = createTreeEdge();
    const running = createRunningRoot();
    const heads: TreeHead[] = [];
    for (const [index, size] of sizes.entries()) {
      for (let n = edge.size; n < size; n++) {
        edge.append(hashLeaf(`commit ${n}`));
        running.add(leafHash(`commit ${n}`));
      }
      const head = { size, root: running.root(), position: index + 1, hash: "" };
      expect(edge.root().toString("hex")).toBe(head.root);
      heads.push(head);
      await treeOn(database).put(edge.takeTiles(), head);
    }
    let most = 0;
    const counting: Database = {
      ...database,
      getMany(table, keys) {
        most = Math.max(most, keys.length);
        return database.getMany(table, keys);
      },
    };
    for (const { position } of heads) {
      const { head, inclusion, consistency } = await at(counting, position);
      for (const older of heads.slice(0, position)) {
        expect(isConsistent(older, head, await consistency(older.size))).toBe(true);
        const leaf = older.size - 1;
        expect(isIncluded(leafHash(`commit ${leaf}`), leaf, await inclusion(leaf), head)).toBe(true);
      }
    }
    expect(most).toBeLessThanOrEqual(6);
    const later = await treeOn(database).edge(await treeOn(database).head());
    for (let n = 0; n < 60; n++) {
      expect(later.root().toString("hex")).toBe(running.root());
      later.append(hashLeaf(`more ${n}`));
      running.add(leafHash(`more ${n}`));
    }
  });

  test("loses nothing to a process that is behind", async () => {
    const pages = [await putPage(database, 3), await putPage(database, 4), await putPage(database, 2)];
    const often = { pages: 1, commits: 1 };
    const [slow, fast] = [growerOn(database, often), growerOn(database, often)];
    await slow(1);
    await fast(3);
    // What it has in mind is older than what is stored.
    const tree = treeOn(database);
    const edge = await tree.edge(await tree.head(0));
    for (const text of pages.slice(0, 2).flat()) edge.append(hashLeaf(text));
    await tree.put(edge.takeTiles(), (await at(database, 2)).head);
    await slow(3);
    await expectProofs(database, pages, [1, 2, 3]);
  });

  test("does not grow over a page that does not follow, or is not what it was", async () => {
    await putPage(database, 300);
    await growerOn(database)(1);
    const { hash } = await feedOn(database).head();
    const texts = Array.from({ length: 300 }, (_, n) => canonicalJson(offerCommit("offer-z", n + 1)));
    const whole = pageBytes({ position: 1, hash }, texts);
    const growOver = async (bytes: string, tree = treeOn(database)) => {
      const forged = await emptyDatabase();
      await forged.put(testTables.feed, { pk: "feed", sk: 2, hash: "", bytes });
      return createTreeGrower({ feed: feedOn(forged), tree })(2);
    };
    for (const bytes of [
      pageBytes({ position: 1, hash: "0".repeat(64) }, texts),
      whole.replace('{"commits"', '{ "commits"'),
      whole.replace('],"position"', ' ],"position"'),
      whole.replace('],"position"', '],"more":[],"position"'),
    ])
      await expect(growOver(bytes)).rejects.toThrow("does not follow");
    await putPage(database, 300);
    await growerOn(database)(2);
    const tree = treeOn(database);
    const late = { ...tree, head: () => tree.head(1) };
    // A process that has seen the first page only finds another second one than that which is stored.
    await expect(growOver(whole, late)).rejects.toThrow("the tree has");
  });
});

const crash = fc.option(fc.record({ call: fc.integer({ min: 1, max: 9 }), effective: fc.boolean() }), {
  nil: undefined,
});

test("however processes race and crash, the tree is the feed's, and lacks nothing that a head needs", async () => {
  await fc.assert(
    fc.asyncProperty(
      // The second page fills the first tile, or leaves it with a hash or two to go.
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }).map((few) => [252, ...few]),
      fc.array(
        fc.record({
          wakeUps: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
          crash,
        }),
        {
          maxLength: 3,
        },
      ),
      fc.record({ pages: fc.integer({ min: 1, max: 3 }), commits: fc.integer({ min: 1, max: 5 }) }),
      fc.scheduler(),
      async (sizes, processes, unsaved, scheduler) => {
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
          const grow = growerOn(unsafeDatabase(database, step, dies), unsaved);
          for (const position of wakeUps)
            await grow(position).catch((error: unknown) => {
              if (!(error instanceof Crashed)) throw error;
            });
        });
        await scheduler.waitFor(Promise.all([writing, ...growing]));
        // Whatever was left half-done, what a stored head needs is there.
        const every = sizes.map((_, index) => index + 1);
        await expectProofs(database, pages, every);
        expect(await growerOn(database)(sizes.length)).toBe(sizes.length);
        await expectProofs(database, pages, every);
      },
    ),
    { numRuns: 40 },
  );
});
