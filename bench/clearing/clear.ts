import { parseArgs } from "node:util";
import { checkClearing } from "../../test/clearing-checker.ts";
import { assertWritable, readInstance, readPrices, UnreadableFile, writeResult } from "./interchange.ts";
import { gapOf, searchUntil } from "./timed-search.ts";

const usage = `npm run clear -- INSTANCE RESULT [options]

  INSTANCE         an auction in the interchange format (docs/clearing.md), .json or .json.gz
  RESULT           where its result goes, .json or .json.gz
  --seconds S      how long the engine may take (10)
  --warm RESULT    start from the prices of an earlier result for the same pools and links

Exits with 1 if a file cannot be read or written or the result breaks a rule, with 2 if it is called wrongly.`;

class WrongCall extends Error {}

function readCall() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "10" },
      warm: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [instance, result, more] = positionals;
  const seconds = Number(values.seconds);
  if (values.help) return null;
  if (instance === undefined || result === undefined || more !== undefined)
    throw new WrongCall(`name an instance and a result, not ${positionals.length} files`);
  if (!(seconds > 0) || !Number.isFinite(seconds))
    throw new WrongCall(`--seconds must be a number above 0, not ${values.seconds}`);
  return { instance, result, seconds, warm: values.warm };
}

/** Of this process so far, in MB. */
const peakMemory = () => process.resourceUsage().maxRSS / 1024;
const secondsSince = (began: number) => (performance.now() - began) / 1000;

function clearFile(call: NonNullable<ReturnType<typeof readCall>>): boolean {
  const reading = performance.now();
  const book = readInstance(call.instance);
  const warm = call.warm === undefined ? undefined : readPrices(call.warm, book);
  const read = secondsSince(reading);
  assertWritable(call.result);
  const { result, seconds } = searchUntil(book, {
    seconds: call.seconds,
    ...(warm === undefined ? {} : { warm }),
  });
  const megabytes = peakMemory();
  const writing = performance.now();
  writeResult(call.result, result);
  const wrote = secondsSince(writing);
  const broken = checkClearing(book, result);
  const lines: [string, string][] = [
    ["bids", book.bids.length.toLocaleString("en")],
    ["accepted", (result.accepted.length + result.div.length).toLocaleString("en")],
    ["welfare", `${result.welfare.toLocaleString("en")} mills`],
    ["bound", `${result.bound.toLocaleString("en")} mills`],
    ["gap", `${(gapOf(result) * 100).toFixed(3)} %`],
    ["seconds", `${seconds.toFixed(3)} (reading ${read.toFixed(3)}, writing ${wrote.toFixed(3)} apart)`],
    ["memory", `${Math.round(megabytes)} MB at most`],
    ["rules", broken.length === 0 ? "all kept" : `${broken.length} broken`],
  ];
  for (const [name, value] of lines) console.log(`${name.padEnd(9)} ${value}`);
  for (const { rule, what } of broken.slice(0, 20)) console.error(`✗ ${rule}: ${what}`);
  return broken.length === 0;
}

try {
  const call = readCall();
  if (call === null) console.log(usage);
  else if (!clearFile(call)) process.exitCode = 1;
} catch (error) {
  const wrongCall =
    error instanceof WrongCall ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
  if (!wrongCall && !(error instanceof UnreadableFile)) throw error;
  console.error(error.message);
  if (wrongCall) console.error(`\n${usage}`);
  process.exitCode = wrongCall ? 2 : 1;
}
