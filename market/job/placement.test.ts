import { describe, expect, test } from "vitest";
import { refusal } from "../../test/given-when-then.ts";
import {
  cancel,
  centerLost,
  eventsOf,
  known,
  placed,
  ready,
  refuse,
  running,
  when,
} from "../../test/job-states.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  begunOvernight,
  fill,
  finish,
  inSlot,
  jobAfter,
  meter,
  midnight,
  mills,
  place,
  placementId,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { nothing } from "../decider.ts";
import { instant } from "../time.ts";
import type { JobCommand } from "./commands.ts";
import { askAtDeadline, askExcused, deadlineOf, silenceAt } from "./deadlines.ts";
import type { JobPhase } from "./state.ts";

const displace = (cause: "notAccepted" | "notStarted", at: number): JobCommand => ({
  type: "Displace",
  placement: placementId(1),
  cause,
  at,
});

describe("an award", () => {
  test("puts the job in force, once", () => {
    expect(eventsOf(admitted(), place(awardOf(1), 20_000))).toEqual(["JobPlaced"]);
    expect(eventsOf(placed, place(awardOf(1), 20_000))).toEqual([]);
    expect(refusal(when(jobAfter(...placed).state, place(awardOf(2), 20_000)))).toBe("award-in-force");
  });

  test("that was sealed late is paid for from where it could begin", () => {
    const late = known(...admitted(), place(awardOf(1), 20_000, inSlot(102, 30)));
    expect(late.placements[0]?.from).toBe(103);
  });

  test("wins over an expiry that was decided in the same moment", () => {
    const expired = [...admitted(), { type: "Expire", slot: 120, at: inSlot(120) } as const];
    expect(eventsOf(expired, place(awardOf(1), 20_000))).toEqual(["JobPlaced"]);
  });

  test("that meets a withdrawal under way is released in the same commit", () => {
    expect(eventsOf([...admitted(), cancel], place(awardOf(1), 20_000, inSlot(98, 5)))).toEqual([
      "JobPlaced",
      "JobCancelled",
      "ChargePosted",
    ]);
  });
});

