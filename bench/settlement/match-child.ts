import { join } from "node:path";
import { type FeedPage, parsePage } from "../../events/store/feed.ts";
import { matchDay } from "../../market/settlement/match.ts";
import { type MatchFact, matchFactsOf } from "../../market/settlement/match-facts.ts";
import { MatchTask, peakMegabytes } from "./child-results.ts";
import { createFactFiles, readFacts } from "./fact-files.ts";
import { readFeedFile } from "./feed-file.ts";

// The three-way match of each settlement day of a feed as the close does it: every page leaves its facts by bucket, then
// each bucket is matched by itself with what the day before carried.

const task = MatchTask.parse(JSON.parse(process.argv[2] ?? "null"));
const { feed, folder, buckets, cutOffs } = task;
const spent = { readSeconds: 0, factSeconds: 0, diskSeconds: 0, matchSeconds: 0 };
let [events, facts, matched, withinTolerance, breaks] = [0, 0, 0, 0, 0];
const codes: Record<string, number> = {};
const placements = new Set<string>();

function timed<Result>(what: keyof typeof spent, work: () => Result): Result {
  const began = performance.now();
  const result = work();
  spent[what] += (performance.now() - began) / 1000;
  return result;
}

function factsOf({ commits }: FeedPage): MatchFact[] {
  return commits.flatMap(({ stream, version, time, events: of }) =>
    of.flatMap((event, n) => matchFactsOf(event, { stream, version: version + n, time })),
  );
}

/** Leaves the facts of pages `(after, upTo]` in a folder. */
async function leaveFacts(after: number, upTo: number, into: string): Promise<void> {
  const files = createFactFiles(into, buckets);
  for await (const stored of readFeedFile(feed, after)) {
    if (stored.position > upTo) break;
    const page = timed("readSeconds", () => parsePage(stored));
    const taken = timed("factSeconds", () => factsOf(page));
    timed("diskSeconds", () => files.add(taken));
    events += page.commits.reduce((sum, commit) => sum + commit.events.length, 0);
    facts += taken.length;
  }
  timed("diskSeconds", () => files.flush());
}

let after = 0;
let before = join(folder, "nothing");
for (const { period, position } of cutOffs) {
  const ofDay = join(folder, period);
  const carried = join(folder, `${period}-carried`);
  await leaveFacts(after, position, ofDay);
  const carrying = createFactFiles(carried, buckets);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const [own, old] = timed("diskSeconds", () => [readFacts(ofDay, bucket), readFacts(before, bucket)]);
    const day = timed("matchSeconds", () => matchDay(own, old, period));
    timed("diskSeconds", () => carrying.add(day.carried));
    matched += day.counts.matched;
    withinTolerance += day.counts.withinTolerance;
    breaks += day.counts.breaks;
    for (const { code, placement, about } of day.breaks) {
      codes[code] = (codes[code] ?? 0) + 1;
      placements.add(placement ?? about);
    }
  }
  timed("diskSeconds", () => carrying.flush());
  [after, before] = [position, carried];
}
const counts = { events, facts, matched, withinTolerance, breaks, placements: placements.size, codes };
console.log(JSON.stringify({ ...counts, ...spent, megabytes: peakMegabytes() }));
