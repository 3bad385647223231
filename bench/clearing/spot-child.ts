import { writeSync } from "node:fs";
import { drawWhole } from "../../agent/scenario/draw.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { generateInstance } from "./generate.ts";
import { firstWithin, gapOf, searchUntil } from "./timed-search.ts";

// `node spot-child.ts COUNT SECONDS`: clears so many small books, one after another as a warm Lambda does, and writes
// for each when its result was first as good as in the end.
const [count = "0", seconds = "0.1"] = process.argv.slice(2);
for (let n = 0; n < Number(count); n++) {
  const seed = `spot-${n}`;
  const bids = drawWhole(1, 8, seed, "bids");
  const book = generateInstance({ tail: "mod", bids, centers: 6, slots: 30 }, seed);
  const { result, moments, seconds: took } = searchUntil(book, { seconds: Number(seconds) });
  const gap = gapOf(result);
  const reached = firstWithin(moments, gap)?.seconds ?? took;
  const broken = checkClearing(book, result).map(({ rule, what }) => `${rule}: ${what}`);
  writeSync(1, `${JSON.stringify({ seconds: reached, took, gap, broken })}\n`);
}
