import { describe, expect, test } from "vitest";
import type { BreakEvent } from "../events/catalog/break.ts";
import { AccountId, BreakId, CenterId, MillsText, Period } from "../events/catalog/values.ts";
import { given, refusal } from "../test/given-when-then.ts";
import { type Amends, breakDecider, type FoundData, refundLine } from "./break.ts";
import { millsText } from "./money.ts";

const at = "2026-03-02T16:04:00.000Z";
const id = BreakId.parse("b1");
const data: FoundData = {
  ...{ break: id, code: "wrongPrice", period: Period.parse("2026-03-02"), at },
  ...{ subject: "j.1:end:1-2", mills: millsText(7n), detail: "7 mills too much." },
};
const found: BreakEvent = { type: "BreakFound", data };
const assigned: BreakEvent = { type: "BreakAssigned", data: { break: id, assignee: "ann", at } };
const resolved: BreakEvent = {
  type: "BreakResolved",
  data: { break: id, resolution: "accepted", note: "small", at },
};
const now = Date.parse(at);
const correcting = (mills: string) => ({
  ...({ type: "Resolve", resolution: "corrected", note: "", at: now } as const),
  amends: {
    charge: "j.1:end:1-2",
    lines: [
      { kind: "compute", row: 3, from: "center:xian", to: "tenant:lab", mills: MillsText.parse(mills) },
    ],
  } satisfies Amends,
});
const corrects = correcting("7");
const accepts = { type: "Resolve", resolution: "accepted", note: "small", at: now } as const;

describe("a break", () => {
  test("is found once", () => {
    const find = { type: "Find", found: data } as const;
    expect(given(breakDecider).when(find)).toEqual({ ok: true, events: [found] });
    for (const history of [[found], [found, resolved]])
      expect(given(breakDecider, ...history).when(find)).toEqual({ ok: true, events: [] });
  });

  test("is somebody's, until somebody else takes it", () => {
    const assign = (assignee: string) => ({ type: "Assign", assignee, at: now }) as const;
    expect(given(breakDecider, found).when(assign("ann"))).toEqual({ ok: true, events: [assigned] });
    expect(given(breakDecider, found, assigned).when(assign("ann"))).toEqual({ ok: true, events: [] });
    expect(given(breakDecider, found, assigned).when(assign("bo"))).toMatchObject({
      events: [{ data: { assignee: "bo" } }],
    });
    expect(refusal(given(breakDecider, found, resolved).when(assign("ann")))).toBe("break-resolved");
  });

  test("that is resolved stays so", () => {
    expect(given(breakDecider, found).when(accepts)).toEqual({ ok: true, events: [resolved] });
    expect(given(breakDecider, found, resolved).when(accepts)).toEqual({ ok: true, events: [] });
    const explains = { ...accepts, resolution: "explained" } as const;
    expect(refusal(given(breakDecider, found, resolved).when(explains))).toBe("break-resolved");
    const heals = { type: "Heal", note: "It came.", at } as const;
    expect(given(breakDecider, found, resolved).when(heals)).toEqual({ ok: true, events: [] });
    expect(given(breakDecider, found).when(heals)).toMatchObject({
      events: [{ type: "BreakResolved", data: { resolution: "healed", note: "It came." } }],
    });
  });

  test("is corrected by a correction, and by nothing else", () => {
    const corrected = given(breakDecider, found).when(corrects);
    expect(corrected).toMatchObject({
      events: [{ data: { resolution: "corrected", correction: "break-b1", amends: corrects.amends } }],
    });
    const after = given(breakDecider, found, ...(corrected.ok ? corrected.events : []));
    expect(after.when(corrects)).toEqual({ ok: true, events: [] });
    for (const other of [
      accepts,
      correcting("8"),
      { ...corrects, amends: { ...corrects.amends, charge: "c" } },
    ])
      expect(refusal(after.when(other))).toBe("break-resolved");
  });

  test("is open again if its job refuses the correction, and the next one has another id", () => {
    const resolution = given(breakDecider, found).when(corrects);
    const history = [found, ...(resolution.ok ? resolution.events : [])];
    const reopen = { type: "Reopen", correction: "break-b1", reason: "Nothing is left.", at: now } as const;
    const reopened = given(breakDecider, ...history).when(reopen);
    expect(reopened).toMatchObject({ events: [{ type: "BreakReopened", data: { correction: "break-b1" } }] });
    history.push(...(reopened.ok ? reopened.events : []));
    expect(given(breakDecider, ...history).when(reopen)).toEqual({ ok: true, events: [] });
    expect(given(breakDecider, ...history).when(accepts)).toEqual({ ok: true, events: [resolved] });
    expect(given(breakDecider, ...history).when(corrects)).toMatchObject({
      events: [{ data: { correction: "break-b1-2" } }],
    });
    expect(given(breakDecider, found, resolved).when(reopen)).toEqual({ ok: true, events: [] });
  });

  test("that nobody found takes no command", () => {
    expect(refusal(given(breakDecider).when(accepts))).toBe("break-unknown");
  });
});

test("a refund goes from the break's center to its tenant", () => {
  const [account, center] = [AccountId.parse("lab"), CenterId.parse("xian")];
  expect(refundLine({ account, center }, millsText(5n))).toEqual({
    ...{ kind: "compute", row: 3, from: "center:xian", to: "tenant:lab", mills: "5", center: "xian" },
  });
  expect(refundLine({ account, center: undefined }, millsText(5n))).toBeUndefined();
});
