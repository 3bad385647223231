import { parseArgs } from "node:util";
import { DEFAULT_SCENARIO } from "../../agent/scenario/scenario.ts";

export interface Options {
  /** Exit after the outcome. */
  readonly once: boolean;
  /** Only serve. */
  readonly empty: boolean;
  readonly scenario: string;
  /** Trace jobs to replay; absent: all. */
  readonly jobs?: number;
  readonly days: number;
  /** Market seconds a second; absent: as fast as the work is done, and real time once it only serves. */
  readonly rate?: number;
  readonly port: number;
  readonly data: string;
}

export const usage = `npm start -- [options]

  --once            exit after the outcome: 0 if every check holds, else 1
  --empty           only serve, without a replay
  --scenario FILE   replay another scenario (default: the bundled day)
  --jobs N          replay about N jobs of the trace
  --days N          replay N days (1 to 3)
  --rate R          market seconds a second (default: as fast as the work is done, then real time)
  --port N          port of the API (default 8080)
  --data DIR        folder of the exchange's data (default .suanwang)
  --help`;

/** As Node parses them; what it says of a wrong one does not say where the right ones are. */
const parsed: typeof parseArgs = (config) => {
  try {
    return parseArgs(config);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : cause;
    throw new Error(`${detail}: npm start -- --help shows the options`, { cause });
  }
};

/** @throws Error naming the option and what it takes. */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values } = parsed({
    args: [...args],
    options: {
      once: { type: "boolean", default: false },
      empty: { type: "boolean", default: false },
      scenario: { type: "string", default: DEFAULT_SCENARIO },
      jobs: { type: "string" },
      days: { type: "string", default: "1" },
      rate: { type: "string" },
      port: { type: "string", default: "8080" },
      data: { type: "string", default: ".suanwang" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { once, empty, scenario, data } = values;
  if (once && empty) throw new Error("--once waits for an outcome, --empty has none: use one of them");
  const whole = (name: string, text: string, least: number, most: number) => {
    const number = Number(text);
    if (text.trim() === "" || !Number.isInteger(number) || number < least || number > most)
      throw new Error(`--${name} takes a whole number from ${least} to ${most}, not ${text}`);
    return number;
  };
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate)))
    throw new Error(`--rate takes a number above 0, not ${values.rate}`);
  return {
    once,
    empty,
    scenario,
    data,
    days: whole("days", values.days, 1, 3),
    port: whole("port", values.port, 0, 65_535),
    ...(values.jobs === undefined ? {} : { jobs: whole("jobs", values.jobs, 1, 1_000_000) }),
    ...(rate === undefined ? {} : { rate }),
  };
}
