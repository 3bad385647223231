import { runScript } from "../child-script.ts";
import type { Progress } from "./highs.ts";

export interface HighsRun {
  readonly columns: number;
  readonly rows: number;
  /** See `solveRelaxation`. */
  readonly relaxation: number | null;
  /** What it knew, as time went by; the last is where it ended. */
  readonly progress: readonly Progress[];
  readonly megabytes: number | null;
  /** Why it did not end well, if so; what it knew before that is in `progress`. */
  readonly failure: string | null;
}

/** Beyond the limit, for building the program and for a solver that does not look at the clock. */
const PATIENCE_SECONDS = 30;

/** HiGHS on the exact program of an instance file, which knows no prices (see `milpOf`), in a process of its own. */
export async function runHighs(file: string, seconds: number): Promise<HighsRun> {
  const progress: Progress[] = [];
  let [columns, rows] = [0, 0];
  let megabytes: number | null = null;
  let relaxation: number | null = null;
  let reason: string | null = null;
  const { failure } = await runScript(new URL("highs-child.ts", import.meta.url), [file, String(seconds)], {
    // The relaxation first, then the program itself.
    seconds: 2 * seconds + PATIENCE_SECONDS,
    take(message) {
      const fields = Object(message);
      if ("failure" in fields) reason = String(fields.failure);
      else if ("relaxation" in fields) relaxation = numberOf(fields.relaxation);
      else if ("columns" in fields) [columns, rows] = [Number(fields.columns), Number(fields.rows)];
      else progress.push(progressOf(fields));
      if ("megabytes" in fields) megabytes = Number(fields.megabytes);
    },
  });
  return { columns, rows, relaxation, progress, megabytes, failure: reason ?? failure };
}

const numberOf = (value: unknown) => (typeof value === "number" ? value : null);

function progressOf(fields: Record<string, unknown>): Progress {
  return {
    seconds: numberOf(fields.seconds) ?? 0,
    welfare: numberOf(fields.welfare),
    priced: numberOf(fields.priced),
    bound: numberOf(fields.bound),
    optimal: fields.optimal === true,
  };
}
