import { writeSync } from "node:fs";
import { checkClearing } from "../../test/clearing-checker.ts";
import { readInstance, readPrices, writeResult } from "./interchange.ts";
import { searchUntil } from "./timed-search.ts";

// `node engine-child.ts INSTANCE SECONDS [RESULT [WARM]]`: clears in a process whose memory is the engine's own (and
// that of the instance), then has the result judged. Writes moments and the end as lines of JSON.
const [file = "", seconds = "1", resultFile, warmFile] = process.argv.slice(2);
const book = readInstance(file);
const warm = warmFile === undefined ? undefined : readPrices(warmFile, book);
const timed = searchUntil(book, { seconds: Number(seconds), ...(warm === undefined ? {} : { warm }) });
const megabytes = process.resourceUsage().maxRSS / 1024;
const broken = checkClearing(book, timed.result).map(({ rule, what }) => `${rule}: ${what}`);
if (resultFile !== undefined && resultFile !== "") writeResult(resultFile, timed.result);
for (const moment of timed.moments) writeSync(1, `${JSON.stringify(moment)}\n`);
const { welfare, bound } = timed.result;
writeSync(1, `${JSON.stringify({ end: true, seconds: timed.seconds, welfare, bound, megabytes, broken })}\n`);
