import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readCron } from "./cron.ts";
import { createMarketTime } from "./market-time.ts";

const start = Date.parse("2026-01-05T00:00:00+08:00");
const minuteMs = 60_000;

/** Turns in which a clock that may jump has long done so. */
async function manyTurns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

describe("market time that stands", () => {
  test("is the instant that it was made with, and nothing rings", async () => {
    const time = createMarketTime(start);
    const rung: number[] = [];
    time.at(start - 1, () => rung.push(-1));
    time.at(start, () => rung.push(0));
    await manyTurns();
    expect(time.now()).toBe(start);
    expect(rung).toEqual([]);
  });
});

describe("a jump", () => {
  test("stops at everything due on the way, the earliest first, each at its instant", async () => {
    const time = createMarketTime(start);
    const rung: [string, number][] = [];
    for (const [name, after] of [
      ["c", 300],
      ["a", 100],
      ["limit", 400],
      ["b", 200],
      ["beyond", 401],
    ] as const)
      time.at(start + after, () => rung.push([name, time.now() - start]));
    await time.jumpTo(start + 400);
    expect(rung).toEqual([
      ["a", 100],
      ["b", 200],
      ["c", 300],
      ["limit", 400],
    ]);
    expect(time.now()).toBe(start + 400);
    await time.jumpTo(start + 500);
    expect(rung.at(-1)).toEqual(["beyond", 401]);
  });

  test("keeps the order in which things were asked for where they are due at once", async () => {
    const time = createMarketTime(start);
    const rung: number[] = [];
    for (const i of [0, 1, 2, 3]) time.at(start + 5, () => rung.push(i));
    await time.jumpTo(start + 5);
    expect(rung).toEqual([0, 1, 2, 3]);
  });

  test("rings what was due before it began, without going back", async () => {
    const time = createMarketTime(start);
    const rung: number[] = [];
    time.at(start - minuteMs, () => rung.push(time.now()));
    await time.jumpTo(start + 1);
    expect(rung).toEqual([start]);
  });

  test("into the past rings what is due and goes nowhere", async () => {
    const time = createMarketTime(start);
    let rung = 0;
    time.at(start - 2 * minuteMs, () => (rung += 1));
    time.at(start, () => (rung += 1));
    await time.jumpTo(start - minuteMs);
    expect(rung).toBe(1);
    expect(time.now()).toBe(start);
  });

  test("meets what is asked for on the way, even for now or the past", async () => {
    const time = createMarketTime(start);
    const rung: [string, number][] = [];
    time.at(start + 10, () => {
      time.at(start + 20, () => rung.push(["later", time.now() - start]));
      time.at(start + 10, () => rung.push(["now", time.now() - start]));
      time.at(start, () => rung.push(["past", time.now() - start]));
    });
    await time.jumpTo(start + 30);
    expect(rung).toEqual([
      ["past", 10],
      ["now", 10],
      ["later", 20],
    ]);
  });

  test("does not ring what was cancelled, be it by another alarm of the same instant", async () => {
    const time = createMarketTime(start);
    const rung: string[] = [];
    const cancel = time.at(start + 10, () => rung.push("cancelled before"));
    time.at(start + 20, () => cancelNext());
    const cancelNext = time.at(start + 20, () => rung.push("cancelled on the way"));
    const spent = time.at(start + 20, () => rung.push("kept"));
    cancel();
    cancel();
    await time.jumpTo(start + 30);
    spent();
    expect(rung).toEqual(["kept"]);
  });

  test("waits while any work is under way, and goes on when the last of it ends", async () => {
    const time = createMarketTime(start);
    const first = time.hold();
    const second = time.hold();
    let arrived = false;
    const jump = time.jumpTo(start + 10).then(() => (arrived = true));
    await manyTurns();
    first();
    await manyTurns();
    expect([arrived, time.now()]).toEqual([false, start]);
    second();
    await jump;
    expect(time.now()).toBe(start + 10);
  });

  test("counts the end of a piece of work once, however often it is told", async () => {
    const time = createMarketTime(start);
    const first = time.hold();
    const second = time.hold();
    let arrived = false;
    const jump = time.jumpTo(start + 10).then(() => (arrived = true));
    first();
    first();
    await manyTurns();
    expect(arrived).toBe(false);
    second();
    await jump;
  });

  test("waits for work that begins as other work ends", async () => {
    const time = createMarketTime(start);
    const seen: number[] = [];
    time.at(start + 10, () => {
      const release = time.hold();
      void turn().then(() => {
        release();
        // As a workflow's next step after one that is done: a promise later, with no hold in between.
        void Promise.resolve().then(async () => {
          const next = time.hold();
          await manyTurns();
          seen.push(time.now() - start);
          next();
        });
      });
    });
    time.at(start + 20, () => seen.push(time.now() - start));
    await time.jumpTo(start + 20);
    expect(seen).toEqual([10, 20]);
  });

  test("settles with nothing under way, not before the work of its last instant is done", async () => {
    const time = createMarketTime(start);
    let done = false;
    time.at(start + 10, () => {
      const release = time.hold();
      void manyTurns().then(() => {
        done = true;
        release();
      });
    });
    await time.jumpTo(start + 10);
    expect(done).toBe(true);
  });

  test("passes over no slot of a schedule, however slow the work of each is", async () => {
    const cron = readCron("0/6 * * * ? *");
    const time = createMarketTime(start);
    const slots: number[] = [];
    const arm = () => time.at(cron.next(time.now()), ring);
    const ring = () => {
      const release = time.hold();
      const slot = time.now();
      arm();
      void (async () => {
        for (let i = 0; i < slots.length % 4; i++) await turn();
        slots.push(slot);
        release();
      })();
    };
    arm();
    await time.jumpTo(start + 24 * 60 * minuteMs);
    expect(slots).toEqual(Array.from({ length: 240 }, (_, i) => start + (i + 1) * 6 * minuteMs));
  });

  test("rings each alarm once and on time, and stands still under the work that it begins", async () => {
    const offsets = fc.integer({ min: -50, max: 300 });
    const alarm = fc.record({
      after: offsets,
      /** Turns that its work takes. */
      work: fc.integer({ min: 0, max: 6 }),
      /** Another alarm, asked for when this one rings. */
      next: fc.option(offsets, { nil: undefined }),
    });
    const stops = fc.array(offsets, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(alarm, { maxLength: 12 }), stops, async (alarms, limits) => {
        const time = createMarketTime(start);
        const asked: { readonly at: number; readonly asOf: number }[] = [];
        const rung: { readonly at: number; readonly asOf: number; readonly now: number }[] = [];
        const moved: number[] = [];
        const work = async (turns: number) => {
          const [release, before] = [time.hold(), time.now()];
          for (let i = 0; i < turns; i++) await turn();
          moved.push(time.now() - before);
          release();
        };
        const ask = (at: number, turns: number, next: number | undefined) => {
          const asOf = time.now();
          asked.push({ at, asOf });
          time.at(at, () => {
            rung.push({ at, asOf, now: time.now() });
            if (next !== undefined) ask(start + next, 0, undefined);
            if (turns > 0) void work(turns);
          });
        };
        for (const one of alarms) ask(start + one.after, one.work, one.next);
        let reached = start;
        for (const limit of limits) {
          await time.jumpTo(start + limit);
          reached = Math.max(reached, start + limit);
          expect(time.now()).toBe(reached);
        }
        expect(rung.filter(({ at, asOf, now }) => now !== Math.max(at, asOf))).toEqual([]);
        expect(rung.map(({ now }) => now)).toEqual(rung.map(({ now }) => now).toSorted((a, b) => a - b));
        const due = asked.filter(({ at }) => at <= start + Math.max(...limits)).map(({ at }) => at);
        expect(rung.map(({ at }) => at).toSorted()).toEqual(due.toSorted());
        expect(moved.filter((ms) => ms !== 0)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("time that passes", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([0.5, 1, 60, 3600])("does so %d market seconds a second", (rate) => {
    const time = createMarketTime(start);
    time.pass(rate);
    for (const real of [1, 999, 1000, 60_000, 61_234]) {
      vi.setSystemTime(start + real);
      expect(time.now()).toBe(start + Math.floor(real * rate));
    }
  });

  test("rings what is due as it comes, in order, and not before", async () => {
    const time = createMarketTime(start);
    const rung: string[] = [];
    time.at(start + 90_000, () => rung.push("c"));
    time.at(start + 30_000, () => rung.push("a"));
    time.pass(60);
    time.at(start + 60_000, () => rung.push("b"));
    await vi.advanceTimersByTimeAsync(499);
    expect(rung).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rung).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(999);
    expect(rung).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rung).toEqual(["a", "b", "c"]);
  });

  test("rings what became due in one breath in the order in which it was due", async () => {
    const time = createMarketTime(start);
    const rung: string[] = [];
    time.pass(3600);
    time.at(start + 1500, () => rung.push("b"));
    time.at(start + 500, () => {
      rung.push("a");
      cancel();
    });
    const cancel = time.at(start + 1000, () => rung.push("cancelled"));
    await vi.advanceTimersByTimeAsync(1);
    expect(rung).toEqual(["a", "b"]);
  });

  test("rings at once what is due already, also what is asked for while something rings", async () => {
    const time = createMarketTime(start);
    const rung: string[] = [];
    time.pass(1);
    time.at(start - minuteMs, () => {
      rung.push("past");
      time.at(start, () => rung.push("now"));
    });
    await vi.advanceTimersByTimeAsync(2);
    expect(rung).toEqual(["past", "now"]);
  });

  test("rings what is weeks off", async () => {
    const time = createMarketTime(start);
    let rungAt = 0;
    const instant = start + 40 * 24 * 60 * minuteMs;
    time.at(instant, () => (rungAt = time.now()));
    time.pass(86_400);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(rungAt).toBe(instant);
  });

  test("goes on under work, for nothing stops real time", () => {
    const time = createMarketTime(start);
    time.hold();
    time.pass(1);
    vi.setSystemTime(start + 1000);
    expect(time.now()).toBe(start + 1000);
  });

  test("stands when it is stopped, and passes on from there", async () => {
    const time = createMarketTime(start);
    let rung = 0;
    time.at(start + 2000, () => (rung += 1));
    time.pass(1);
    await vi.advanceTimersByTimeAsync(1500);
    time.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([time.now(), rung]).toEqual([start + 1500, 0]);
    time.pass(1);
    await vi.advanceTimersByTimeAsync(499);
    expect(rung).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([time.now(), rung]).toEqual([start + 2000, 1]);
  });

  test("loses nothing when its rate changes between two looks at it", () => {
    const time = createMarketTime(start);
    time.pass(1);
    vi.setSystemTime(start + 500);
    time.pass(10);
    vi.setSystemTime(start + 600);
    expect(time.now()).toBe(start + 500 + 1000);
  });

  test("can jump on, and pass again from where the jump ended", async () => {
    const time = createMarketTime(start);
    time.pass(1);
    await vi.advanceTimersByTimeAsync(1000);
    await time.jumpTo(start + minuteMs);
    await vi.advanceTimersByTimeAsync(5000);
    expect(time.now()).toBe(start + minuteMs);
    time.pass(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(time.now()).toBe(start + minuteMs + 2000);
  });

  test("never goes back, whatever the machine's clock, the rate, stops and jumps do", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("clock" as const), by: fc.integer({ min: -100_000, max: 100_000 }) }),
      fc.record({
        kind: fc.constant("pass" as const),
        by: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
      }),
      fc.record({ kind: fc.constant("jump" as const), by: fc.integer({ min: -100_000, max: 100_000 }) }),
      fc.record({ kind: fc.constant("stop" as const), by: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const time = createMarketTime(start);
        const seen = [time.now()];
        for (const { kind, by } of steps) {
          if (kind === "clock") vi.setSystemTime(Date.now() + by);
          else if (kind === "pass") time.pass(by);
          else if (kind === "jump") await time.jumpTo(time.now() + by);
          else time.stop();
          seen.push(time.now());
        }
        time.stop();
        expect(seen).toEqual(seen.toSorted((a, b) => a - b));
        expect(seen.every(Number.isInteger)).toBe(true);
      }),
    );
  });
});

describe("time that comes to rest", () => {
  test("stands while work under way ends, and what follows from it, though something is due", async () => {
    const time = createMarketTime(start);
    const rung: string[] = [];
    time.at(start, () => rung.push("due"));
    const release = time.hold();
    let rested: boolean | undefined;
    const rest = time.rest(60_000).then((ended) => {
      rested = ended;
    });
    await manyTurns();
    expect(rested).toBeUndefined();
    const next = time.hold();
    release();
    await manyTurns();
    expect(rested).toBeUndefined();
    next();
    await rest;
    expect(rested).toBe(true);
    expect(rung).toEqual([]);
    expect(time.now()).toBe(start);
  });

  test("says so when work does not end", async () => {
    const time = createMarketTime(start);
    time.hold();
    expect(await time.rest(1)).toBe(false);
  });

  test("passes and jumps no more", async () => {
    const time = createMarketTime(start);
    time.pass(1_000_000);
    expect(await time.rest(60_000)).toBe(true);
    const stood = time.now();
    await turn();
    expect(time.now()).toBe(stood);
  });
});

describe("the file of market time", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "market-time-"));
    file = join(folder, "market-time");
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As the next process finds it, whose start is long before. */
  const reopened = (): number => createMarketTime(0, file).now();

  test("keeps where a jump came to", async () => {
    await createMarketTime(start, file).jumpTo(start + minuteMs);
    expect(reopened()).toBe(start + minuteMs);
    expect(readdirSync(folder)).toEqual(["market-time"]);
  });

  test("keeps where time stood when it was stopped", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start });
    const time = createMarketTime(start, file);
    time.pass(60);
    await vi.advanceTimersByTimeAsync(1234);
    time.stop();
    expect(reopened()).toBe(start + 60 * 1234);
  });

  test("gives way to a start that is later", async () => {
    await createMarketTime(start, file).jumpTo(start + 5);
    expect(createMarketTime(start + 4, file).now()).toBe(start + 5);
    expect(createMarketTime(start + 6, file).now()).toBe(start + 6);
  });

  test("knows of each instant before anything acts on it", async () => {
    const time = createMarketTime(start, file);
    const known: [number, number][] = [];
    for (const after of [10, 10, 20]) time.at(start + after, () => known.push([time.now(), reopened()]));
    await time.jumpTo(start + 30);
    expect(known).toEqual([10, 10, 20].map((after) => [start + after, start + after]));
  });

  test("knows of every instant that anybody saw while time passed, for a crash to leave no earlier one", () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start });
    const rates = fc.oneof(fc.constantFrom(0.5, 1, 60), fc.double({ min: 0.01, max: 100_000, noNaN: true }));
    const looks = fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rates, looks, (rate, waits) => {
        rmSync(file, { force: true });
        const time = createMarketTime(start, file);
        time.pass(rate);
        for (const wait of waits) {
          vi.advanceTimersByTime(wait);
          const seen = time.now();
          expect(reopened()).toBeGreaterThanOrEqual(seen);
        }
        time.stop();
        expect(reopened()).toBe(time.now());
      }),
    );
  });

  test("follows time that nobody looks at, a second of the machine's behind at most", () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start });
    const time = createMarketTime(start, file);
    time.at(start + 60 * minuteMs, () => {});
    time.pass(1);
    vi.advanceTimersByTime(10_000);
    expect(reopened()).toBeGreaterThanOrEqual(start + 9000);
    time.stop();
  });

  test("is no more than a second of the machine's ahead of what was seen", () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: start });
    const time = createMarketTime(start, file);
    time.pass(60);
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(700);
      const seen = time.now();
      expect(reopened()).toBeLessThanOrEqual(seen + 60_000);
    }
    time.stop();
  });

  test.each(["", " ", "x", "NaN", "Infinity", "-1"])(
    "that holds %j stops the start: time might go back",
    (text) => {
      writeFileSync(file, text);
      expect(() => createMarketTime(start, file)).toThrow(
        `${file} is damaged: write the market time into it, in ms since 1970, no earlier than any in the log`,
      );
    },
  );

  test("that cannot be read stops the start: time might go back", () => {
    mkdirSync(file);
    expect(() => createMarketTime(start, file)).toThrow("EISDIR");
  });

  test("is written whole or not at all", async () => {
    writeFileSync(`${file}.new`, "17");
    expect(createMarketTime(start, file).now()).toBe(start);
    await createMarketTime(start, file).jumpTo(start + 1);
    expect(readFileSync(file, "utf8")).toBe(String(start + 1));
  });
});
