import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../events/store/canonical-json.ts";
import { genesis, hashBytes, pageBytes } from "../events/store/chain.ts";
import { hashLeaf } from "../events/store/merkle-tree.ts";
import { createTreeEdge } from "../events/store/tree-edge.ts";
import { openExport } from "./export-file.ts";
import type { LogHead } from "./merkle-verifier.ts";
import { type Expected, exportLine, type FaultKind, type Verdict, verifyExport } from "./verify-export.ts";

/** Commits of a page: to which of a few streams, and of how many events. */
type Plan = readonly (readonly { readonly stream: number; readonly events: number }[])[];

interface Feed {
  readonly lines: readonly string[];
  readonly hashes: readonly string[];
  /** Heads of the tree after each page. */
  readonly logs: readonly LogHead[];
  readonly streams: number;
  readonly commits: number;
  readonly events: number;
}

/** A feed as the exchange's own store writes its pages. */
function feedOf(plan: Plan): Feed {
  const versions = new Map<number, number>();
  const [lines, hashes, logs]: [string[], string[], LogHead[]] = [[], [], []];
  const tree = createTreeEdge();
  let head = genesis;
  for (const commits of plan) {
    const written = commits.map(({ stream, events }) => {
      const version = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, version + events - 1);
      return canonicalJson({
        stream: `job-${stream}`,
        version,
        commandId: `c-${stream}-${version}`,
        time: "2026-03-02T02:00:00.000Z",
        actor: "tenant:acme",
        causationId: "r-1",
        correlationId: "r-1",
        events: Array.from({ length: events }, () => ({
          type: "JobRequested",
          v: 1,
          data: { name: "算网 \n é" },
        })),
      });
    });
    const text = pageBytes(head, written);
    const page = { position: head.position + 1, hash: hashBytes(text), previousHash: head.hash, text };
    lines.push(exportLine(page));
    hashes.push(page.hash);
    for (const text of written) tree.append(hashLeaf(text));
    logs.push({ size: tree.size, root: tree.root().toString("hex") });
    head = page;
  }
  const all = plan.flat();
  return {
    lines,
    hashes,
    logs,
    streams: versions.size,
    commits: all.length,
    events: all.reduce((sum, { events }) => sum + events, 0),
  };
}

const commit = fc.record({ stream: fc.nat(3), events: fc.integer({ min: 1, max: 3 }) });
const feeds = (least: number) =>
  fc.array(fc.array(commit, { minLength: 1, maxLength: 3 }), { minLength: least, maxLength: 8 }).map(feedOf);

const last = ({ hashes }: Feed): Expected => ({ hash: hashes.at(-1) ?? "", position: hashes.length });
/** The tree's head alone. */
const lastLog = ({ logs }: Feed): Expected => ({ log: logs.at(-1) });

/** As it is read: from a stream, in chunks that care for nothing. */
function verify(content: string | Buffer, expected: Expected, chunk = 65_536): Promise<Verdict> {
  const bytes = Buffer.from(content);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    bytes.subarray(i * chunk, (i + 1) * chunk),
  );
  return verifyExport(openExport("-", Readable.from(chunks)), expected);
}

async function faultOf(lines: readonly string[], expected: Expected) {
  const verdict = await verify(lines.join(""), expected);
  return verdict.ok ? undefined : verdict.fault;
}

