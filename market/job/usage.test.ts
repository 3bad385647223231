import { describe, expect, test } from "vitest";
import { refusal } from "../../test/given-when-then.ts";
import { centerLost, eventsOf, refuse, running, when } from "../../test/job-states.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  finish,
  inSlot,
  jobAfter,
  meter,
  place,
  placementId,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { instant } from "../time.ts";
import type { JobCommand } from "./commands.ts";
import { isSuperseded } from "./state.ts";

describe("usage", () => {
  const hour = { from: 100, to: 104, cardSeconds: 11_520 };

  test("is metered once for each span", () => {
    expect(eventsOf(running, meter(1, hour))).toEqual(["JobMetered"]);
    expect(eventsOf([...running, meter(1, hour)], meter(1, hour))).toEqual([]);
    expect(
      eventsOf([...running, meter(1, hour)], meter(1, { from: 104, to: 105, cardSeconds: 2_880 })),
    ).toEqual(["JobMetered"]);
  });

  test("that overlaps, runs backwards or is of another center or run is refused", () => {
    const { state } = jobAfter(...running, meter(1, hour));
    expect(refusal(when(state, meter(1, { ...hour, from: 103, to: 105 })))).toBe("usage-overlaps");
    expect(refusal(when(state, meter(1, { ...hour, from: 106, to: 105 })))).toBe("usage-reversed");
    const own = meter(1, { ...hour, from: 104, to: 105 });
    if (own.type !== "Meter") throw new Error("no meter");
    const others = { ...own, usage: { ...own.usage, center: wuhan } };
    expect(refusal(when(state, others))).toBe("usage-of-another");
    expect(refusal(when(state, { ...own, run: 2 }))).toBe("run-not-begun");
  });

  test("beyond what was awarded to the center in that time is refused", () => {
    const { state } = jobAfter(...running);
    expect(when(state, meter(1, { ...hour, cardSeconds: 11_521 }))).toMatchObject({
      rejection: { kind: "invalid", code: "usage-beyond-award", field: "/cardSeconds" },
    });
    // Eight cards until slot 110, none before slot 100.
    expect(refusal(when(state, meter(1, { from: 108, to: 114, cardSeconds: 5_761 })))).toBe(
      "usage-beyond-award",
    );
    expect(refusal(when(state, meter(1, { from: 90, to: 100, cardSeconds: 1 })))).toBe("usage-beyond-award");
  });

  test("of the future is refused, though a clock may run a few seconds ahead", () => {
    const { state } = jobAfter(...running);
    const at = (seconds: number) => ({ ...meter(1, hour), at: inSlot(104, seconds) });
    expect(refusal(when(state, at(-6)))).toBe("usage-in-future");
    expect(eventsOf(running, at(-5))).toEqual(["JobMetered"]);
    expect(refusal(when(state, meter(1, hour, 105)))).toBe("checkpoint-in-future");
  });

  test("of a run that has ended is taken up to its end and no further", () => {
    const done = [...running, finish(1, "completed", inSlot(104))];
    expect(eventsOf(done, meter(1, hour))).toEqual(["JobMetered"]);
    const late = meter(1, { from: 104, to: 105, cardSeconds: 1 });
    expect(when(jobAfter(...done).state, late)).toMatchObject({
      rejection: { kind: "conflict", code: "run-ended", field: "/to" },
    });
    const again = [...admitted({ retries: 1 }), place(awardOf(1), 20_000), acceptAt(1), start(1)];
    const failedOnce = [...again, finish(1, "failed", inSlot(104))];
    expect(refusal(when(jobAfter(...failedOnce).state, late))).toBe("run-ended");
  });

  test("of a superseded run is kept, costs nobody anything, and the center is told", () => {
    const moved = [...running, refuse(xian, inSlot(104))];
    expect(eventsOf(moved, meter(1, hour))).toEqual(["JobMetered"]);
    expect(isSuperseded(jobAfter(...moved).state, placementId(1), 1)).toBe(true);
    expect(refusal(when(jobAfter(...moved).state, finish(1, "completed", inSlot(105))))).toBe(
      "run-superseded",
    );
  });

  test("of a run that another followed is not paid in the slot in which their center fails", () => {
    const cardSeconds = 1440;
    const usage = { center: xian, from: instant(inSlot(104)), to: instant(inSlot(104, 180)), cardSeconds };
    const metered = (seconds: number): JobCommand => ({
      ...{ type: "Meter", placement: placementId(1), center: xian, run: 1, usage },
      at: inSlot(104, seconds),
    });
    const failed = finish(1, "failed", inSlot(104, 200));
    const again = start(1, 2, xian, inSlot(104, 210));
    const paid = (...told: readonly JobCommand[]) => {
      const award = [place(awardOf(1), 20_000), acceptAt(1), start(1)];
      const history = [...admitted({ kind: "div", retries: 1 }), ...award, ...told];
      const { events } = jobAfter(...history, centerLost(xian, inSlot(104, 300)));
      const lines = events.flatMap((event) => (event.type === "ChargePosted" ? event.data.lines : []));
      return lines.flatMap(({ kind, mills: amount }) => (kind === "compute" ? [amount] : []));
    };
    expect(paid(failed, again)).toEqual(["6400"]);
    expect(paid(failed, again, metered(220))).toEqual(["6400"]);
    // What it told before the other began was delivered.
    expect(paid(metered(190), failed, again)).toEqual(["6400", "800"]);
  });
});
