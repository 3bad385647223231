import { describe, expect, test } from "vitest";
import { centerLost, known, refuse } from "../../test/job-states.ts";
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
  xian,
} from "../../test/training-job.ts";
import type { JobCommand } from "./commands.ts";

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
