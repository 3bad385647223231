import { describe, expect, test } from "vitest";
import type { JobSpec } from "../../events/catalog/job.ts";
import { refusal } from "../../test/given-when-then.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  fill,
  finish,
  inSlot,
  jobAfter,
  linkUse,
  mills,
  place,
  placementId,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { nothing } from "../decider.ts";
import { jobDecider } from "../job.ts";
import type { JobCommand } from "./commands.ts";
import { inForce, type KnownJob } from "./state.ts";

const running = (changed: Partial<JobSpec> = {}, award = awardOf(1)): JobCommand[] => [
  ...admitted({ reclaimable: true, ...changed }),
  place(award, 20_000),
  acceptAt(1),
  start(1),
];
const reclaim = (slot: number, at = inSlot(103), center = xian): JobCommand => ({
  type: "Reclaim",
  placement: placementId(1),
  center,
  slot,
  at,
});
const ended = (slot: number): JobCommand => ({
  type: "StretchEnded",
  placement: placementId(1),
  at: inSlot(slot, 60),
});

function known(...history: readonly JobCommand[]): KnownJob {
  const { state } = jobAfter(...history);
  if (state.phase === "unknown") throw new Error("never requested");
  return state;
}

const decided = (history: readonly JobCommand[], command: JobCommand) =>
  jobDecider.decide(command, jobAfter(...history).state);

function eventsOf(history: readonly JobCommand[], command: JobCommand) {
  const decision = decided(history, command);
  if (!decision.ok) throw new Error(decision.rejection.code);
  return decision.events.map(({ type }) => type);
}

describe("a job whose cards are reclaimed", () => {
  test("runs on until the notice is over, and then returns to the book without any loss of work", () => {
    const told = [...running(), reclaim(107)];
    expect(inForce(known(...told))).toMatchObject({ end: 107, awardedTo: 110, runActive: true });
    expect(eventsOf(told, ended(106))).toEqual([]);
    const { state, events } = jobAfter(...told, ended(107));
    expect(state).toMatchObject({ phase: "queued", reason: "reclaimed", usedBefore: 7 });
    expect(events.at(-2)).toMatchObject({ type: "JobDisplaced", data: { slot: 107, cause: "reclaimed" } });
    expect(events.at(-2)?.data).not.toHaveProperty("center");
  });

  test("that is a service returns for the slots that it lost, to the end of its award", () => {
    const service = { kind: "service", floor: 4, to: 110, maxSlots: 10, reclaimable: true } as const;
    const back = [...running(service), reclaim(107), ended(107)];
    expect(known(...back)).toMatchObject({ phase: "queued", usedBefore: 7, window: { from: 108, to: 110 } });
    const early = [...admitted(service), place(awardOf(1), 20_000), reclaim(104, inSlot(98))];
    expect(known(...early)).toMatchObject({ phase: "reserved" });
    const whole = [...admitted(service), place(awardOf(1), 20_000), reclaim(100, inSlot(97))];
    expect(known(...whole)).toMatchObject({ phase: "queued", window: { from: 100, to: 110 } });
  });

  test("before its start pays for no data that were moved, and moves no more", () => {
    const use = linkUse({ from: 90, to: 100, charge: mills(500), transfer: mills(2000) });
    const award = awardOf(1, undefined, { links: [use] });
    const staged = admitted({ reclaimable: true, dataGB: 100, stageSlots: 10, to: 160 });
    const { state, events } = jobAfter(...staged, place(award, 30_000, inSlot(89)), reclaim(100, inSlot(95)));
    const { data } = events.find(({ type }) => type === "JobDisplaced") ?? {};
    expect(data).toMatchObject({ cause: "reclaimed", slot: 95 });
    expect(state).toMatchObject({ balances: [{ paid: 0n, released: 30_000n, final: true }], usedBefore: 0 });
  });

  test("is done if it completes before", () => {
    const done = [...running(), reclaim(107), finish(1, "completed", inSlot(105, 9))];
    expect(known(...done).phase).toBe("completed");
    expect(eventsOf(done, ended(107))).toEqual([]);
  });

  test("is told once, and again only where the center takes more", () => {
    const told = [...running(), reclaim(107)];
    expect(decided(told, reclaim(107))).toEqual(nothing);
    expect(decided(told, reclaim(108))).toEqual(nothing);
    expect(eventsOf(told, reclaim(105))).toEqual(["JobReclaimed"]);
    expect(decided([...told, ended(107)], reclaim(105))).toEqual(nothing);
  });

  test("keeps a slot that has begun, however late the notice is", () => {
    expect(inForce(known(...running(), reclaim(101, inSlot(104, 10))))?.end).toBe(105);
  });

  test("is in the book at once where nothing is left of its award", () => {
    const waiting = [...admitted({ reclaimable: true }), place(awardOf(1), 20_000)];
    expect(eventsOf(waiting, reclaim(100, inSlot(97)))).toEqual([
      "JobReclaimed",
      "JobDisplaced",
      "ChargePosted",
    ]);
    const back = known(...waiting, reclaim(100, inSlot(97)));
    expect(back).toMatchObject({ phase: "queued", usedBefore: 0, balances: [{ final: true, paid: 0n }] });
  });

  test("must have said that it takes such cards", () => {
    expect(refusal(decided(running({ reclaimable: false }), reclaim(107)))).toBe("not-reclaimable");
  });

  test("owes a release fee up to the notice only, if its tenant ends it before", () => {
    const held = (commands: readonly JobCommand[]) => {
      const [balance] = known(...commands).balances;
      return balance === undefined ? 0n : balance.hold - balance.paid - balance.released;
    };
    const cancel: JobCommand = { type: "Cancel", at: inSlot(103, 9) };
    // 10 % of 6 or of 3 slots of 1,600 mills.
    expect(held([...running(), cancel])).toBe(960n);
    expect(held([...running(), reclaim(107), cancel])).toBe(480n);
  });

  test("pays a link up to the notice only", () => {
    const links = [linkUse({ charge: mills(1000) })];
    const { events } = jobAfter(...running({}, awardOf(1, [fill()], { links })), reclaim(107), ended(107));
    const lines = events.flatMap((event) => (event.type === "ChargePosted" ? event.data.lines : []));
    expect(lines.map(({ kind, row, mills: amount }) => [kind, row, amount])).toEqual([
      ["compute", 11, "11200"],
      ["link", 11, "700"],
    ]);
  });
});

