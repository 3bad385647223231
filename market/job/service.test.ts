import { describe, expect, test } from "vitest";
import type { JobSpec } from "../../events/catalog/job.ts";
import { centerLost, eventsOf, known, refuse, service } from "../../test/job-states.ts";
import {
  acceptAt,
  admitted,
  awardOf,
  fill,
  inSlot,
  jobAfter,
  place,
  placementId,
  start,
  xian,
} from "../../test/training-job.ts";
import type { JobCommand } from "./commands.ts";

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
