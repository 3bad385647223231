import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../events/store/canonical-json.ts";
import { genesis, hashBytes, pageBytes } from "../events/store/chain.ts";
import { hashLeaf } from "../events/store/merkle-tree.ts";
import { createTreeEdge } from "../events/store/tree-edge.ts";
import type { LogHead } from "./merkle-verifier.ts";
import { exportLine, verifyExport } from "./verify-export.ts";

// A forger who may write everything anew: each page's hash, and each hash before. What he cannot write anew is the head
// that somebody kept.

interface Fact {
  readonly stream: string;
  readonly name: string;
}

/** The commits of pages, page by page. */
type Pages = readonly (readonly Fact[])[];

/** Commits as the exchange would have stored them: versions count in each stream. */
function written(pages: Pages): string[][] {
  const versions = new Map<string, number>();
  return pages.map((facts) =>
    facts.map(({ stream, name }) => {
      const version = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, version);
      return canonicalJson({
        stream,
        version,
        actor: "a",
        events: [{ type: "Noted", v: 1, data: { name } }],
      });
    }),
  );
}

function exportOf(pages: readonly (readonly string[])[]): Buffer {
  let head = genesis;
  const lines = pages.map((commits) => {
    const text = pageBytes(head, commits);
    const page = { position: head.position + 1, previousHash: head.hash, hash: hashBytes(text), text };
    head = page;
    return exportLine(page);
  });
  return Buffer.from(lines.join(""));
}

function headOf(pages: readonly (readonly string[])[]): LogHead {
  const tree = createTreeEdge();
  for (const text of pages.flat()) tree.append(hashLeaf(text));
  return { size: tree.size, root: tree.root().toString("hex") };
}

async function verify(pages: readonly (readonly string[])[], log: LogHead, ignoreAfter = false) {
  return verifyExport(
    (async function* () {
      yield exportOf(pages);
    })(),
    { log, ignoreAfter },
  );
}

const fact = fc.record({
  stream: fc.constantFrom("job-a", "job-b", "job-c", "job-d"),
  // What would mislead whoever does not read JSON as JSON.
  name: fc.constantFrom("x", "y", '"}],"', "]}", "\\", '{"commits":[', "算网"),
});
const somePages = fc.array(fc.array(fact, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });

/** Changes one thing of the list of all commits, and cuts it into pages as before, the last one taking the rest. */
function recut(pages: readonly (readonly string[])[], change: (all: string[]) => string[]): string[][] {
  const all = change(pages.flat());
  const cut = pages.slice(0, -1).map(({ length }) => all.splice(0, length));
  return [...cut, all].filter(({ length }) => length > 0);
}

const renamed = (text: string) => text.replace('"actor":"a"', '"actor":"b"');
const ways: Readonly<Record<string, (all: string[], i: number, j: number) => string[]>> = {
  "a commit is edited": (all, i) => all.with(i, renamed(all[i] ?? "")),
  "a commit is deleted": (all, i) => all.toSpliced(i, 1),
  "a commit is inserted": (all, i, j) => all.toSpliced(i, 0, renamed(all[j] ?? "")),
  "a commit comes twice": (all, i, j) => all.toSpliced(i, 0, all[j] ?? ""),
  "two commits change places": (all, i, j) => all.with(i, all[j] ?? "").with(j, all[i] ?? ""),
  "the end is cut off": (all, i) => all.slice(0, i),
  "a byte of a commit is changed": (all, i, j) => {
    const text = all[i] ?? "";
    const at = j % text.length;
    return all.with(i, `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`);
  },
  "a blank is put into a commit": (all, i) => all.with(i, (all[i] ?? "").replace(",", " ,")),
};

describe("an export whose chain a forger made whole again", () => {
  test("is accepted as long as nothing has changed", () =>
    fc.assert(
      fc.asyncProperty(somePages, async (plan) => {
        const pages = written(plan);
        const log = headOf(pages);
        expect(await verify(pages, log)).toMatchObject({ ok: true, commits: log.size, root: log.root });
      }),
      { numRuns: 50 },
    ));

  test.each(Object.keys(ways))("is found out by the head that was kept: %s", (name) =>
    fc.assert(
      fc.asyncProperty(somePages, fc.nat(), fc.nat(), fc.boolean(), async (plan, i, j, ignoreAfter) => {
        const pages = written(plan);
        const all = pages.flat();
        const forged = recut(pages, (list) => ways[name]?.(list, i % all.length, j % all.length) ?? list);
        fc.pre(forged.flat().join() !== all.join());
        const verdict = await verify(forged, headOf(pages), ignoreAfter);
        expect(verdict).toMatchObject({ ok: false });
      }),
      { numRuns: 60 },
    ),
  );

  test("is found out where streams were made whole again as well, after any fact was changed, added or left out", () =>
    fc.assert(
      fc.asyncProperty(somePages, somePages, async (plan, other) => {
        const [pages, forged] = [written(plan), written(other)];
        fc.pre(forged.flat().join() !== pages.flat().join());
        expect(await verify(forged, headOf(pages))).toMatchObject({ ok: false });
      }),
      { numRuns: 100 },
    ));

  test("says that the end is missing, that the head is another log's, or that a commit is not what was written", async () => {
    const pages = written([
      [
        { stream: "job-a", name: "1" },
        { stream: "job-b", name: "2" },
      ],
      [{ stream: "job-a", name: "3" }],
    ]);
    const log = headOf(pages);
    expect(await verify(pages.slice(0, 1), log)).toMatchObject({
      fault: { kind: "truncation", line: 1, detail: "the file ends with commit 2 of 3" },
    });
    expect(await verify(pages, { ...log, size: 1 })).toMatchObject({
      fault: { kind: "head", detail: "no page ends with commit 1: it is another log's head" },
    });
    expect(await verify(pages, { ...log, root: "f".repeat(64) })).toMatchObject({
      fault: { kind: "head", line: 2, detail: expect.stringContaining("not the head's") },
    });
  });
});

describe("a page that is not written as the exchange writes it", () => {
  const [page = []] = written([[{ stream: "job-a", name: '"}],"' }]]);
  const whole = pageBytes(genesis, page);
  test.each([
    ["a blank between commits", whole.replace('[{"actor"', '[ {"actor"')],
    ["a member more", whole.replace(/\],"position"/, '],"more":[],"position"')],
    ["a member twice", whole.replace(/\],"position":1/, '],"position":1,"position":1')],
    ["a list first", whole.replace('{"commits"', '{"a":[],"commits"')],
    ["a blank after", `${whole} `],
  ])("is found out under a whole chain: %s", async (_, text) => {
    const line = exportLine({ position: 1, previousHash: genesis.hash, hash: hashBytes(text), text });
    const chunks = (async function* () {
      yield Buffer.from(line);
    })();
    expect(await verifyExport(chunks, { hash: hashBytes(text) })).toMatchObject({
      ok: false,
      fault: { kind: "edit", line: 1 },
    });
  });
});
