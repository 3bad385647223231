import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { MarketClock } from "./clock.ts";
import { readCron } from "./cron.ts";
import type { WiredSchedule } from "./wiring.ts";

/** Market time (ms) up to which each schedule's ticks are carried out. */
const Done = z.record(z.string(), z.int());

/**
 * EventBridge Scheduler in market time. A tick that comes late stands for all that were missed, also for those that
 * came due while the exchange was dead, or that it was killed in: the workflow is started at once. Sweepers are not,
 * for whoever has been silent as long as the exchange was shall have a moment to speak.
 * @param file keeps what is done over a restart
 */
export function startScheduler(
  clock: MarketClock,
  schedules: readonly WiredSchedule[],
  run: (schedule: WiredSchedule) => Promise<void>,
  file: string,
): { stop(): void } {
  const cancels = new Map<string, () => void>();
  const done = readDone(file);
  let stopped = false;
  const note = (name: string, instant: number) => {
    if (stopped) return;
    done[name] = instant;
    writeFileSync(`${file}.new`, JSON.stringify(done));
    renameSync(`${file}.new`, file);
  };
  for (const schedule of schedules) {
    const { name, target } = schedule;
    const cron = readCron(schedule.cron);
    const arm = () => cancels.set(name, clock.at(cron.next(clock.now()), ring));
    const ring = () => {
      const instant = clock.now();
      const release = clock.hold();
      arm();
      run(schedule)
        .then(() => note(name, instant))
        .finally(release);
    };
    const last = done[name];
    const missed = last !== undefined && cron.next(last) <= clock.now();
    if (missed && target.kind === "machine") ring();
    else {
      if (last === undefined) note(name, clock.now());
      arm();
    }
  }
  return {
    stop() {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}

function readDone(file: string): Record<string, number> {
  try {
    return Done.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
}
