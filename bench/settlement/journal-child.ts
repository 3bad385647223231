import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import * as z from "zod";
import { type FeedPage, parsePage } from "../../events/store/feed.ts";
import { journalOf } from "../../exports/journal.ts";
import { entriesOf } from "../../market/settlement/ledger.ts";
import { readFeedFile } from "./feed-file.ts";

// Writes the journal of a feed's first pages, up to the one in which it has so many transactions.

const { feed, journal, most } = z
  .object({ feed: z.string(), journal: z.string(), most: z.int().min(1) })
  .parse(JSON.parse(process.argv[2] ?? "null"));
let [transactions, position] = [0, 0];

async function* firstPages(): AsyncGenerator<FeedPage> {
  for await (const stored of readFeedFile(feed)) {
    const page = parsePage(stored);
    const moving = page.commits.flatMap(({ events }) =>
      events.filter((event) => entriesOf(event).length > 0),
    );
    transactions += moving.length;
    position = page.position;
    yield page;
    if (transactions >= most) return;
  }
}

const out = createWriteStream(journal);
for await (const text of journalOf(firstPages())) if (!out.write(text)) await once(out, "drain");
out.end();
await finished(out);
console.log(JSON.stringify({ transactions, position }));
