import { describe, expect, test } from "vitest";
import type { JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { type CenterId, GroupId, JobId, OwnerId, ProductId } from "../../events/catalog/values.ts";
import { given, refusal } from "../../test/given-when-then.ts";
import {
  acceptAt,
  admitted,
  ascend,
  awardOf,
  begunOvernight,
  fill,
  finish,
  inSlot,
  job,
  jobAfter,
  linkUse,
  meter,
  midnight,
  mills,
  place,
  placementId,
  request,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { nothing } from "../decider.ts";
import { jobDecider } from "../job.ts";
import { instant } from "../time.ts";
import type { JobCommand } from "./commands.ts";
import { askAtDeadline, askExcused, deadlineOf, silenceAt } from "./deadlines.ts";
import { isSuperseded, type JobPhase, type JobState, type KnownJob } from "./state.ts";

const otherJob = JobId.parse("other");
const types = (events: readonly JobEvent[]) => events.map(({ type }) => type);
const when = (state: JobState, command: JobCommand) => jobDecider.decide(command, state);

/** Types of the events of one more command. */
function eventsOf(history: readonly JobCommand[], command: JobCommand): string[] {
  const decision = when(jobAfter(...history).state, command);
  if (!decision.ok) throw new Error(decision.rejection.code);
  return types(decision.events);
}

function known(...history: readonly JobCommand[]): KnownJob {
  const { state } = jobAfter(...history);
  if (state.phase === "unknown") throw new Error("never requested");
  return state;
}

const placed = [...admitted(), place(awardOf(1), 20_000)];
const ready = [...placed, acceptAt(1)];
const running = [...ready, start(1)];
/** From 4 to 8 cards in slots 100 to 109. */
const service = { kind: "service", floor: 4, to: 110, maxSlots: 10 } as const;
const cancel: JobCommand = { type: "Cancel", at: inSlot(98) };
const refuse = (center: CenterId, at: number): JobCommand => ({
  type: "Refuse",
  placement: placementId(1),
  center,
  at,
});
const displace = (cause: "notAccepted" | "notStarted", at: number): JobCommand => ({
  type: "Displace",
  placement: placementId(1),
  cause,
  at,
});
const centerLost = (center: CenterId, at: number): JobCommand => ({
  type: "Displace",
  placement: placementId(1),
  cause: "centerLost",
  center,
  at,
});

describe("a request", () => {
  test("says what it may cost: the largest limit x cards x slots", () => {
    const limits = [
      { product: ascend, limit: 250 },
      { product: ProductId.parse("a100-80g"), limit: 400 },
    ];
    expect(when(jobDecider.initial, request({ products: limits }))).toMatchObject({
      events: [{ type: "JobRequested", data: { hold: "32000" } }],
    });
  });

  const refused: [string, Partial<JobSpec>, string, string][] = [
    ["ends before it begins", { from: 130, to: 100 }, "window-reversed", "/to"],
    ["has a window shorter than the job", { from: 100, to: 109 }, "window-too-short", "/to"],
    ["can no longer be won", { from: 80, to: 105 }, "window-passed", "/to"],
    ["is too long for spot", { slots: 41, to: 200 }, "too-long", "/slots"],
    [
      "is not of whole hours in forward",
      { session: "forward", slots: 15, maxSlots: 15 },
      "not-whole-hours",
      "/slots",
    ],
    ["may use less than it asks for", { maxSlots: 9 }, "max-slots-too-low", "/maxSlots"],
    [
      "names a product twice",
      {
        products: [
          { product: ascend, limit: 1 },
          { product: ascend, limit: 2 },
        ],
      },
      "product-twice",
      "/products",
    ],
    [
      "splits without being of that kind",
      { split: { chunk: 1, bandwidthGbps: 1, syncLatencyMs: 1 } },
      "split-not-asked",
      "/split",
    ],
    ["is to split and does not say how", { kind: "split" }, "split-missing", "/split"],
    [
      "is no multiple of its chunk",
      { kind: "split", split: { chunk: 3, bandwidthGbps: 1, syncLatencyMs: 1 } },
      "chunk-odd",
      "/split/chunk",
    ],
    ["is a service without a floor", { ...service, floor: undefined }, "floor-missing", "/floor"],
    ["has a floor and is no service", { floor: 2 }, "floor-not-asked", "/floor"],
    ["has a floor above its ceiling", { ...service, floor: 9 }, "floor-above-cards", "/floor"],
    ["is a service for a part of its window", { ...service, to: 111 }, "slots-not-window", "/slots"],
    ["is a service that should have begun", { ...service, from: 95, to: 105 }, "window-begun", "/from"],
    [
      "is a service from the middle of an hour in forward",
      { ...service, session: "forward", from: 105, to: 115 },
      "window-not-whole-hours",
      "/from",
    ],
    ["stages nothing", { stageSlots: 2 }, "nothing-to-stage", "/stageSlots"],
    ["is divisible and stages", { kind: "div", dataGB: 5, stageSlots: 2 }, "nothing-to-stage", "/stageSlots"],
    [
      "stages for half an hour in forward",
      { session: "forward", dataGB: 5, stageSlots: 5 },
      "stage-not-whole-hours",
      "/stageSlots",
    ],
    ["stages for too long", { dataGB: 5, stageSlots: 31, to: 180 }, "stage-too-long", "/stageSlots"],
    [
      "can no longer be won with its data there",
      { dataGB: 5, stageSlots: 5, to: 110 },
      "window-passed",
      "/to",
    ],
    [
      "is a service before its data can be there",
      { ...service, dataGB: 5, stageSlots: 5 },
      "window-begun",
      "/from",
    ],
    [
      "has a window shorter than on its fastest product",
      { to: 103, products: [{ product: ascend, limit: 250, slots: 4 }] },
      "window-too-short",
      "/to",
    ],
    [
      "is too long for spot on one of its products",
      { to: 200, products: [{ product: ascend, limit: 250, slots: 41 }] },
      "too-long",
      "/products/0/slots",
    ],
    [
      "is not of whole hours on one of its products",
      { session: "forward", products: [{ product: ascend, limit: 250, slots: 15 }] },
      "not-whole-hours",
      "/products/0/slots",
    ],
    [
      "may use less than it asks for on one of its products",
      { maxSlots: 19, products: [{ product: ascend, limit: 250, slots: 20 }] },
      "max-slots-too-low",
      "/maxSlots",
    ],
    [
      "is divisible and has a length of its own on a product",
      { kind: "div", products: [{ product: ascend, limit: 250, slots: 4 }] },
      "slots-not-of-gang",
      "/products/0/slots",
    ],
    [
      "is a service and has a length of its own on a product",
      { ...service, products: [{ product: ascend, limit: 250, slots: 4 }] },
      "slots-not-of-gang",
      "/products/0/slots",
    ],
    ["names a parent that is not there", { parent: otherJob }, "parent-unknown", "/parent"],
  ];
  test.each(refused)("is refused if it %s", (_, changed, code, field) => {
    expect(when(jobDecider.initial, request(changed))).toMatchObject({ rejection: { code, field } });
  });

  test("of a job with lengths of its own holds the dearest of its products", () => {
    const products = [
      { product: ascend, limit: 250, slots: 20 },
      { product: ProductId.parse("a100-80g"), limit: 400 },
    ];
    expect(when(jobDecider.initial, request({ products }))).toMatchObject({
      events: [{ data: { hold: String(250 * 8 * 20) } }],
    });
  });

  describe("that names a parent", () => {
    const parentOf = (...history: readonly JobCommand[]): KnownJob => {
      const { request: own, ...state } = known(...history);
      return { ...state, request: { ...own, job: otherJob } };
    };
    const child = (parent: KnownJob, changed: Partial<JobSpec> = {}) =>
      when(jobDecider.initial, { ...request({ parent: otherJob, ...changed }), parent });

    test.each([
      ["waits for its funds", [request()]],
      ["is in the book", admitted()],
      ["has an award", placed],
      ["runs", running],
    ])("which %s is taken as it is", (_, history) => {
      const decision = child(parentOf(...history));
      expect(decision).toMatchObject({
        events: [{ type: "JobRequested", data: { spec: { parent: otherJob } } }],
      });
      expect(decision).not.toHaveProperty("events.0.data.parentEnd");
    });

    test("which has completed records its real end", () => {
      const done = parentOf(...running, finish(1, "completed", inSlot(104, 30)));
      expect(child(done)).toMatchObject({ events: [{ data: { parentEnd: 105 } }] });
    });

    test.each([
      ["was rejected", [request(), { type: "Reject", reason: "no funds", at: inSlot(95) } as const]],
      ["was cancelled", [...running, cancel]],
      ["expired", [...admitted(), { type: "Expire", slot: 120, at: inSlot(120) } as const]],
      ["failed", [...running, finish(1, "failed", inSlot(104))]],
    ])("which %s is refused", (_, history) => {
      expect(child(parentOf(...history))).toMatchObject({
        rejection: { code: "parent-ended", field: "/parent" },
      });
    });

    test("of another owner is refused like one that is not there, and so is its own id", () => {
      const own = parentOf(...admitted());
      const foreign = { ...own, request: { ...own.request, owner: OwnerId.parse("another") } };
      const unknown = when(jobDecider.initial, request({ parent: otherJob }));
      expect(child(foreign)).toEqual(unknown);
      const itself = { ...request({ parent: job }), parent: known(...admitted()) };
      expect(when(jobDecider.initial, itself)).toEqual(unknown);
    });

    test("must be a gang and have one, outside its own group", () => {
      const group = GroupId.parse("either");
      const gang = parentOf(...admitted());
      const notGang = { rejection: { code: "parent-not-gang", field: "/parent" } };
      expect(child(gang, { kind: "div" })).toMatchObject(notGang);
      expect(child(parentOf(...admitted({ kind: "div" })))).toMatchObject(notGang);
      expect(child(parentOf(...admitted({ group })), { group })).toMatchObject({
        rejection: { code: "parent-in-group", field: "/group" },
      });
      expect(child(parentOf(...admitted({ group }))).ok).toBe(true);
    });
  });

  test("leaves the book when the exchange shuts it out, and says why", () => {
    const excluded = { cause: "groupAwarded", by: otherJob } as const;
    const shutOut: JobCommand = { type: "Expire", slot: 99, excluded, at: inSlot(99) };
    const history = [...admitted({ group: GroupId.parse("either") }), shutOut];
    expect(known(...history)).toMatchObject({
      phase: "expired",
      reason: "Job other of its group was awarded.",
    });
    expect(eventsOf(history, { ...shutOut, slot: 100 })).toEqual([]);
    expect(eventsOf(placed, shutOut)).toEqual([]);
  });

  test("of a divisible job needs a window of one slot only", () => {
    expect(when(jobDecider.initial, request({ kind: "div", from: 100, to: 101 })).ok).toBe(true);
  });

  test("enters the book when its funds are held, and only with all of them", () => {
    expect(eventsOf([request()], { type: "Admit", hold: mills(20_000), at: inSlot(95) })).toEqual([
      "JobAdmitted",
    ]);
    const wrong = when(jobAfter(request()).state, { type: "Admit", hold: mills(19_999), at: inSlot(95) });
    expect(refusal(wrong)).toBe("hold-mismatch");
  });

  test("is rejected without the funds, and then stays so", () => {
    const reject: JobCommand = { type: "Reject", reason: "no funds", at: inSlot(95) };
    expect(eventsOf([request()], reject)).toEqual(["JobRejected"]);
    expect(eventsOf([request(), reject], { type: "Admit", hold: mills(20_000), at: inSlot(96) })).toEqual([]);
    expect(refusal(when(jobAfter(request(), reject).state, place(awardOf(1), 20_000)))).toBe(
      "job-not-admitted",
    );
  });

  test("expires when no gate can award it any more", () => {
    const expire = (slot: number): JobCommand => ({ type: "Expire", slot, at: inSlot(slot) });
    // Slots 120 to 129 are the last that hold it; the gate of 119 sells from 120.
    expect(eventsOf(admitted(), expire(119))).toEqual([]);
    expect(eventsOf(admitted(), expire(120))).toEqual(["JobExpired"]);
    expect(eventsOf(placed, expire(120))).toEqual([]);
  });
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

test("a job that nobody asked for takes no command", () => {
  expect(given(jobDecider).when(request()).ok).toBe(true);
  expect(refusal(given(jobDecider).when(cancel))).toBe("job-unknown");
  expect(when(jobAfter(request()).state, request())).toEqual(nothing);
  expect(jobAfter(request()).events).toMatchObject([{ data: { job } }]);
});

describe("a service", () => {
  const fills = [fill({ to: 104, cards: 4 }), fill({ from: 104, cards: 8 })];
  const serving = (changed: Partial<JobSpec> = {}, award = awardOf(1, fills)) => [
    ...admitted({ ...service, ...changed }),
    place(award, 20_000),
    acceptAt(1),
    start(1),
  ];
  const ended: JobCommand = { type: "StretchEnded", placement: placementId(1), at: inSlot(110, 60) };
  const chargeOf = (history: readonly JobCommand[]) =>
    jobAfter(...history).events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []));

  test("is done when its last slot is served, and pays the cards of each", () => {
    expect(eventsOf(serving(), ended)).toEqual(["JobCompleted", "ChargePosted"]);
    expect(chargeOf([...serving(), ended])).toMatchObject([
      { tenantPays: String(4 * 4 * 200 + 6 * 8 * 200), final: true },
    ]);
  });

  test("given up early pays for what it had, and the fee on what it would have had", () => {
    const charges = chargeOf([
      ...serving(),
      { type: "Cancel", at: inSlot(104, 10) },
      {
        type: "ChargeRelease",
        placement: placementId(1),
        before: 110,
        waiver: { resold: [], notOnSale: [] },
        at: inSlot(240),
      },
    ]);
    expect(charges.map(({ tenantPays }) => tenantPays)).toEqual([
      String(4 * 4 * 200 + 8 * 200),
      String((5 * 8 * 200) / 10),
    ]);
  });

  test("loses the slot in which its center fails, no work, and returns for the rest of its window", () => {
    const history = [...serving(), centerLost(xian, inSlot(105, 180))];
    expect(known(...history)).toMatchObject({
      phase: "queued",
      usedBefore: 5,
      window: { from: 106, to: 110 },
    });
    const [charge] = chargeOf(history);
    const penalty = (5 * 8 * 200) / 10;
    expect(charge?.lines.map(({ kind }) => kind)).toEqual(["compute", "penalty"]);
    expect(charge?.tenantPays).toBe(String(4 * 4 * 200 + 8 * 200 - penalty));
  });

  test("refused before its start keeps all of its window", () => {
    const history = [...serving().slice(0, 3), refuse(xian, inSlot(98))];
    expect(known(...history)).toMatchObject({ usedBefore: 0, window: { from: 100, to: 110 } });
  });

  test("that may go on returns for its next stretch when no continuation won", () => {
    const extended = { extendLimit: 240, maxSlots: 25 };
    expect(eventsOf(serving(extended), ended)).toEqual(["JobDisplaced", "ChargePosted"]);
    expect(known(...serving(extended), ended)).toMatchObject({
      usedBefore: 10,
      window: { from: 112, to: 122 },
    });
    const forward = serving({ ...extended, session: "forward" });
    expect(known(...forward, ended)).toMatchObject({ window: { from: 120, to: 130 } });
  });

  test("whose cards are taken back returns for what it was to have of its window", () => {
    const placement = placementId(1);
    const history: JobCommand[] = [
      ...serving({ reclaimable: true }),
      { type: "Reclaim", placement, center: xian, slot: 106, at: inSlot(103) },
      { type: "StretchEnded", placement, at: inSlot(106, 60) },
    ];
    expect(known(...history)).toMatchObject({ usedBefore: 6, window: { from: 107, to: 110 } });
    expect(chargeOf(history).map(({ tenantPays }) => tenantPays)).toEqual([
      String(4 * 4 * 200 + 2 * 8 * 200),
    ]);
  });

  test("stays in the book while a slot of its window can be sold", () => {
    const expire = (slot: number): JobCommand => ({ type: "Expire", slot, at: inSlot(slot) });
    expect(eventsOf(admitted(service), expire(108))).toEqual([]);
    expect(eventsOf(admitted(service), expire(109))).toEqual(["JobExpired"]);
  });
});

describe("data that is moved before the start", () => {
  const staged = { dataGB: 450, stageSlots: 2, from: 102 };
  const use = linkUse({ from: 98, to: 100, gigabits: 1800, charge: mills(50), transfer: mills(901) });
  const award = awardOf(1, [fill()], { links: [use] });
  const chargesOf = (...history: readonly JobCommand[]) =>
    jobAfter(...history).events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []));
  const paid = (...history: readonly JobCommand[]) =>
    chargesOf(...history)
      .flatMap(({ lines }) => lines)
      .filter(({ kind }) => kind === "link" || kind === "transfer")
      .reduce((sum, line) => sum + Number(line.mills), 0);
  const begun = [...admitted(staged), place(award, 20_000)];
  const cancelIn = (slot: number): JobCommand => ({ type: "Cancel", at: inSlot(slot, -1) });

  test("is paid once, with its links, by a job that runs", () => {
    const run = [...begun, acceptAt(1), start(1), finish(1, "completed", inSlot(109, 300))];
    expect(chargesOf(...run)).toMatchObject([{ from: 98, to: 110, tenantPays: String(16_000 + 50 + 901) }]);
  });

  test.each([
    [98, 0],
    [99, 25 + 450],
    [100, 50 + 901],
  ])("of a job cancelled before slot %i is paid as far as it went", (slot, due) => {
    expect(paid(...begun, cancelIn(slot))).toBe(due);
    const last = jobAfter(...begun, cancelIn(slot)).events.find(({ type }) => type === "JobCancelled");
    expect(last).toMatchObject({ data: { slot } });
  });

  test("is not paid when the center refuses, and its link is free from then on", () => {
    const { events } = jobAfter(...begun, refuse(xian, inSlot(98, 200)));
    expect(events).toContainEqual(expect.objectContaining({ data: expect.objectContaining({ slot: 99 }) }));
    expect(paid(...begun, refuse(xian, inSlot(98, 200)))).toBe(0);
  });

  test("is not paid when all cards are taken back before the start, and its link is free from then on", () => {
    const back: JobCommand = {
      type: "Reclaim",
      placement: placementId(1),
      center: xian,
      slot: 100,
      at: inSlot(98, 200),
    };
    const history = [...admitted({ ...staged, reclaimable: true }), place(award, 20_000), back];
    expect(paid(...history)).toBe(0);
    expect(jobAfter(...history).events).toContainEqual(
      expect.objectContaining({ type: "JobDisplaced", data: expect.objectContaining({ slot: 99 }) }),
    );
  });

  test("is paid when the center fails after a run has begun", () => {
    expect(paid(...begun, acceptAt(1), start(1), centerLost(xian, inSlot(100, 180)))).toBe(951);
  });

  test("is free in slots that passed before a late seal; the moving is paid whole over the rest", () => {
    const late = [...admitted(staged), place(award, 20_000, inSlot(98, 100))];
    expect(known(...late)).toMatchObject({ placements: [{ from: 100, takesFrom: 99 }] });
    expect(paid(...late, cancelIn(100))).toBe(25 + 901);
    const later = [...admitted(staged), place(award, 20_000, inSlot(101, 100))];
    expect(known(...later)).toMatchObject({ placements: [{ from: 102, takesFrom: 102 }] });
    const run = [acceptAt(1, xian, inSlot(102)), start(1, 1, xian, inSlot(102))];
    expect(paid(...later, ...run, finish(1, "completed", inSlot(109, 300)))).toBe(901);
  });
});
