import { parseArgs } from "node:util";
import { loadLine, machineLine } from "../machine.ts";
import { writeSection } from "../marked-section.ts";
import { accountOf } from "./account.ts";
import { costReport, goalTransitions, goalUsd } from "./cost-report.ts";
import { countedRun } from "./counted-run.ts";
import { readPrices, totalCost } from "./price-list.ts";
import { meanHours, traceMeanHours, typicalJobs } from "./workload.ts";

// `npm run bench:cost`: what 1,000 jobs cost at list prices, counted. Exits with 1 if a goal is missed.

const usage = `npm run bench:cost -- [options]

  --jobs N    jobs to count (default 240)
  --days N    days to run at most (default 4)
  --write     write the result into docs/cost.md`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      jobs: { type: "string", default: "240" },
      days: { type: "string", default: "4" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  console.error(`${machineLine()}\n${loadLine()}\ncounting a day without jobs …`);
  const empty = await countedRun([], 1);
  const typical = typicalJobs(Number(values.jobs));
  console.error(`${empty.seconds.toFixed(0)} s; counting ${typical.length} jobs …`);
  const run = await countedRun(typical, Number(values.days));
  console.error(`${run.seconds.toFixed(0)} s`);
  const prices = readPrices();
  const hours = { meanHours: meanHours(typical), traceHours: traceMeanHours() };
  const runs = { run, empty, jobs: typical.length, ...hours, machine: machineLine() };
  const report = costReport(runs, prices);
  console.log(report);
  if (values.write) writeSection(new URL("../../docs/cost.md", import.meta.url), "cost", report);
  const { perThousandJobs } = accountOf(run, empty, typical.length);
  const met =
    totalCost(perThousandJobs, prices) < goalUsd && perThousandJobs.transitions / 1000 <= goalTransitions;
  return met ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
