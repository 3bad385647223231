import type { ReplayClock } from "../../agent/replay/world.ts";

interface Alarm {
  readonly at: number;
  readonly due: () => void;
}

/**
 * Market time as members outside the exchange know it: what it said last, and what has passed since. Never ahead of
 * the exchange, for an answer is older when it arrives; it stands still while the exchange is dead.
 */
export interface MemberClock extends ReplayClock {
  /** The exchange said this time (ms) just now. */
  heard(marketMs: number): void;
  stop(): void;
  /** Settles so many market seconds from now. */
  pass(seconds: number): Promise<void>;
}

/** @param rate market seconds a second */
export function createMemberClock(rate: number, start: number): MemberClock {
  const alarms = new Set<Alarm>();
  /** Never goes back: ahead of an exchange that a crash set back a little, it waits for it. */
  let latest = start;
  let market = start;
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const now = () => {
    const passed = since === undefined ? 0 : Math.floor((performance.now() - since) * rate);
    latest = Math.max(latest, market + passed);
    return latest;
  };
  const arm = () => {
    clearTimeout(timer);
    if (since === undefined || alarms.size === 0) return;
    const next = Math.min(...[...alarms].map(({ at }) => at));
    timer = setTimeout(ring, Math.min(1_000, Math.max(1, (next - now()) / rate)));
  };
  const ring = () => {
    const time = now();
    for (const alarm of [...alarms].filter(({ at }) => at <= time).sort((a, b) => a.at - b.at))
      if (alarms.delete(alarm)) alarm.due();
    arm();
  };
  const at = (instantMs: number, due: () => void) => {
    const alarm = { at: instantMs, due };
    alarms.add(alarm);
    arm();
    return () => void alarms.delete(alarm);
  };
  return {
    now,
    at,
    // The exchange's time passes by itself, whoever is at work.
    hold: () => () => undefined,
    heard(marketMs) {
      now();
      market = marketMs;
      since = performance.now();
      arm();
    },
    stop() {
      market = now();
      since = undefined;
      clearTimeout(timer);
    },
    pass: (seconds) => new Promise((resolve) => at(now() + seconds * 1000, resolve)),
  };
}
