import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** A page has up to 256 KB; its line, escapes and all, cannot reach this. */
export const maxLineBytes = 4 * 1024 * 1024;

/** A line without its newline; `whole` is false for what follows the last newline. */
export interface Line {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/** Bytes of an export: a file, or standard input for `-`. */
export function openExport(file: string, stdin: Readable): AsyncIterable<Buffer> {
  return plain(file === "-" ? stdin : createReadStream(file));
}

/** What is compressed is told by its first bytes, not by its name. */
async function* plain(source: Readable): AsyncIterable<Buffer> {
  const chunks: AsyncIterator<Buffer> = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const all = (async function* () {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  })();
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* all;
  yield* pipeline(Readable.from(all), createGunzip(), () => undefined);
}

/** @throws RangeError for a line that no page can fill */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncIterable<Line> {
  let open: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let begin = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, begin)) {
      open.push(chunk.subarray(begin, end));
      yield { bytes: Buffer.concat(open), whole: true };
      [open, size, begin] = [[], 0, end + 1];
    }
    if (begin < chunk.length) {
      open.push(chunk.subarray(begin));
      size += chunk.length - begin;
    }
    if (size > maxLineBytes) throw new RangeError("a line is longer than any page");
  }
  if (open.length > 0) yield { bytes: Buffer.concat(open), whole: false };
}
