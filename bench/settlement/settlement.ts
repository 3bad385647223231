import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand, WrongCall } from "../command.ts";
import { loadLine, machineLine } from "../machine.ts";
import { writeSection } from "../marked-section.ts";
import { measureBooks } from "./books.ts";
import { measureDays } from "./measure.ts";
import { faultsOf, missedGoals, settlementReport } from "./settlement-report.ts";

// `npm run bench:settlement`: ledger and match of a busy market's days, and the same books in hledger. Exits with 1 if
// numbers that must agree do not or a goal is missed, with 2 if it is called wrongly.

const usage = `npm run bench:settlement -- [options]

  --write    write the results into docs/benchmarks.md
  --jobs N   jobs of the days (1000000); a million take some 6 GB of disk and half an hour
  --smoke    some seconds: 2,000 jobs, goals are not judged`;

interface Call {
  readonly jobs: number;
  readonly transactions: number;
  readonly rounds: number;
  readonly write: boolean;
  readonly smoke: boolean;
}

const full = { jobs: 1_000_000, transactions: 100_000, rounds: 3 };
const small = { jobs: 2_000, transactions: 5_000, rounds: 1 };
/** Jobs whose facts one bucket of the match holds at a time. */
const JOBS_PER_BUCKET = 8_000;
const DAYS = 2;

function readCall(): Call | null {
  const { values } = parseArgs({
    options: {
      write: { type: "boolean", default: false },
      jobs: { type: "string" },
      smoke: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const size = values.smoke ? small : full;
  const jobs = Number(values.jobs ?? size.jobs);
  if (!Number.isSafeInteger(jobs) || jobs < 100)
    throw new WrongCall(`--jobs must be a whole number from 100 on, not ${values.jobs}`);
  if (values.write && (values.smoke || jobs < full.jobs))
    throw new WrongCall(`--write needs ${full.jobs} jobs, and no --smoke`);
  return { ...size, jobs, write: values.write, smoke: values.smoke };
}

async function run(call: Call): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "suanwang-settlement-"));
  try {
    const [machine, load] = [machineLine(), loadLine()];
    console.error(`${machine}\n${load}`);
    const { jobs } = call;
    const shape = { jobs, days: DAYS, accounts: Math.max(10, Math.round(jobs / 500)), centers: 20, seed: 7 };
    const feed = join(folder, "feed.ndjson");
    const days = await measureDays(shape, Math.ceil(jobs / JOBS_PER_BUCKET), folder, feed);
    const books = await measureBooks(feed, call.transactions, call.rounds, folder);
    const measurements = { machine, load, days, books };
    const report = settlementReport(measurements);
    console.log(report);
    if (call.write) writeSection(new URL("../../docs/benchmarks.md", import.meta.url), "settlement", report);
    const [faults, missed] = [faultsOf(measurements), missedGoals(measurements)];
    for (const line of [...faults, ...missed.map((goal) => `missed: ${goal}`)]) console.log(`✗ ${line}`);
    if (faults.length + missed.length === 0) console.log("✓ all numbers agree, and every goal is met");
    // A busy machine says nothing of goals in a smoke run; numbers that disagree do.
    if (faults.length > 0 || (!call.smoke && missed.length > 0)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runCommand(usage, readCall, run);
