import type { MarketClock } from "./clock.ts";
import { readCron } from "./cron.ts";
import type { WiredSchedule } from "./wiring.ts";

/** EventBridge Scheduler in market time. A tick that comes late stands for all that were missed. */
export function startScheduler(
  clock: MarketClock,
  schedules: readonly WiredSchedule[],
  run: (schedule: WiredSchedule) => Promise<void>,
): { stop(): void } {
  const cancels = new Map<string, () => void>();
  for (const schedule of schedules) {
    const cron = readCron(schedule.cron);
    const arm = () => cancels.set(schedule.name, clock.at(cron.next(clock.now()), ring));
    const ring = () => {
      const release = clock.hold();
      arm();
      run(schedule).finally(release);
    };
    arm();
  }
  return {
    stop() {
      for (const cancel of cancels.values()) cancel();
    },
  };
}
