import { parseArgs } from "node:util";
import { loadLine, machineLine } from "../machine.ts";
import { writeSection } from "../marked-section.ts";
import { auctionReport, meetsGoal } from "./auction-report.ts";
import { runForwardAuction } from "./forward-auction.ts";

// `npm run bench:auction`: one forward auction of many bids, end to end. Exits with 1 if a goal is missed.

const usage = `npm run bench:auction -- [options]

  --bids N   bids in the book of the forward auction (10000)
  --write    write the result into docs/benchmarks.md`;

/** Requests of the posting clients under way at once: more only wait in the exchange. */
const inFlight = 48;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bids: { type: "string", default: "10000" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const bids = Number(values.bids);
  if (!Number.isSafeInteger(bids) || bids < 1) {
    console.error(`--bids ${values.bids} is no whole number above 0\n\n${usage}`);
    return 2;
  }
  const [machine, load] = [machineLine(), loadLine()];
  console.error(`${machine}\n${load}\nposting ${bids} jobs …`);
  const run = await runForwardAuction(bids, inFlight);
  const report = auctionReport(machine, load, run);
  console.log(report);
  if (values.write) writeSection(new URL("../../docs/benchmarks.md", import.meta.url), "auction", report);
  return meetsGoal(run) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