describe("an export as it was written", () => {
  test("is verified, plain or compressed, however it is cut into chunks", () =>
    fc.assert(
      fc.asyncProperty(
        feeds(1),
        fc.integer({ min: 1, max: 700 }),
        fc.boolean(),
        async (feed, chunk, packed) => {
          const text = feed.lines.join("");
          const { streams, commits, events } = feed;
          const head = last(feed);
          expect(await verify(packed ? gzipSync(text) : text, head, chunk)).toEqual({
            ok: true,
            head,
            root: feed.logs.at(-1)?.root,
            streams,
            commits,
            events,
          });
          expect(await verify(text, { hash: head.hash })).toMatchObject({ ok: true });
          expect(await verify(text, lastLog(feed))).toMatchObject({ ok: true, head });
          expect(await verify(text, { ...head, ...lastLog(feed) })).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 60 },
    ));

  test("may go on after the head only if that is said", () =>
    fc.assert(
      fc.asyncProperty(feeds(2), async (feed) => {
        const position = feed.lines.length - 1;
        const expected = { hash: feed.hashes[position - 1] ?? "", position };
        expect(await verify(feed.lines.join(""), { ...expected, ignoreAfter: true })).toMatchObject({
          ok: true,
        });
        expect(await faultOf(feed.lines, expected)).toMatchObject({ kind: "insertion", line: position + 1 });
        const log = feed.logs[position - 1];
        expect(await verify(feed.lines.join(""), { log, ignoreAfter: true })).toMatchObject({
          ok: true,
          head: { position },
        });
        expect(await faultOf(feed.lines, { log })).toMatchObject({ kind: "insertion", line: position + 1 });
      }),
      { numRuns: 30 },
    ));
});

interface Tampered {
  readonly lines: readonly string[];
  readonly kind: FaultKind;
  /** Of the file, from 1. */
  readonly line: number;
}

/** Each way to change one thing, with what is to be said about it. */
const ways: Readonly<Record<string, (feed: Feed, i: number, j: number) => Tampered | undefined>> = {
  "a page is taken out": ({ lines }, i) =>
    i === lines.length - 1
      ? { lines: lines.slice(0, -1), kind: "truncation", line: i }
      : { lines: lines.toSpliced(i, 1), kind: "deletion", line: i + 1 },
  "the end is cut off": ({ lines }, i) => ({ lines: lines.slice(0, i), kind: "truncation", line: i }),
  "the last line is cut in two": ({ lines }, i, j) => {
    const [line = ""] = lines.slice(i, i + 1);
    const cut = line.slice(0, 1 + (j % (line.length - 1)));
    return { lines: [...lines.slice(0, i), cut], kind: "truncation", line: i + 1 };
  },
  "a page is put in again": ({ lines }, i, j) => {
    const at = j % (lines.length + 1);
    const [line = ""] = lines.slice(i, i + 1);
    // Beside itself the second one is the one too many.
    return { lines: lines.toSpliced(at, 0, line), kind: "insertion", line: (at === i ? at + 1 : at) + 1 };
  },
  "two pages change places": ({ lines }, i, j) => {
    const [one, other] = [Math.min(i, j % lines.length), Math.max(i, j % lines.length)];
    if (one === other) return undefined;
    const [a = "", b = ""] = [lines[one], lines[other]];
    return { lines: lines.with(one, b).with(other, a), kind: "reorder", line: one + 1 };
  },
  "a page moves": ({ lines }, i, j) => {
    const to = j % lines.length;
    if (to === i) return undefined;
    const [line = ""] = lines.slice(i, i + 1);
    return {
      lines: lines.toSpliced(i, 1).toSpliced(to, 0, line),
      kind: "reorder",
      line: Math.min(i, to) + 1,
    };
  },
  "a fact is changed": ({ lines }, i) => ({
    lines: lines.with(i, (lines[i] ?? "").replace("tenant:acme", "tenant:evil")),
    kind: "edit",
    line: i + 1,
  }),
  "a fact is changed, and the line's hash with it": ({ lines, hashes }, i) => {
    const text = textOf(lines[i] ?? "").replace("tenant:acme", "tenant:evil");
    const line = exportLine({
      position: i + 1,
      hash: hashBytes(text),
      previousHash: hashes[i - 1] ?? genesis.hash,
      text,
    });
    const isLast = i === lines.length - 1;
    return { lines: lines.with(i, line), kind: isLast ? "head" : "edit", line: isLast ? i + 1 : i + 2 };
  },
  "an empty line is put in": ({ lines }, i) => ({
    lines: lines.toSpliced(i, 0, "\n"),
    kind: "edit",
    line: i + 1,
  }),
};

function textOf(line: string): string {
  const { text }: { text: string } = JSON.parse(line);
  return text;
}

describe("an export that was tampered with once", () => {
  test.each(Object.keys(ways))("is found out, with what and where: %s", (name) =>
    fc.assert(
      fc.asyncProperty(feeds(1), fc.nat(), fc.nat(), async (feed, i, j) => {
        const tampered = ways[name]?.(feed, i % feed.lines.length, j);
        fc.pre(tampered !== undefined);
        const { lines, kind, line } = tampered;
        expect(await faultOf(lines, last(feed))).toMatchObject({ kind, line });
        // Without the position it is found as well, though a cut end cannot be told from another feed's.
        expect(await faultOf(lines, { hash: last(feed).hash })).toBeDefined();
        expect(await faultOf(lines, lastLog(feed))).toMatchObject({ kind, line });
      }),
      { numRuns: 60 },
    ),
  );

  const small = feedOf([[{ stream: 1, events: 1 }], [{ stream: 2, events: 1 }]]);
  const [first = "", second = ""] = small.lines;
  const bytes = Buffer.from(first + second);
  test.each([
    ["a line's position", Buffer.from(first + second.replace('{"position":2', '{"position":3')), "edit", 2],
    ["a line's hash", Buffer.from(first + second.replace(/"hash":"./, '"hash":"x')), "edit", 2],
    [
      "a line's hash before",
      Buffer.from(first + second.replace(/"previousHash":"./, '"previousHash":"x')),
      "edit",
      2,
    ],
    ["a field more", Buffer.from(first + second.replace('{"position"', '{"more":1,"position"')), "edit", 2],
    ["a blank more", Buffer.from(first + second.replace('{"position"', '{ "position"')), "edit", 2],
    ["a mark of byte order", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]), "edit", 1],
    ["no end of the last line", bytes.subarray(0, -1), "truncation", 2],
  ] as const)("is found out by what the hash does not cover: %s", async (_, content, kind, line) => {
    expect(await verify(content, { hash: last(small).hash })).toMatchObject({
      ok: false,
      fault: { kind, line },
    });
  });

  test("is found out where bytes that are no text would be read as a character that was there", async () => {
    const text = textOf(first).replace("tenant:acme", "tenant:\uFFFD");
    const hash = hashBytes(text);
    const whole = Buffer.from(exportLine({ position: 1, hash, previousHash: genesis.hash, text }));
    const at = whole.indexOf("\uFFFD");
    const broken = Buffer.concat([whole.subarray(0, at), Buffer.from([0xff]), whole.subarray(at + 3)]);
    expect(await verify(whole, { hash })).toMatchObject({ ok: true });
    expect(await verify(broken, { hash })).toMatchObject({ ok: false, fault: { kind: "edit", line: 1 } });
  });

  test("is found out whichever byte is changed, put in or taken out", () =>
    fc.assert(
      fc.asyncProperty(
        feeds(1),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom("change", "put in", "take out"),
        async (feed, at, byte, way) => {
          const bytes = Buffer.from(feed.lines.join(""));
          const place = at % bytes.length;
          const rest = bytes.subarray(way === "put in" ? place : place + 1);
          const middle = way === "take out" ? [] : [byte];
          const tampered = Buffer.concat([bytes.subarray(0, place), Buffer.from(middle), rest]);
          fc.pre(!tampered.equals(bytes));
          expect(await verify(tampered, { hash: last(feed).hash })).toMatchObject({ ok: false });
        },
      ),
      { numRuns: 500 },
    ));

  test("is found out if all of it was written anew after the change", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(commit, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 8 }),
        fc.nat(),
        async (plan, i) => {
          const forged = feedOf(plan.toSpliced(i % plan.length, 1));
          const whole = feedOf(plan);
          expect(await faultOf(forged.lines, { hash: last(whole).hash })).toMatchObject({ kind: "head" });
          expect(await faultOf(forged.lines, lastLog(whole))).toMatchObject({ kind: "truncation" });
        },
      ),
      { numRuns: 40 },
    ));

  test.each([
    ["gap", 3],
    ["repeat", 1],
  ])(
    "by the exchange itself, with a %s in a stream under a whole chain, is found out",
    async (_, version) => {
      // Given pages whose chain is right, and a stream whose second commit has not the next version
      const first = feedOf([[{ stream: 1, events: 1 }]]);
      const hash = first.hashes[0] ?? "";
      const body = textOf(first.lines[0] ?? "").replace('"version":1', `"version":${version}`);
      const text = body.replace('"position":1', '"position":2').replace(genesis.hash, hash);
      const second = exportLine({ position: 2, hash: hashBytes(text), previousHash: hash, text });
      // Then it is no edit of the file, and the stream is named
      expect(await faultOf([...first.lines, second], { hash: hashBytes(text) })).toEqual({
        kind: "version",
        line: 2,
        position: 2,
        detail: `stream job-1 has version ${version} where 2 comes next`,
      });
    },
  );

  test("is found out if its compressed file is cut off or damaged", async () => {
    const feed = feedOf([[{ stream: 1, events: 1 }], [{ stream: 1, events: 2 }]]);
    const packed = gzipSync(feed.lines.join(""));
    const cut = await verify(packed.subarray(0, packed.length - 20), last(feed));
    expect(cut).toMatchObject({ ok: false, fault: { kind: "truncation" } });
    const damaged = Buffer.from(packed);
    damaged.writeUInt8(packed.readUInt8(packed.length - 6) ^ 1, packed.length - 6);
    expect(await verify(damaged, last(feed))).toMatchObject({ ok: false });
  });

  test("does not fill the memory with a line that never ends", async () => {
    let given = 0;
    const endless = async function* () {
      for (;;) {
        given += 1;
        yield Buffer.alloc(65_536, "x");
      }
    };
    const verdict = await verifyExport(endless(), { hash: genesis.hash });
    expect(verdict).toMatchObject({ ok: false, fault: { kind: "edit", line: 1 } });
    expect(given).toBeLessThan(100);
  });
});
