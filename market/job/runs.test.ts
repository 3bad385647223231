import { describe, expect, test } from "vitest";
import { refusal } from "../../test/given-when-then.ts";
import { cancel, eventsOf, ready, running, when } from "../../test/job-states.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  finish,
  inSlot,
  jobAfter,
  place,
  start,
  xian,
} from "../../test/training-job.ts";

describe("a run", () => {
  test("completes the job once", () => {
    const done = finish(1, "completed", inSlot(103, 200));
    expect(eventsOf(running, done)).toEqual(["JobCompleted", "ChargePosted"]);
    expect(eventsOf([...running, done], finish(1, "completed", inSlot(104)))).toEqual([]);
    expect(refusal(when(jobAfter(...running, done).state, cancel))).toBe("job-ended");
  });

  test("cannot end before it began", () => {
    expect(refusal(when(jobAfter(...ready).state, finish(1, "completed", inSlot(103))))).toBe(
      "run-not-begun",
    );
    expect(refusal(when(jobAfter(...running).state, finish(1, "notStartable", inSlot(103))))).toBe(
      "already-started",
    );
  });

  test("cannot be said to be impossible before its award begins, and costs three slots at most", () => {
    const told = (at: number) => when(jobAfter(...ready).state, finish(1, "notStartable", at));
    expect(refusal(told(inSlot(99, 359)))).toBe("start-too-early");
    const ends = (slot: number, mills: string) => ({
      events: [
        { type: "JobFailed", data: { cause: "notStartable", slot } },
        { type: "ChargePosted", data: { tenantPays: mills } },
      ],
    });
    expect(told(inSlot(100))).toMatchObject(ends(101, "1600"));
    expect(told(inSlot(102, 359))).toMatchObject(ends(103, "4800"));
    // The exchange was away before that: else its silence would have displaced it at the end of slot 102.
    expect(told(inSlot(106))).toMatchObject(ends(103, "4800"));
  });

  test("that fails is tried again as often as the job allows", () => {
    const stubborn = [...admitted({ retries: 1 }), place(awardOf(1), 20_000), acceptAt(1), start(1)];
    const fail = (run: number) => finish(1, "failed", inSlot(102, run), run);
    expect(eventsOf(stubborn, fail(1))).toEqual(["JobRunFailed"]);
    const again = [...stubborn, fail(1), start(1, 2, xian, inSlot(102, 60))];
    expect(eventsOf(again, fail(2))).toEqual(["JobFailed", "ChargePosted"]);
    expect(refusal(when(jobAfter(...again).state, start(1, 1, xian, inSlot(103))))).toBe("run-superseded");
  });
});
