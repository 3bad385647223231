import { parseArgs } from "node:util";
import { measureMemory } from "./api/memory.ts";
import { measureQuotes, meetsQuoteGoal } from "./api/quotes.ts";
import { measureRoundTrips } from "./api/round-trips.ts";
import { benchReport, goalRatio, type Measured } from "./bench-report.ts";
import { loadLine, machineLine } from "./machine.ts";
import { writeSection } from "./marked-section.ts";
import { type AppendRates, measureAppends } from "./store/append.ts";
import { withDatabase } from "./store/database-folder.ts";
import { measureFold } from "./store/fold.ts";
import { measureRelayLag, type RelayLag } from "./store/relay-lag.ts";

// `npm run bench`: the store, the API and the memory, side by side in one run. Exits with 1 if a goal is missed.

const usage = `npm run bench -- [options]

  --smoke    tiny sizes, to see that it runs; no goals, no memory
  --write    write the result into docs/benchmarks.md`;

interface Sizes {
  readonly rounds: number;
  readonly appends: number;
  readonly foldEvents: number;
  readonly rates: readonly number[];
  readonly lagSeconds: number;
  readonly calls: number;
  readonly offers: number;
  /** 0: memory is not measured. */
  readonly jobs: number;
}

const whole: Sizes = {
  rounds: 5,
  appends: 1_500,
  foldEvents: 100_000,
  rates: [20, 100, 400],
  lagSeconds: 5,
  calls: 200,
  offers: 10_000,
  jobs: 100,
};
const smoke: Sizes = {
  rounds: 1,
  appends: 64,
  foldEvents: 500,
  rates: [50],
  lagSeconds: 0.5,
  calls: 20,
  offers: 200,
  jobs: 0,
};

async function measure(sizes: Sizes): Promise<Measured> {
  const machine = machineLine();
  const load = loadLine();
  console.error(`${machine}\n${load}`);
  const store = await withDatabase(async (database) => {
    const appends: AppendRates[] = [];
    for (const inFlight of [1, 8, 32]) {
      console.error(`appends, ${inFlight} in flight …`);
      appends.push(await measureAppends({ database, inFlight, ...sizes }));
    }
    console.error("fold …");
    const fold = await measureFold(database, sizes.foldEvents, sizes.rounds);
    const lags: RelayLag[] = [];
    for (const rate of sizes.rates) {
      console.error(`relay lag, ${rate} appends a second …`);
      lags.push(await measureRelayLag(database, rate, sizes.lagSeconds));
    }
    return { appends, fold, lags };
  });
  console.error("API …");
  const roundTrips = await measureRoundTrips(sizes.calls, sizes.rounds);
  console.error(`quotes with ${sizes.offers} offers …`);
  const quotes = await measureQuotes(sizes.offers, sizes.calls, sizes.rounds);
  if (sizes.jobs > 0) console.error("memory …");
  const memory = sizes.jobs > 0 ? await measureMemory(sizes.jobs) : [];
  return { machine, load, ...store, roundTrips, quotes, memory };
}

function meetsGoals({ appends, quotes }: Measured): boolean {
  return appends.every(({ executesToPuts }) => executesToPuts >= goalRatio) && meetsQuoteGoal(quotes);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      smoke: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const measured = await measure(values.smoke ? smoke : whole);
  const report = benchReport(measured);
  console.log(report);
  if (values.write) writeSection(new URL("../docs/benchmarks.md", import.meta.url), "bench", report);
  return values.smoke || meetsGoals(measured) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
