import type { MarketClock } from "../infra/local/clock.ts";

interface Alarm {
  readonly at: number;
  readonly due: () => void;
}

/** A market clock that stands still until a test moves it, and only when no work is under way. */
export class ManualClock implements MarketClock {
  readonly #alarms = new Set<Alarm>();
  #idle: PromiseWithResolvers<void> | undefined;
  #now: number;
  #holds = 0;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(instantMs: number, due: () => void): () => void {
    const alarm = { at: instantMs, due };
    this.#alarms.add(alarm);
    if (instantMs <= this.#now) setImmediate(() => this.#ring(alarm));
    return () => this.#alarms.delete(alarm);
  }

  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds > 0) return;
      this.#idle?.resolve();
      this.#idle = undefined;
    };
  }

  /** Instants that something waits for, the earliest first. */
  get pending(): readonly number[] {
    return [...this.#alarms].map(({ at }) => at).sort((a, b) => a - b);
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Settles when no work is under way and nothing is due. */
  async idle(): Promise<void> {
    while (true) {
      if (this.#holds > 0) {
        this.#idle ??= Promise.withResolvers();
        await this.#idle.promise;
        continue;
      }
      const due = this.#next(this.#now);
      if (due === undefined) return;
      this.#ring(due);
    }
  }

  /** Moves time on to the instant, stopping at everything due on the way until its work is done. */
  async moveTo(instantMs: number): Promise<void> {
    await this.idle();
    for (let next = this.#next(instantMs); next !== undefined; next = this.#next(instantMs)) {
      this.#now = Math.max(this.#now, next.at);
      this.#ring(next);
      await this.idle();
    }
    this.#now = Math.max(this.#now, instantMs);
  }

  async advance(ms: number): Promise<void> {
    await this.idle();
    await this.moveTo(this.#now + ms);
  }

  #next(limit: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at <= limit && (first === undefined || alarm.at < first.at)) first = alarm;
    }
    return first;
  }

  #ring(alarm: Alarm): void {
    if (this.#alarms.delete(alarm)) alarm.due();
  }
}
