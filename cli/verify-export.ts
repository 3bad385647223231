import { createHash } from "node:crypto";
import { z } from "zod";
import { type Line, linesOf } from "./export-file.ts";
import { createRunningRoot, type LogHead, leafHash } from "./merkle-verifier.ts";
import { commitTextsOf } from "./page-texts.ts";

// Written apart from events/store/chain.ts on purpose: a verifier that shares code with what it checks shares its
// faults. It needs neither the exchange nor its database, and keeps one page, one number per stream and some
// thirty hashes in memory.

/** A place in the feed. */
export interface Head {
  readonly position: number;
  /** SHA-256 of the page's text, hex. */
  readonly hash: string;
}

/** What an export should come to: by hash, by commits, or by both. */
export interface Expected {
  /** Of the last page. */
  readonly hash?: string | undefined;
  /** Number of all commits, and the root of the Merkle tree that they are the leaves of. */
  readonly log?: LogHead | undefined;
  /** Of the last page; undefined: wherever the head is reached. */
  readonly position?: number | undefined;
  /** Pages after the head are not looked at; otherwise they are a fault. */
  readonly ignoreAfter?: boolean | undefined;
}

/**
 * edit: a page is not what was written; deletion, insertion, reorder: of pages; truncation: the end is missing; version:
 * a stream's commits have a gap or come twice, which the exchange itself would have had to write; head: the file is
 * whole, but another feed's or cut or rewritten at its end.
 */
export type FaultKind = "edit" | "deletion" | "insertion" | "reorder" | "truncation" | "version" | "head";

export interface Fault {
  readonly kind: FaultKind;
  /** Of the file, from 1. */
  readonly line: number;
  /** Page at which it shows. */
  readonly position: number;
  readonly detail: string;
}

export type Verdict =
  | {
      readonly ok: true;
      readonly head: Head;
      /** Root of the Merkle tree of all commits, hex. */
      readonly root: string;
      readonly commits: number;
      readonly events: number;
      readonly streams: number;
    }
  | { readonly ok: false; readonly fault: Fault };

const Wrapped = z.strictObject({
  position: z.int().min(1),
  hash: z.string(),
  previousHash: z.string(),
  text: z.string(),
});
type Wrapped = z.infer<typeof Wrapped>;

const Page = z.object({
  position: z.int(),
  previousHash: z.string(),
  commits: z.array(z.object({ stream: z.string(), version: z.int(), events: z.array(z.unknown()).min(1) })),
});
type Page = z.infer<typeof Page>;

interface Read {
  readonly page: Page;
  /** Of its commits. */
  readonly texts: readonly string[];
  readonly hash: string;
}

/** Before the first page. */
const start: Head = { position: 0, hash: "0".repeat(64) };

/** One page as a line of an export, byte for byte what `verifyExport` accepts. */
export function exportLine({ position, hash, previousHash, text }: Wrapped): string {
  return `${JSON.stringify({ position, hash, previousHash, text })}\n`;
}

/** Reads an export from its first byte to its last, or to the first fault. */
export async function verifyExport(chunks: AsyncIterable<Buffer>, expected: Expected): Promise<Verdict> {
  const lines = linesOf(chunks)[Symbol.asyncIterator]();
  const versions = new Map<string, number>();
  const tree = createRunningRoot();
  let [head, number, events, reached] = [start, 0, 0, false];
  const bad = (kind: FaultKind, position: number, detail: string): Verdict => ({
    ok: false,
    fault: { kind, line: number, position, detail },
  });
  try {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) break;
      number += 1;
      const wanted = head.position + 1;
      const read = readLine(next.value);
      if (typeof read === "string") return bad(next.value.whole ? "edit" : "truncation", wanted, read);
      const { page, texts, hash } = read;
      if (page.position !== wanted) return bad(...(await misplaced(page.position, wanted, lines)));
      if (reached)
        return bad("insertion", wanted, `page ${wanted} stands after the head, page ${head.position}`);
      if (page.previousHash !== head.hash)
        return bad(
          "edit",
          wanted,
          `page ${wanted} does not follow page ${wanted - 1}: one of the two is not what was written`,
        );
      const gap = gapIn(page, versions);
      if (gap !== undefined) return bad("version", wanted, gap);
      for (const text of texts) tree.add(leafHash(text));
      events += page.commits.reduce((sum, commit) => sum + commit.events.length, 0);
      head = { position: wanted, hash };
      reached = expected.hash === undefined ? tree.size === expected.log?.size : hash === expected.hash;
      if (reached && expected.position !== undefined && wanted !== expected.position)
        return bad("head", wanted, `the head's hash is page ${wanted}'s, not page ${expected.position}'s`);
      if (reached ? expected.ignoreAfter === true : wanted === expected.position) break;
    }
  } catch (error) {
    number += 1;
    const message = error instanceof Error ? error.message : String(error);
    const kind = message === "unexpected end of file" ? "truncation" : "edit";
    if (error instanceof RangeError || isGzipFault(error)) return bad(kind, head.position + 1, message);
    throw error;
  } finally {
    await lines.return?.();
  }
  const log = { size: tree.size, root: tree.root() };
  const fault = headFault(head, expected, number) ?? logFault(log, expected.log, head, number);
  return fault === undefined
    ? { ok: true, head, root: log.root, commits: log.size, events, streams: versions.size }
    : { ok: false, fault };
}

