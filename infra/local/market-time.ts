import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { MarketClock } from "./clock.ts";

interface Alarm {
  readonly at: number;
  readonly due: () => void;
}

type Mode =
  | { readonly kind: "standing" }
  /** Standing, until all work under way has ended. */
  | { readonly kind: "resting"; readonly arrived: () => void }
  /** Jumps from due instant to due instant up to `limit`. */
  | { readonly kind: "jumping"; readonly limit: number; readonly arrived: () => void }
  /** Passes `rate` times as fast as real time since `real` (ms), when it was `market`. */
  | { readonly kind: "passing"; readonly rate: number; readonly real: number; readonly market: number };

/** The one market clock of a local exchange. */
export interface MarketTime extends MarketClock {
  /**
   * Goes to the instant (ms since the Unix epoch), stopping at everything due on the way until all work under way is
   * done: a slow machine takes longer, and nothing else changes. Settles there, with nothing under way.
   */
  jumpTo(instantMs: number): Promise<void>;
  /** Lets time pass by itself, `rate` market seconds a second. */
  pass(rate: number): void;
  /** Stands still from now on. */
  stop(): void;
  /** Stands still from now on; tells whether all work under way has ended within so many real ms. */
  rest(patienceMs: number): Promise<boolean>;
}

/** Real milliseconds between two notes of the time while it passes by itself. */
const noteEveryMs = 1_000;

/**
 * @param start market time to begin with, unless the file knows a later one
 * @param file keeps the time over a restart: market time never goes back
 */
export function createMarketTime(start: number, file?: string): MarketTime {
  const alarms = new Set<Alarm>();
  let now = Math.max(start, file === undefined ? start : readTime(file));
  let mode: Mode = { kind: "standing" };
  let holds = 0;
  let timer: NodeJS.Timeout | undefined;
  let turning = false;
  let noted = Number.NEGATIVE_INFINITY;

  const note = () => {
    if (file === undefined) return;
    // Passing time is noted ahead, for nobody may see an instant that a crash would take back.
    noted = mode.kind === "passing" ? now + Math.floor(noteEveryMs * mode.rate) : now;
    writeFileSync(`${file}.new`, String(noted));
    renameSync(`${file}.new`, file);
  };
  const current = () => {
    if (mode.kind !== "passing") return now;
    now = Math.max(now, Math.floor(mode.market + (Date.now() - mode.real) * mode.rate));
    if (now > noted) note();
    return now;
  };
  const earliest = () => {
    let first: Alarm | undefined;
    for (const alarm of alarms) if (first === undefined || alarm.at < first.at) first = alarm;
    return first;
  };
  const ring = (alarm: Alarm) => {
    if (alarms.delete(alarm)) alarm.due();
  };
  const jump = (limit: number, arrived: () => void) => {
    const next = earliest();
    if (next !== undefined && next.at <= limit) {
      if (next.at > now) {
        now = next.at;
        note();
      }
      ring(next);
      return turn();
    }
    now = Math.max(now, limit);
    note();
    mode = { kind: "standing" };
    arrived();
  };
  // Work that ends often begins other work in the same breath: time moves only after a pause without any.
  const turn = () => {
    if (turning || (mode.kind !== "jumping" && mode.kind !== "resting") || holds > 0) return;
    turning = true;
    setImmediate(() =>
      setImmediate(() => {
        turning = false;
        if (holds > 0) return;
        if (mode.kind === "jumping") jump(mode.limit, mode.arrived);
        else if (mode.kind === "resting") mode.arrived();
      }),
    );
  };
  const wait = () => {
    clearTimeout(timer);
    if (mode.kind !== "passing") return;
    const next = earliest();
    const real = next === undefined ? noteEveryMs : Math.max(0, (next.at - current()) / mode.rate);
    timer = setTimeout(tick, Math.min(real, noteEveryMs));
  };
  const tick = () => {
    const time = current();
    note();
    for (const alarm of [...alarms].filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)) ring(alarm);
    wait();
  };
  const stop = () => {
    current();
    mode = { kind: "standing" };
    clearTimeout(timer);
    note();
  };
  return {
    now: current,
    at(instantMs, due) {
      const alarm = { at: instantMs, due };
      alarms.add(alarm);
      if (mode.kind === "passing") wait();
      else turn();
      return () => alarms.delete(alarm);
    },
    hold() {
      holds += 1;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holds -= 1;
        turn();
      };
    },
    jumpTo: (limit) =>
      new Promise((arrived) => {
        mode = { kind: "jumping", limit, arrived };
        turn();
      }),
    pass(rate) {
      mode = { kind: "passing", rate, real: Date.now(), market: current() };
      wait();
    },
    stop,
    async rest(patienceMs) {
      stop();
      const late = new AbortController();
      const rested = new Promise<true>((resolve) => {
        mode = { kind: "resting", arrived: () => resolve(true) };
        turn();
      });
      const waited = sleep(patienceMs, false as const, { signal: late.signal });
      waited.catch(() => undefined);
      try {
        return await Promise.race([rested, waited]);
      } finally {
        late.abort();
        mode = { kind: "standing" };
      }
    },
  };
}

/** @throws Error for a file that tells no time, as a power cut may leave it: to begin anew would set time back. */
function readTime(file: string): number {
  const text = textOf(file);
  if (text === undefined) return 0;
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(
    `${file} is damaged: write the market time into it, in ms since 1970, no earlier than any in the log`,
  );
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
