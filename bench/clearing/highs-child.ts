import { writeSync } from "node:fs";
import { solveMilp, solveRelaxation } from "./highs.ts";
import { readInstance } from "./interchange.ts";
import { milpOf } from "./milp.ts";
import { pricedBy } from "./milp-schedule.ts";

// `node highs-child.ts INSTANCE SECONDS`: writes what HiGHS knows, a line of JSON each time that it knows more.
const [file = "", seconds = "60"] = process.argv.slice(2);
// HiGHS does not return to the event loop while it solves, so lines must be written at once.
const tell = (message: object) => writeSync(1, `${JSON.stringify(message)}\n`);
try {
  const book = readInstance(file);
  const milp = milpOf(book);
  tell({ columns: milp.gain.length, rows: milp.rows.length });
  tell({ relaxation: await solveRelaxation(milp, Number(seconds)) });
  const last = await solveMilp(milp, Number(seconds), { tell, priced: pricedBy(book, milp) });
  tell({ ...last, megabytes: process.resourceUsage().maxRSS / 1024 });
} catch (error) {
  // A message of its own: a stack through WebAssembly shows the solver's whole source.
  tell({ failure: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
