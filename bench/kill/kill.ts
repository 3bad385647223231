import { cpus, release, totalmem } from "node:os";
import { runKills } from "./kill-run.ts";

// `npm run bench:kill`: a hundred kills, unless told otherwise: `npm run bench:kill -- KILLS`.

// The exchange is in a process group of its own: whoever ends this process ends that as well.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const kills = Number(process.argv[2] ?? 100);
const seed = process.env.KILL_SEED ?? String(Date.now());
const [cpu] = cpus();
console.log(
  `${cpus().length} × ${cpu?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}, Node ${process.version}`,
);
console.log(`${kills} kills, KILL_SEED=${seed}`);
const began = performance.now();
const { faults, totals } = await runKills({ kills, seed, report: console.log });
console.log(totals);
for (const fault of faults) console.log(`✗ ${fault}`);
console.log(`${faults.length} faults, ${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exitCode = faults.length === 0 ? 0 : 1;
