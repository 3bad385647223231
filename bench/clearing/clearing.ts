import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCommand, WrongCall } from "../command.ts";
import { loadLine, machineLine } from "../machine.ts";
import { writeSection } from "../marked-section.ts";
import { type EngineRun, runEngine } from "./engine-run.ts";
import { generateInstance, type InstanceName, instanceNames, nextAuction, shapes } from "./generate.ts";
import { goals } from "./goals.ts";
import { type HighsRun, runHighs } from "./highs-run.ts";
import { readInstance, writeJson } from "./interchange.ts";
import {
  faultsOf,
  gapPlot,
  type InstanceRuns,
  type Measurements,
  measuredText,
  type NextAuctions,
  type SeedRun,
} from "./report.ts";
import { runSpot } from "./spot-run.ts";

// `npm run bench:clearing`: the engine on instances of the repository and others like them, beside HiGHS. Exits with 1
// if a result breaks a rule or a must of the goals is missed, with 2 if it is called wrongly.

const usage = `npm run bench:clearing -- [options]

  --write           write the results into docs/clearing.md and docs/clearing-gap.svg
  --instance NAME   one of ${instanceNames.join(", ")}; may be given more than once (all)
  --seeds N         other seeds of each kind (2)
  --no-highs        without the yardstick: goals that name it are not judged
  --smoke           mod-100 only, some seconds, without HiGHS; goals are not judged`;

/** Seconds given for the plot, beyond what the goals allow; the largest has twice its must. */
const LONG_SECONDS: Readonly<Record<InstanceName, number>> = {
  "mod-100": 2,
  "mod-1k": 10,
  "heavy-1k": 10,
  "mod-10k": 20,
  "mod-100k": 60,
};
/** Seconds for HiGHS; beyond some thousand bids it has nothing to show, so there it does not run. */
const HIGHS_SECONDS: Partial<Readonly<Record<InstanceName, number>>> = {
  "mod-100": 300,
  "mod-1k": 60,
  "heavy-1k": 60,
};
const REPLACED = 0.1;
/** Next auctions of each instance: a single one says little, for a search that begins otherwise ends otherwise. */
const NEXT: Readonly<Record<InstanceName, number>> = {
  "mod-100": 20,
  "mod-1k": 10,
  "heavy-1k": 8,
  "mod-10k": 4,
  "mod-100k": 2,
};
const SPOT = { books: 300, seconds: 0.1 };

interface Call {
  readonly names: readonly InstanceName[];
  readonly seeds: number;
  readonly highs: boolean;
  readonly write: boolean;
  readonly smoke: boolean;
}

