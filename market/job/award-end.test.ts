import { describe, expect, test } from "vitest";
import type { JobSpec } from "../../events/catalog/job.ts";
import { refusal } from "../../test/given-when-then.ts";
import { cancel, eventsOf, known, placed, running, service, when } from "../../test/job-states.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  fill,
  finish,
  inSlot,
  jobAfter,
  mills,
  place,
  placementId,
  start,
  xian,
} from "../../test/training-job.ts";
import type { JobCommand } from "./commands.ts";

describe("the end of an award", () => {
  const ended = (slot: number): JobCommand => ({
    type: "StretchEnded",
    placement: placementId(1),
    at: inSlot(slot, 60),
  });
  const extending = (changed: Partial<JobSpec> = {}) => [
    ...admitted({ extendLimit: 240, ...changed }),
    place(awardOf(1), 20_000),
    acceptAt(1),
    start(1),
  ];
  const next = awardOf(2, [fill({ from: 110, to: 120 })], { stretch: 2, continues: true });
  const goOn = (at = inSlot(109)): JobCommand => ({ type: "Continue", award: next, hold: mills(19_200), at });

  test("passes without a break where a continuation won, and charges what is over", () => {
    expect(eventsOf(extending(), goOn())).toEqual(["JobContinued"]);
    expect(eventsOf([...extending(), goOn()], goOn())).toEqual([]);
    expect(eventsOf([...extending(), goOn()], ended(110))).toEqual(["ChargePosted"]);
    expect(known(...extending(), goOn()).placements).toHaveLength(1);
  });

  test("returns the remainder to the book where all bids for it lost", () => {
    expect(eventsOf(extending(), ended(109))).toEqual([]);
    expect(eventsOf(extending(), ended(110))).toEqual(["JobDisplaced", "ChargePosted"]);
    expect(known(...extending(), ended(110))).toMatchObject({ phase: "queued", usedBefore: 10 });
  });

  test("is the end of a gang that may not go on", () => {
    expect(eventsOf(running, ended(110))).toEqual(["JobFailed", "ChargePosted"]);
    expect(eventsOf(extending({ maxSlots: 10 }), ended(110))).toEqual(["JobFailed", "ChargePosted"]);
  });

  test("completes a divisible job: it has what it bought", () => {
    const div = [...admitted({ kind: "div" }), place(awardOf(1), 20_000), acceptAt(1), start(1)];
    expect(eventsOf(div, ended(110))).toEqual(["JobCompleted", "ChargePosted"]);
  });

  test("completes a divisible job that names a limit for more: it bids for none", () => {
    expect(eventsOf(extending({ kind: "div" }), ended(110))).toEqual(["JobCompleted", "ChargePosted"]);
  });

  test.each([
    ["divisible job", { kind: "div" }],
    ["service", service],
    ["gang", {}],
  ] as const)("fails a %s whose run failed and was not begun again: all of it is paid", (_, changed) => {
    const spec = { ...changed, retries: 3 };
    const history = [...admitted(spec), place(awardOf(1), 20_000), acceptAt(1), start(1)];
    const decision = when(jobAfter(...history, finish(1, "failed", inSlot(102))).state, ended(110));
    expect(decision).toMatchObject({
      events: [
        { type: "JobFailed", data: { cause: "timeLimit", detail: expect.stringContaining("Run 1 failed") } },
        { type: "ChargePosted", data: { tenantPays: "16000", lines: [{ row: 7 }], final: true } },
      ],
    });
    const again = [...history, finish(1, "failed", inSlot(102)), start(1, 2, xian, inSlot(103))];
    expect(eventsOf(again, ended(110))).toEqual([
      "kind" in spec ? "JobCompleted" : "JobFailed",
      "ChargePosted",
    ]);
  });

  test("gives a continuation that comes after the job's end back", () => {
    const over = [...extending(), finish(1, "completed", inSlot(109, 100))];
    expect(eventsOf(over, goOn(inSlot(109, 200)))).toEqual(["JobContinued", "ChargePosted"]);
    expect(known(...over, goOn(inSlot(109, 200))).phase).toBe("completed");
  });

  test("is where its continuation must begin", () => {
    const gap = awardOf(2, [fill({ from: 111, to: 120 })], { stretch: 2, continues: true });
    const decision = when(jobAfter(...extending()).state, {
      type: "Continue",
      award: gap,
      hold: mills(1),
      at: inSlot(109),
    });
    expect(refusal(decision)).toBe("not-adjacent");
  });
});

test("a withdrawal counts once, before and after the award", () => {
  expect(eventsOf(admitted(), cancel)).toEqual(["JobCancelled"]);
  expect(eventsOf(placed, cancel)).toEqual(["JobCancelled", "ChargePosted"]);
  expect(eventsOf([...placed, cancel], cancel)).toEqual([]);
});