describe("a placement", () => {
  const phases = (...history: readonly JobCommand[]): JobPhase => known(...history).phase;

  test("goes from reserved over accepted to running", () => {
    expect([phases(...placed), phases(...ready), phases(...running)]).toEqual([
      "reserved",
      "accepted",
      "running",
    ]);
  });

  test("is its centers' affair only", () => {
    const { state } = jobAfter(...placed);
    expect(refusal(when(state, acceptAt(1, wuhan)))).toBe("not-your-placement");
    expect(refusal(when(state, acceptAt(2)))).toBe("placement-unknown");
  });

  test("starts in its time, after it was accepted, run by run", () => {
    const at = (slot: number, run = 1) => start(1, run, xian, inSlot(slot));
    expect(refusal(when(jobAfter(...placed).state, at(100)))).toBe("not-accepted");
    expect(refusal(when(jobAfter(...ready).state, at(99)))).toBe("start-too-early");
    expect(refusal(when(jobAfter(...ready).state, at(110)))).toBe("placement-over");
    expect(refusal(when(jobAfter(...ready).state, at(100, 2)))).toBe("run-unknown");
    expect(refusal(when(jobAfter(...running).state, at(101, 2)))).toBe("run-in-progress");
    expect(eventsOf(running, at(101))).toEqual([]);
  });

  test("of a gang at two centers begins when both are ready and runs when both began", () => {
    const gang = {
      kind: "split",
      cards: 16,
      split: { chunk: 8, bandwidthGbps: 10, syncLatencyMs: 20 },
    } as const;
    const award = awardOf(1, [fill(), fill({ center: wuhan })]);
    const one = [...admitted(gang), place(award, 40_000), acceptAt(1)];
    expect(phases(...one)).toBe("reserved");
    expect(refusal(when(jobAfter(...one).state, start(1)))).toBe("not-accepted");
    const both = [...one, acceptAt(1, wuhan), start(1)];
    expect(phases(...both)).toBe("accepted");
    expect(phases(...both, start(1, 1, wuhan))).toBe("running");
  });

  test("whose center stays silent is displaced after a slot, not before", () => {
    expect(eventsOf(placed, displace("notAccepted", inSlot(100, 359)))).toEqual([]);
    expect(eventsOf(placed, displace("notAccepted", inSlot(101)))).toEqual(["JobDisplaced", "ChargePosted"]);
    expect(eventsOf(ready, displace("notAccepted", inSlot(101)))).toEqual([]);
    expect(eventsOf(ready, displace("notStarted", inSlot(103)))).toEqual(["JobDisplaced", "ChargePosted"]);
    expect(eventsOf(running, displace("notStarted", inSlot(103)))).toEqual([]);
  });

  test("whose center nobody could hear counts its silence two slots after the exchange is back", () => {
    const placement = jobAfter(...placed).state;
    const inPlace = placement.phase === "unknown" ? undefined : placement.placements[0];
    if (inPlace === undefined) throw new Error("no placement");
    const says = (now: number, thereSince: number) => silenceAt(inSlot(101), inPlace, now, thereSince);
    const always = Number.NEGATIVE_INFINITY;
    expect([says(inSlot(101), always), says(inSlot(101), 99)]).toEqual(["counts", "counts"]);
    // Back in slot 105, of an award that ends with slot 109.
    expect([says(inSlot(106, 359), 105), says(inSlot(107), 105)]).toEqual(["wait", "counts"]);
    // Back in slot 108: when its silence would count the award is over.
    expect([says(inSlot(110, 59), 108), says(inSlot(110, 60), 108)]).toEqual(["wait", "excused"]);
  });

  test("whose center nobody could hear costs nobody anything when it is over", () => {
    const excused = (history: readonly JobCommand[], awaited: "accepted" | "started", at: number) => {
      const { state } = jobAfter(...history);
      const placement = state.phase === "unknown" ? undefined : state.placements[0];
      if (placement === undefined) throw new Error("no placement");
      return when(state, askExcused(awaited, placement, at));
    };
    expect(excused(placed, "accepted", inSlot(110, 59))).toEqual(nothing);
    for (const [history, awaited] of [
      [placed, "accepted"],
      [ready, "started"],
    ] as const)
      expect(excused(history, awaited, inSlot(110, 60))).toMatchObject({
        events: [
          { type: "JobDisplaced", data: { slot: 100, cause: expect.stringMatching(/^not/) } },
          { type: "ChargePosted", data: { lines: [], tenantPays: "0", releases: "20000", final: true } },
        ],
      });
    expect(excused(ready, "accepted", inSlot(110, 60))).toEqual(nothing);
    // One part of a divisible job ran: it ends in its time, and the other costs nothing.
    const half = [
      ...admitted({ kind: "div" }),
      place(awardOf(1, [fill(), fill({ center: wuhan })]), 40_000),
      ...[acceptAt(1), start(1)],
    ];
    expect(excused(half, "accepted", inSlot(110, 60))).toMatchObject({
      events: [{ type: "JobCompleted" }, { data: { tenantPays: "16000", releases: "24000" } }],
    });
  });

  test("has a deadline for what it awaits, and the question to ask then", () => {
    const deadline = (...history: readonly JobCommand[]) =>
      deadlineOf(jobAfter(...history).state, placementId(1));
    expect(deadline(...placed)).toEqual({ awaited: "accepted", at: inSlot(101) });
    expect(deadline(...ready)).toEqual({ awaited: "started", at: inSlot(103) });
    expect(deadline(...running)).toEqual({ awaited: "ended", at: inSlot(110, 60) });
    expect(deadline(...running, finish(1, "completed", inSlot(104)))).toBeUndefined();
    expect(askAtDeadline("ended", placementId(1), 7)).toEqual({
      type: "StretchEnded",
      placement: placementId(1),
      at: 7,
    });
  });

  test("that was refused returns to the book with a new window and its place kept", () => {
    const after = known(...ready, refuse(xian, inSlot(101)));
    expect(after).toMatchObject({ phase: "queued", window: { from: 102, to: 132 }, reason: "refused" });
    expect(eventsOf([...ready, refuse(xian, inSlot(101))], refuse(xian, inSlot(102)))).toEqual([]);
    expect(
      eventsOf(
        [...ready, refuse(xian, inSlot(101))],
        place(awardOf(2, [fill({ from: 103, to: 113 })]), 20_000),
      ),
    ).toEqual(["JobPlaced"]);
  });

  test("of a lost center is displaced with the checkpoint from which it resumes", () => {
    const used = [...running, meter(1, { from: 100, to: 104, cardSeconds: 11_520 }, 103)];
    const decision = when(jobAfter(...used).state, centerLost(xian, inSlot(104, 90)));
    expect(decision).toMatchObject({
      events: [
        {
          type: "JobDisplaced",
          data: { slot: 104, cause: "centerLost", center: "xian", checkpointAt: instant(inSlot(103)) },
        },
        { type: "ChargePosted" },
      ],
    });
    // Three slots of work were saved and count towards maxSlots.
    expect(known(...used, centerLost(xian, inSlot(104, 90))).usedBefore).toBe(3);
  });

  test("of a divisible job goes on without a lost center", () => {
    const award = awardOf(1, [fill({ cards: 4 }), fill({ cards: 4, center: wuhan })]);
    const both = [
      ...admitted({ kind: "div" }),
      place(award, 20_000),
      acceptAt(1),
      acceptAt(1, wuhan),
      start(1),
      start(1, 1, wuhan),
    ];
    expect(eventsOf(both, centerLost(wuhan, inSlot(104)))).toEqual(["ChargePosted", "JobReduced"]);
    const after = known(...both, centerLost(wuhan, inSlot(104)));
    expect(after).toMatchObject({ phase: "running", placements: [{ centers: ["xian"] }] });
    expect(eventsOf([...both, centerLost(wuhan, inSlot(104))], centerLost(xian, inSlot(105)))).toEqual([
      "JobDisplaced",
      "ChargePosted",
    ]);
  });

  describe("of a divisible job at two centers, of which one is ready and never begins", () => {
    const parts = [fill({ cards: 4 }), fill({ cards: 4, center: wuhan })];
    const half = (...of: readonly JobCommand[]) => [
      ...admitted({ kind: "div", retries: 1 }),
      place(awardOf(1, parts), 20_000),
      ...[acceptAt(1), acceptAt(1, wuhan)],
      ...of,
    ];
    const late = displace("notStarted", inSlot(103, 5));
    const awaits = (history: readonly JobCommand[]) =>
      deadlineOf(jobAfter(...history).state, placementId(1)) ?? "nothing";
    const told = (...history: readonly JobCommand[]) =>
      jobAfter(...history).events.flatMap((event) =>
        event.type === "ChargePosted"
          ? [[event.data.charge, event.data.lines.map(({ kind, to, mills: due }) => `${kind} ${due} ${to}`)]]
          : event.type === "JobReduced" || event.type === "JobDisplaced"
            ? [[`${event.type} ${event.data.cause}`, `${event.data.slot}`]]
            : [],
      );

    test("is waited for while the other runs, and leaves the job when its time is up", () => {
      const runs = half(start(1));
      expect(awaits(runs)).toEqual({ awaited: "started", at: inSlot(103) });
      expect(eventsOf(runs, displace("notStarted", inSlot(102, 359)))).toEqual([]);
      expect(eventsOf(runs, late)).toEqual(["ChargePosted", "JobReduced"]);
      expect(awaits([...runs, late])).toEqual({ awaited: "ended", at: inSlot(110, 60) });
      expect(eventsOf([...runs, late], start(1, 1, xian, inSlot(104)))).toEqual([]);
      expect(refusal(when(jobAfter(...runs, late).state, start(1, 1, wuhan, inSlot(104))))).toBe(
        "run-superseded",
      );
    });

    test("is paid nothing, and pays for all of its part as one that was not ready", () => {
      expect(told(...half(start(1), late, finish(1, "completed", inSlot(109, 300))))).toEqual([
        ["train.1:reduce.wuhan:100-110", ["penalty 800 tenant:lab"]],
        ["JobReduced notStarted", "100"],
        ["train.1:end:100-110", ["compute 8000 center:xian"]],
      ]);
    });

    test("does not leave it when it begins in time, nor when its run has ended since", () => {
      const both = half(start(1), start(1, 1, wuhan, inSlot(102)));
      expect(awaits(both)).toEqual({ awaited: "ended", at: inSlot(110, 60) });
      expect(eventsOf(both, late)).toEqual([]);
      const again = [...both, finish(1, "failed", inSlot(102, 60)), start(1, 2, xian, inSlot(102, 90))];
      expect(awaits(again)).toEqual({ awaited: "ended", at: inSlot(110, 60) });
      expect(eventsOf(again, late)).toEqual([]);
    });

    test("is not at fault while the job's own failure leaves nothing to join", () => {
      const failed = half(start(1), finish(1, "failed", inSlot(101)));
      expect(awaits(failed)).toEqual({ awaited: "ended", at: inSlot(110, 60) });
      expect(eventsOf(failed, late)).toEqual([]);
    });

    test("is at fault alone when nothing of the job is left but its part", () => {
      const alone = half(start(1), centerLost(xian, inSlot(101, 60)), late);
      expect(told(...alone)).toEqual([
        ["train.1:reduce.xian:101-110", ["penalty 720 tenant:lab", "credit 800 tenant:lab"]],
        ["JobReduced centerLost", "101"],
        ["train.1:reduce.wuhan:100-110", ["penalty 800 tenant:lab"]],
        ["JobReduced notStarted", "100"],
        ["JobDisplaced notStarted", "103"],
        ["train.1:end:100-103", ["compute 800 center:xian"]],
      ]);
    });

    test("gives back what a daily close had charged for it", () => {
      const runs = begunOvernight({ kind: "div" }, [{ cards: 4 }, { cards: 4, center: wuhan }]);
      const history = runs.toSpliced(-1, 0, acceptAt(1, wuhan, inSlot(midnight - 5)));
      // The exchange was away at the deadline, and has been back since.
      expect(told(...history, displace("notStarted", inSlot(midnight + 1)))).toEqual([
        [
          `train.1:day:${midnight - 5}-${midnight}`,
          ["compute 4000 center:wuhan", "compute 4000 center:xian"],
        ],
        [
          `train.1:reduce.wuhan:${midnight}-${midnight + 5}`,
          ["penalty 400 tenant:lab", "credit 4000 tenant:lab"],
        ],
        ["JobReduced notStarted", `${midnight}`],
      ]);
    });

    test("has three slots from its own first one, if the others begin before it", () => {
      const uneven = [fill({ cards: 4 }), fill({ cards: 4, center: wuhan, from: 106 })];
      const runs = [
        ...admitted({ kind: "div" }),
        place(awardOf(1, uneven), 20_000),
        ...[acceptAt(1), acceptAt(1, wuhan)],
      ];
      expect(awaits(runs)).toEqual({ awaited: "started", at: inSlot(103) });
      expect(eventsOf(runs, late)).toEqual(["ChargePosted", "JobReduced"]);
      expect(awaits([...runs, start(1)])).toEqual({ awaited: "started", at: inSlot(109) });
      expect(eventsOf([...runs, start(1)], late)).toEqual([]);
    });

    test("costs nobody anything where the exchange could not hear it until the end", () => {
      const { state } = jobAfter(...half(start(1)));
      const placement = state.phase === "unknown" ? undefined : state.placements[0];
      if (placement === undefined) throw new Error("no placement");
      const unheard = askExcused("started", placement, inSlot(110, 60));
      const ended: JobCommand = { type: "StretchEnded", placement: placementId(1), at: inSlot(110, 61) };
      expect(told(...half(start(1), unheard, ended))).toEqual([
        ["JobReduced notStarted", "100"],
        ["train.1:end:100-110", ["compute 8000 center:xian"]],
      ]);
      // Where nothing else was left of it the job returns to the book.
      const lost = half(start(1), centerLost(xian, inSlot(101, 60)), unheard);
      expect(told(...lost).slice(-3)).toEqual([
        ["JobReduced notStarted", "100"],
        ["JobDisplaced notStarted", "110"],
        ["train.1:end:100-110", ["compute 800 center:xian"]],
      ]);
      expect(known(...lost).phase).toBe("queued");
    });
  });

  test("of a divisible job does not charge its next award for what was metered of this one", () => {
    const parts = (from: number, to: number) => [
      fill({ from, to, cards: 4 }),
      fill({ from, to, cards: 4, center: wuhan }),
    ];
    const next = awardOf(2, parts(110, 120), { stretch: 2, continues: true });
    const { events } = jobAfter(
      ...admitted({ kind: "div", extendLimit: 240 }),
      place(awardOf(1, parts(100, 110)), 20_000),
      acceptAt(1),
      acceptAt(1, wuhan),
      start(1),
      start(1, 1, wuhan),
      { type: "Continue", award: next, hold: mills(19_200), at: inSlot(108) },
      meter(1, { from: 109, to: 110, cardSeconds: 1440 }, undefined, wuhan),
      centerLost(wuhan, inSlot(109, 300)),
    );
    const computed = events.flatMap((event) =>
      event.type === "ChargePosted" ? [[event.data.charge, event.data.lines.map(({ kind }) => kind)]] : [],
    );
    expect(computed).toEqual([
      ["train.1:reduce.wuhan:109-110", ["compute", "credit"]],
      ["train.2:reduce.wuhan:110-120", ["penalty"]],
    ]);
  });
});