/** What the line holds, if every byte of it is as `exportLine` writes it and the hash is the text's; else why not. */
function readLine({ bytes, whole }: Line): Read | string {
  const line = decoded(bytes);
  const wrapped = Wrapped.safeParse(parsed(line));
  if (line === undefined || wrapped.error !== undefined)
    return whole ? "the line is no page of an export" : "the last line is cut off";
  const { position, hash, previousHash, text } = wrapped.data;
  if (exportLine(wrapped.data) !== `${line}\n` || !text.isWellFormed())
    return "the line is not written as an export writes it";
  if (!whole) return "the last line has no end";
  const own = createHash("sha256").update(text).digest("hex");
  if (own !== hash) return `the text's hash is ${own}, the line says ${hash}`;
  const page = Page.safeParse(parsed(text));
  if (page.error !== undefined) return "the text is no page of the feed";
  if (page.data.position !== position)
    return `the text is page ${page.data.position}, the line says ${position}`;
  if (page.data.previousHash !== previousHash)
    return "the line says another hash of the page before than the text";
  const texts = commitTextsOf(page.data, text);
  if (texts === undefined) return "the text is not written as the exchange writes a page";
  return { page: page.data, texts, hash };
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** A page that is whole stands where another is wanted: the rest of the file says whether pages moved or are gone. */
async function misplaced(
  found: number,
  wanted: number,
  rest: AsyncIterator<Line>,
): Promise<[FaultKind, number, string]> {
  if (found < wanted)
    return ["insertion", found, `page ${found} stands again where page ${wanted} comes next`];
  let [later, again] = [false, false];
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    const read = readLine(next.value);
    if (typeof read === "string") continue;
    later ||= read.page.position === wanted;
    again ||= read.page.position === found;
  }
  if (!later) {
    const missing = found - wanted === 1 ? `page ${wanted} is` : `pages ${wanted} to ${found - 1} are`;
    return ["deletion", wanted, `${missing} missing`];
  }
  if (again)
    return ["insertion", found, `page ${found} stands where page ${wanted} comes next, and again later`];
  return ["reorder", found, `page ${found} stands where page ${wanted} comes next`];
}

/** Counts the page's commits into `versions`, the version that each stream has reached. */
function gapIn({ commits }: Page, versions: Map<string, number>): string | undefined {
  for (const { stream, version, events } of commits) {
    const next = (versions.get(stream) ?? 0) + 1;
    if (version !== next) return `stream ${stream} has version ${version} where ${next} comes next`;
    versions.set(stream, version + events.length - 1);
  }
  return undefined;
}

function headFault(head: Head, { hash, position }: Expected, line: number): Fault | undefined {
  const told = { line, position: head.position };
  if (position !== undefined && head.position < position)
    return { ...told, kind: "truncation", detail: `the file ends with page ${head.position} of ${position}` };
  if (hash !== undefined && head.hash !== hash)
    return {
      ...told,
      kind: "head",
      detail: `page ${head.position} has the hash ${head.hash}, not the head's: its end is missing or rewritten, or it is another feed`,
    };
  return undefined;
}

function logFault(
  { size, root }: LogHead,
  expected: LogHead | undefined,
  { position }: Head,
  line: number,
): Fault | undefined {
  if (expected === undefined || (size === expected.size && root === expected.root)) return undefined;
  const told = { line, position };
  if (size < expected.size)
    return { ...told, kind: "truncation", detail: `the file ends with commit ${size} of ${expected.size}` };
  if (size > expected.size)
    return {
      ...told,
      kind: "head",
      detail: `no page ends with commit ${expected.size}: it is another log's head`,
    };
  return {
    ...told,
    kind: "head",
    detail: `the first ${size} commits have the root ${root}, not the head's: one of them is not what was written, or it is another log`,
  };
}

function isGzipFault(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
