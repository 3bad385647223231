import { readFileSync, writeFileSync } from "node:fs";
import { type FeedPage, parsePage } from "../../events/store/feed.ts";
import { emptyLedger, entriesOf, ledgerOf, totalsOf, withEvents } from "../../market/settlement/ledger.ts";
import { noStatements, statementFactsOf, withFacts } from "../../market/settlement/statements.ts";
import { FoldTask, peakMegabytes } from "./child-results.ts";
import { readFeedFile } from "./feed-file.ts";
import { parsedTotals } from "./measure.ts";

// Folds a range of a feed into the ledger and into statements, in the memory of some pages, and leaves the totals as a closed period has them.

/** Pages that are folded at once. */
const BATCH = 50;

const task = FoldTask.parse(JSON.parse(process.argv[2] ?? "null"));
let ledger = task.from === null ? emptyLedger : ledgerOf(parsedTotals(readFileSync(task.from, "utf8")));
let statements = noStatements;
let [events, entries, position, readMs, foldMs, statementMs] = [0, 0, task.after, 0, 0, 0];

function* eventsOf(pages: readonly FeedPage[]) {
  for (const { commits } of pages) for (const commit of commits) yield* commit.events;
}

function* statementFacts(pages: readonly FeedPage[]) {
  for (const event of eventsOf(pages)) yield* statementFactsOf(event);
}

function fold(pages: readonly FeedPage[]): void {
  const began = performance.now();
  ledger = withEvents(ledger, eventsOf(pages));
  const folded = performance.now();
  foldMs += folded - began;
  statements = withFacts(statements, statementFacts(pages));
  statementMs += performance.now() - folded;
  for (const event of eventsOf(pages)) {
    events += 1;
    entries += entriesOf(event).length;
  }
}

let batch: FeedPage[] = [];
for await (const stored of readFeedFile(task.feed, task.after)) {
  if (task.upTo !== null && stored.position > task.upTo) break;
  const began = performance.now();
  batch.push(parsePage(stored));
  readMs += performance.now() - began;
  position = stored.position;
  if (batch.length < BATCH) continue;
  fold(batch);
  batch = [];
}
fold(batch);
writeFileSync(task.into, JSON.stringify(totalsOf(ledger)));
const seconds = {
  readSeconds: readMs / 1000,
  foldSeconds: foldMs / 1000,
  statementSeconds: statementMs / 1000,
};
const parties = statements.size;
console.log(JSON.stringify({ events, entries, parties, position, ...seconds, megabytes: peakMegabytes() }));
