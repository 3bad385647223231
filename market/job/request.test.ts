import { describe, expect, test } from "vitest";
import type { JobSpec } from "../../events/catalog/job.ts";
import { GroupId, JobId, OwnerId, ProductId } from "../../events/catalog/values.ts";
import { given, refusal } from "../../test/given-when-then.ts";
import { cancel, eventsOf, known, placed, running, service, when } from "../../test/job-states.ts";
import {
  admitted,
  ascend,
  awardOf,
  finish,
  inSlot,
  job,
  jobAfter,
  mills,
  place,
  request,
} from "../../test/training-job.ts";
import { nothing } from "../decider.ts";
import { jobDecider } from "../job.ts";
import type { JobCommand } from "./commands.ts";
import type { KnownJob } from "./state.ts";

const otherJob = JobId.parse("other");

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

test("a job that nobody asked for takes no command", () => {
  expect(given(jobDecider).when(request()).ok).toBe(true);
  expect(refusal(given(jobDecider).when(cancel))).toBe("job-unknown");
  expect(when(jobAfter(request()).state, request())).toEqual(nothing);
  expect(jobAfter(request()).events).toMatchObject([{ data: { job } }]);
});
