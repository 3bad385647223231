import { existsSync } from "node:fs";
import { join } from "node:path";
import { startReplay } from "../../agent/replay/replay.ts";
import { openingMs, type Scenario } from "../../agent/scenario/scenario.ts";
import { DAY_SECONDS, SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { askedScenario } from "./asked-scenario.ts";
import { type Exchange, startExchange } from "./exchange.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { outcomeOf, printOutcome } from "./outcome.ts";
import { createProgress } from "./progress.ts";
import { claimFolder, makeFolder } from "./replay-folder.ts";

// `npm start`: boots the exchange, replays a scenario through its API, prints the outcome and keeps serving.

/** Market time after the last day in which its close is done. */
const closeMs = 5 * 60_000;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(usage);
    return 0;
  }
  const scenario = options.empty ? undefined : askedScenario(options);
  makeFolder(options.data);
  if (scenario !== undefined) claimFolder(options);
  const startAt = scenario === undefined ? emptyStart(options) : openingMs(scenario);
  const began = performance.now();
  const exchange = await startExchange({ dataDir: options.data, port: options.port, startAt });
  let closing = false;
  // At once, before what is under way fails for good: whoever starts it anew finds all of it waiting.
  exchange.broken.catch((error: Error) => {
    if (closing) return;
    console.error(`${error.message}: start the exchange anew`);
    process.exit(1);
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`Suanwang listens on ${exchange.url} after ${seconds} s, data in ${options.data}`);
  const stopped = new Promise<void>((resolve) =>
    process.once("SIGINT", () => resolve()).once("SIGTERM", () => resolve()),
  );
  try {
    const code =
      scenario === undefined
        ? 0
        : await Promise.race([replay(exchange, scenario, options), stopped.then(() => 130)]);
    if (options.once || code === 130) return code;
    exchange.time.pass(options.rate ?? 1);
    console.log(`serving at ${exchange.url} (npm run -s token -- --help), Ctrl-C ends it`);
    await stopped;
    return code;
  } finally {
    closing = true;
    await exchange.close();
  }
}

async function replay(exchange: Exchange, scenario: Scenario, options: Options): Promise<number> {
  const { time, issuer, url } = exchange;
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const began = performance.now();
  const token = (owner: string, role: string) => issuer.mint({ owner, roles: [role], seconds: 86_400 });
  const world = await startReplay({ scenario, baseUrl: url, clock: time, token, fail });
  const opening = openingMs(scenario);
  const end = opening + scenario.days * DAY_SECONDS * 1000;
  const progress = createProgress(exchange, world, end);
  const goTo = async (instant: number) => {
    if (options.rate === undefined) return time.jumpTo(instant);
    time.pass(options.rate);
    await new Promise<void>((resolve) => time.at(instant, resolve));
  };
  // An hour at a time, for whoever watches; those that passed before the exchange was started anew are over.
  const hour = 10 * SLOT_SECONDS * 1000;
  const passed = Math.max(0, Math.floor((time.now() - opening) / hour));
  for (let instant = opening + passed * hour; instant < end; ) {
    instant += hour;
    await Promise.race([goTo(Math.min(instant, end) - 1), failed]);
    await progress.show();
  }
  await Promise.race([goTo(end + closeMs), failed]);
  time.stop();
  const seconds = (performance.now() - began) / 1000;
  const outcome = await outcomeOf(exchange, world, seconds, join(options.data, "exports"));
  printOutcome(outcome);
  return outcome.checks.every(({ ok }) => ok) ? 0 : 1;
}

/** Now; on a folder that holds a replay, the exchange goes on in the replay's own time. */
function emptyStart({ data }: Options): number {
  return existsSync(join(data, "replay")) && existsSync(join(data, "market-time")) ? 0 : Date.now();
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