function readCall(): Call | null {
  const { values } = parseArgs({
    options: {
      write: { type: "boolean", default: false },
      instance: { type: "string", multiple: true, default: [] },
      seeds: { type: "string", default: "2" },
      "no-highs": { type: "boolean", default: false },
      smoke: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 0 || seeds > 100)
    throw new WrongCall(`--seeds must be a whole number from 0 to 100, not ${values.seeds}`);
  const unknown = values.instance.find((name) => !instanceNames.some((known) => known === name));
  if (unknown !== undefined)
    throw new WrongCall(`--instance must be one of ${instanceNames.join(", ")}, not ${unknown}`);
  const chosen = instanceNames.filter(
    (name) => values.instance.length === 0 || values.instance.includes(name),
  );
  if (
    values.write &&
    (chosen.length < instanceNames.length || values["no-highs"] || values.smoke || seeds === 0)
  )
    throw new WrongCall("--write needs all instances, other seeds and HiGHS");
  if (values.smoke) return { names: ["mod-100"], seeds: 1, highs: false, write: false, smoke: true };
  return { names: chosen, seeds, highs: !values["no-highs"], write: values.write, smoke: false };
}

const fileOf = (name: InstanceName) => fileURLToPath(new URL(`instances/${name}.json.gz`, import.meta.url));

async function yardstick(name: InstanceName, file: string, call: Call): Promise<HighsRun | null> {
  const seconds = HIGHS_SECONDS[name];
  if (!call.highs || seconds === undefined) return null;
  console.error(`  HiGHS, up to ${seconds} s …`);
  return await runHighs(file, seconds);
}

async function measureInstance(name: InstanceName, call: Call): Promise<InstanceRuns> {
  console.error(`${name} …`);
  const file = fileOf(name);
  const goal = goals[name];
  const must = await runEngine({ file, seconds: goal.must.seconds });
  const aim =
    goal.aim.seconds === goal.must.seconds ? must : await runEngine({ file, seconds: goal.aim.seconds });
  const long = await runEngine({ file, seconds: call.smoke ? 1 : LONG_SECONDS[name] });
  return { name, goal, must, aim, long, highs: await yardstick(name, file, call) };
}

/** HiGHS runs here only where the goal speaks of it. */
async function measureSeed(name: InstanceName, seed: string, folder: string, call: Call): Promise<SeedRun> {
  console.error(`${name}, seed ${seed} …`);
  const goal = goals[name];
  const file = join(folder, `${name}-${seed}.json`);
  writeJson(file, generateInstance(shapes[name], seed));
  const must = await runEngine({ file, seconds: goal.must.seconds });
  const named = goal.must.asGoodAsHighs !== undefined || goal.must.belowOptimum !== undefined;
  return { name, seed, goal, must, highs: named ? await yardstick(name, file, call) : null };
}

async function measureNext(name: InstanceName, folder: string, smoke: boolean): Promise<NextAuctions> {
  const count = smoke ? 1 : NEXT[name];
  console.error(`${name}, ${count} times from the last auction's prices …`);
  const limit = goals[name].must.seconds;
  const [last, file] = [join(folder, `${name}-last.json`), join(folder, `${name}-next.json`)];
  await runEngine({ file: fileOf(name), seconds: limit, resultFile: last });
  const runs: { cold: EngineRun; warm: EngineRun }[] = [];
  for (let n = 1; n <= count; n++) {
    writeJson(file, nextAuction(readInstance(fileOf(name)), shapes[name], `next-${n}`, REPLACED));
    const cold = await runEngine({ file, seconds: limit });
    runs.push({ cold, warm: await runEngine({ file, seconds: limit, warmFile: last }) });
  }
  return { name, limit, runs };
}

async function measure(call: Call, folder: string): Promise<Measurements> {
  const machine = machineLine();
  const load = loadLine();
  console.error(`${machine}\n${load}`);
  const instances: InstanceRuns[] = [];
  const seeds: SeedRun[] = [];
  const next: NextAuctions[] = [];
  for (const name of call.names) {
    instances.push(await measureInstance(name, call));
    for (let n = 1; n <= call.seeds; n++) seeds.push(await measureSeed(name, String(n), folder, call));
    next.push(await measureNext(name, folder, call.smoke));
  }
  console.error("spot auctions …");
  const spot = await runSpot(call.smoke ? 10 : SPOT.books, SPOT.seconds);
  return { machine, load, instances, seeds, next, spot };
}

async function run(call: Call): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "suanwang-clearing-"));
  try {
    const measurements = await measure(call, folder);
    const text = measuredText(measurements);
    console.log(text);
    if (call.write) {
      const page = new URL("../../docs/clearing.md", import.meta.url);
      writeSection(page, "clearing", text);
      writeFileSync(new URL("clearing-gap.svg", page), gapPlot(measurements.instances));
    }
    const faults = faultsOf(measurements);
    // A busy machine of a smoke run says nothing of goals; a rule that is broken does.
    const counted = call.smoke ? faults.filter((fault) => !fault.startsWith("missed: ")) : faults;
    for (const fault of faults) console.log(`✗ ${fault}`);
    if (faults.length === 0)
      console.log("✓ every result keeps the rules, and no must that could be judged is missed");
    if (counted.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runCommand(usage, readCall, run);
