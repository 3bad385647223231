import { runScript } from "../child-script.ts";
import type { Moment } from "./timed-search.ts";

export interface EngineRun {
  /** Seconds that the engine was given. */
  readonly limit: number;
  readonly welfare: number;
  readonly bound: number;
  readonly seconds: number;
  /** Peak of the whole process, in MB. */
  readonly megabytes: number;
  /** What it had, as time went by. */
  readonly moments: readonly Moment[];
  /** Rules that the result breaks, and a process that did not end well. */
  readonly faults: readonly string[];
}

export interface EngineJob {
  readonly file: string;
  readonly seconds: number;
  /** Where the result goes, if anybody wants it. */
  readonly resultFile?: string;
  /** An earlier result to start from. */
  readonly warmFile?: string;
}

/** For reading, writing and judging, which the engine's seconds do not hold. */
const PATIENCE_SECONDS = 300;

/** The engine on an instance file, in a process of its own. */
export async function runEngine({ file, seconds, resultFile = "", warmFile }: EngineJob): Promise<EngineRun> {
  const moments: Moment[] = [];
  const faults: string[] = [];
  let end = { welfare: 0, bound: Infinity, seconds: Infinity, megabytes: 0 };
  const words = [file, String(seconds), resultFile, ...(warmFile === undefined ? [] : [warmFile])];
  const { failure } = await runScript(new URL("engine-child.ts", import.meta.url), words, {
    seconds: seconds + PATIENCE_SECONDS,
    take(message) {
      const fields = Object(message);
      const number = (name: string) => (typeof fields[name] === "number" ? fields[name] : Infinity);
      const common = { seconds: number("seconds"), welfare: number("welfare"), bound: number("bound") };
      if (fields.end !== true) moments.push({ ...common, work: number("work") });
      else {
        end = { ...common, megabytes: number("megabytes") };
        if (Array.isArray(fields.broken)) faults.push(...fields.broken.map(String));
      }
    },
  });
  if (failure !== null) faults.push(failure);
  return { limit: seconds, ...end, moments, faults };
}
