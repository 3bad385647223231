import { once } from "node:events";
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import * as z from "zod";
import type { Period } from "../../events/catalog/values.ts";
import type { StoredPage } from "../../events/store/chain.ts";
import type { FeedPage } from "../../events/store/feed.ts";

// A feed in a file, a page's stored text in each line, and beside it where every so manieth page begins: what the table
// of pages is to the exchange. Reading it costs what reading pages costs, and no more memory than a page.

const INDEX_EVERY = 200;

const Index = z.array(z.object({ position: z.int(), offset: z.int() }));
const indexOf = (file: string) => `${file}.index.json`;

export interface FeedSize {
  readonly pages: number;
  readonly events: number;
  readonly bytes: number;
  /** Last page of each settlement day. */
  readonly cutOffs: readonly { readonly period: Period; readonly position: number }[];
  /** Discrepancies that are in it on purpose. */
  readonly breaks: number;
}

export async function writeFeedFile(file: string, pages: Iterable<FeedPage>): Promise<FeedSize> {
  const out = createWriteStream(file);
  const index: z.infer<typeof Index> = [];
  let size: FeedSize = { pages: 0, events: 0, bytes: 0, cutOffs: [], breaks: 0 };
  for (const { position, bytes, commits } of pages) {
    if (position % INDEX_EVERY === 1) index.push({ position, offset: size.bytes });
    const line = `${bytes}\n`;
    const events = commits.flatMap((commit) => commit.events);
    const cutOffs = events.flatMap((event) => (event.type === "PeriodCutOff" ? [event.data] : []));
    size = {
      pages: size.pages + 1,
      events: size.events + events.length,
      bytes: size.bytes + Buffer.byteLength(line),
      cutOffs: [...size.cutOffs, ...cutOffs.map(({ period, position }) => ({ period, position }))],
      breaks: size.breaks + events.filter(({ type }) => type === "BreakFound").length,
    };
    if (!out.write(line)) await once(out, "drain");
  }
  out.end();
  await finished(out);
  writeFileSync(indexOf(file), JSON.stringify(index));
  return size;
}

/** Pages after a position, as they are stored; without reading those before it. */
export async function* readFeedFile(file: string, after = 0): AsyncGenerator<StoredPage> {
  const index = Index.parse(JSON.parse(readFileSync(indexOf(file), "utf8")));
  const begin = index.findLast(({ position }) => position <= after + 1) ?? { position: 1, offset: 0 };
  let { position } = begin;
  for await (const bytes of createInterface({ input: createReadStream(file, { start: begin.offset }) })) {
    if (position > after) yield { position, bytes };
    position += 1;
  }
}
