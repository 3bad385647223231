import { setTimeout as sleep } from "node:timers/promises";

/** Waits before try `attempt` (2, 3, …). */
export type Pause = (attempt: number) => Promise<void>;

/**
 * Full jitter over a span that doubles from 10 ms to 640 ms, so that those who failed together do not try together again.
 * @param random in [0, 1)
 */
export function createPause(random: () => number): Pause {
  return (attempt) => sleep(random() * 10 * 2 ** Math.min(attempt - 2, 6));
}