describe("a divisible job of which one center reclaims", () => {
  const fills = [fill(), fill({ center: wuhan, cards: 4 })];
  const fleet = [
    ...running({ kind: "div" }, awardOf(1, fills)),
    ...[acceptAt(1, wuhan, inSlot(100)), start(1, 1, wuhan)],
  ];

  test("goes on at the others, and has had what it bought at its end", () => {
    const told = [...fleet, reclaim(107)];
    expect(inForce(known(...told))).toMatchObject({ end: 110, centers: [wuhan, xian] });
    const { events, state } = jobAfter(...told, ended(110));
    expect(state.phase).toBe("completed");
    // 8 cards for 7 slots and 4 for 10, at 200 mills.
    expect(events.at(-1)).toMatchObject({ data: { tenantPays: "19200" } });
  });

  test("ends early where the last center does, and returns", () => {
    const told = [...fleet, reclaim(107), reclaim(108, inSlot(103), wuhan)];
    expect(inForce(known(...told))).toMatchObject({ end: 108, awardedTo: 110 });
    expect(known(...told, ended(108))).toMatchObject({ phase: "queued", reason: "reclaimed" });
  });

  test("loses nothing when that center fails after its notice", () => {
    const gone = [...fleet, reclaim(107)];
    const refused: JobCommand = { type: "Refuse", placement: placementId(1), center: xian, at: inSlot(108) };
    expect(refusal(decided(gone, refused))).toBe("placement-ended");
    const lost = { type: "Displace", placement: placementId(1), cause: "centerLost", center: xian } as const;
    expect(decided(gone, { ...lost, at: inSlot(108) })).toEqual(nothing);
    expect(eventsOf(gone, { ...refused, at: inSlot(105) })).toEqual(["ChargePosted", "JobReduced"]);
  });
});

describe("a continuation that an auction under way gave to a run whose cards were reclaimed", () => {
  const goOn = (from: number): JobCommand => ({
    type: "Continue",
    award: awardOf(2, [fill({ from, to: from + 10 })], { stretch: 2, continues: true }),
    hold: mills(20_000),
    at: inSlot(105),
  });
  const told = [...running({ extendLimit: 250 }), reclaim(107)];

  test("is given back free where it cannot follow on", () => {
    expect(eventsOf(told, goOn(110))).toEqual(["JobContinued", "ChargePosted"]);
    const job = known(...told, goOn(110));
    expect(inForce(job)).toMatchObject({ end: 107, awardedTo: 110 });
    expect(job.balances[1]).toMatchObject({ final: true, paid: 0n, released: 20_000n });
  });

  test("goes on from where the cards went back, if it was sold others", () => {
    const job = known(...told, goOn(107));
    expect(inForce(job)).toMatchObject({ end: 117 });
    expect(inForce(job)).not.toHaveProperty("reclaimed");
    expect(known(...told, goOn(107), finish(1, "completed", inSlot(116, 300))).balances).toMatchObject([
      { paid: 11_200n, final: true },
      { paid: 16_000n, final: true },
    ]);
  });
});
