import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import { CenterId } from "../../events/catalog/values.ts";
import {
  account,
  admitted,
  award,
  center,
  job,
  nameOf,
  owner,
  product,
  requested,
  row,
  rowAt,
  rowsOf,
  spec,
  time,
  today,
} from "../../test/view-rows.ts";
import { assignmentsOf, viewKeys } from "./view.ts";

describe("a job", () => {
  const stream = streams.job(job);
  const placed = parseEvent("JobPlaced", { job, award: award(1, ["c-2", "c-1"], 101, 111) });
  const lease = "j-1.1";
  const ofRun = { job, placement: lease, run: 1, at: time, slot: 105 };
  const started = parseEvent("JobStarted", { ...ofRun, center });
  const view = {
    job,
    owner,
    account,
    name: "training",
    session: "spot",
    kind: "div",
    cards: 12,
    slots: 10,
    requestedAt: time,
  };
  const placement = {
    placement: lease,
    lease,
    auction: 1,
    stretch: 1,
    from: 101,
    to: 111,
    centers: ["c-1", "c-2"],
  };
  const entry = row(viewKeys.jobOf(owner, time, job), { job });
  const jobRow = (more: Record<string, unknown>) => row(viewKeys.job(job), { ...view, ...more });
  const openRow = (more: Record<string, unknown> = {}) =>
    row(viewKeys.placement(lease), {
      job,
      owner,
      placement: lease,
      centers: ["c-1", "c-2"],
      from: 101,
      to: 111,
      ...more,
    });
  /** What one of its centers has to do: its change of that number. */
  const assignment = (at: string, position: number, more: Record<string, unknown>) =>
    row(viewKeys.numbered(assignmentsOf(CenterId.parse(at)), position), {
      ...placement,
      position,
      job,
      run: 1,
      ...more,
    });
  const fills = (at: string) => [{ center: at, product, from: 101, to: 111, cards: 4, price: 100 }];
  const told = {
    ...assignment("c-1", 1, { change: "placed", fills: fills("c-1") }),
    ...assignment("c-2", 1, { change: "placed", fills: fills("c-2") }),
  };
  const toPlaced = [requested(), admitted(), placed];

  test("is its owner's from its request on, and says where it stands", () => {
    expect(rowsOf(stream, requested())).toEqual({
      ...entry,
      ...jobRow({ status: "requested", run: 0, placements: [] }),
    });
    expect(rowsOf(stream, requested(), admitted())).toEqual({
      ...entry,
      ...jobRow({ status: "open", run: 0, placements: [] }),
    });
    const rejected = parseEvent("JobRejected", { job, reason: "no funds" });
    expect(rowsOf(stream, requested(), rejected)).toEqual({
      ...entry,
      ...jobRow({ status: "rejected", reason: "no funds", run: 0, placements: [] }),
    });
    const expired = parseEvent("JobExpired", { job, slot: 130 });
    expect(rowsOf(stream, requested(), admitted(), expired)).toEqual({
      ...entry,
      ...jobRow({ status: "expired", run: 0, placements: [] }),
    });
  });

  test("that is placed tells each of its centers of its own cards, and is an open placement", () => {
    expect(rowsOf(stream, ...toPlaced)).toEqual({
      ...entry,
      ...told,
      ...openRow(),
      ...jobRow({ status: "placed", run: 0, placements: [placement] }),
    });
    expect(rowsOf(stream, ...toPlaced, started)).toMatchObject(
      jobRow({ status: "running", run: 1, placements: [placement] }),
    );
  });

  test("that is continued goes on under its lease", () => {
    const next = parseEvent("JobContinued", { job, award: award(2, ["c-1", "c-2"], 111, 121) });
    const more = { placement: "j-1.2", auction: 2, stretch: 2, from: 111, to: 121 };
    const rows = rowsOf(stream, ...toPlaced, started, next);
    expect(rows).toMatchObject({
      ...assignment("c-1", 2, { ...more, change: "continued" }),
      ...assignment("c-2", 2, { ...more, change: "continued" }),
      ...jobRow({ status: "running", run: 1, placements: [placement, { ...placement, ...more }] }),
    });
    expect(rows).toMatchObject(openRow({ to: 121 }));
  });

  test("that has ended when its continuation comes stays ended: that is given back, and no center is told", () => {
    const completed = parseEvent("JobCompleted", { ...ofRun, slot: 105 });
    const next = parseEvent("JobContinued", { job, award: award(2, ["c-1", "c-2"], 111, 121) });
    expect(rowsOf(stream, ...toPlaced, started, completed, next)).toEqual(
      rowsOf(stream, ...toPlaced, started, completed),
    );
  });

  test("whose cards are reclaimed goes on with what follows on what is left, and with nothing behind that", () => {
    const gang = { ...spec, kind: "block", cards: 8 };
    const asked = parseEvent("JobRequested", { job, owner, account, spec: gang, hold: "40000" });
    const reclaimed = parseEvent("JobReclaimed", {
      job,
      placement: lease,
      center: "c-1",
      at: time,
      slot: 107,
    });
    const told = [asked, admitted(), placed, started, reclaimed];
    const next = (from: number) =>
      parseEvent("JobContinued", { job, award: award(2, ["c-1", "c-2"], from, from + 10) });
    expect(rowsOf(stream, ...told)).toMatchObject(openRow({ to: 107 }));
    expect(rowsOf(stream, ...told, next(111))).toEqual(rowsOf(stream, ...told));
    expect(rowsOf(stream, ...told, next(107))).toMatchObject(openRow({ to: 117 }));
  });

  test("of which one center is lost goes on with the others", () => {
    const reduced = parseEvent("JobReduced", {
      job,
      placement: lease,
      center: "c-2",
      at: time,
      slot: 105,
      cause: "centerLost",
    });
    const rows = rowsOf(stream, ...toPlaced, started, reduced);
    expect(rows).toEqual({
      ...entry,
      ...told,
      ...assignment("c-2", 2, {
        change: "released",
        from: 105,
        fills: [],
        centers: ["c-2"],
        cause: "centerLost",
      }),
      ...openRow({ centers: ["c-1"] }),
      ...jobRow({ status: "running", run: 1, placements: [{ ...placement, centers: ["c-1"] }] }),
    });
    // Whatever ends it then is the others' to know.
    const completed = parseEvent("JobCompleted", { ...ofRun, slot: 107 });
    const later = rowsOf(stream, ...toPlaced, started, reduced, completed);
    const added = Object.keys(later).filter((name) => !(name in rows));
    expect(added).toEqual([nameOf(viewKeys.numbered(assignmentsOf(center), 2))]);
  });

  test.each([
    ["JobCompleted", ofRun, { status: "completed" }, "completed"],
    ["JobFailed", { ...ofRun, cause: "timeLimit" }, { status: "failed", reason: "timeLimit" }, "failed"],
    ["JobCancelled", ofRun, { status: "cancelled" }, "cancelled"],
    ["JobDisplaced", { ...ofRun, cause: "refused" }, { status: "open", reason: "refused" }, "refused"],
  ])("that ends by %s is let go by each of its centers", (type, data, fields, cause) => {
    const released = { change: "released", from: 105, fills: [], cause };
    expect(rowsOf(stream, ...toPlaced, started, parseEvent(type, data))).toEqual({
      ...entry,
      ...told,
      ...assignment("c-1", 2, released),
      ...assignment("c-2", 2, released),
      ...jobRow({ ...fields, run: 1, placements: [placement] }),
    });
  });

  test("that is withdrawn before any award tells no center", () => {
    const cancelled = parseEvent("JobCancelled", { job, at: time, slot: 105 });
    expect(rowsOf(stream, requested(), admitted(), cancelled)).toEqual({
      ...entry,
      ...jobRow({ status: "cancelled", run: 0, placements: [] }),
    });
  });

  test("that is withdrawn while it waits for another place tells no center again", () => {
    const displaced = parseEvent("JobDisplaced", { ...ofRun, cause: "centerLost" });
    const cancelled = parseEvent("JobCancelled", { job, at: time, slot: 107 });
    const before = rowsOf(stream, ...toPlaced, started, displaced);
    expect(rowsOf(stream, ...toPlaced, started, displaced, cancelled)).toEqual({
      ...before,
      ...jobRow({ status: "cancelled", reason: "centerLost", run: 1, placements: [placement] }),
    });
  });

  test("that is placed again has no reason to wait any more, and begins anew", () => {
    const displaced = parseEvent("JobDisplaced", { ...ofRun, cause: "centerLost" });
    const again = parseEvent("JobPlaced", { job, award: award(7, ["c-3"], 115, 125) });
    const rows = rowsOf(stream, ...toPlaced, started, displaced, again);
    expect(rowAt(rows, viewKeys.job(job))).toEqual({
      ...view,
      status: "placed",
      run: 0,
      placements: [
        placement,
        {
          placement: "j-1.7",
          lease: "j-1.7",
          auction: 7,
          stretch: 7,
          from: 115,
          to: 125,
          centers: ["c-3"],
        },
      ],
    });
    expect(rowAt(rows, viewKeys.placement("j-1.7"))).toMatchObject({ from: 115, to: 125, centers: ["c-3"] });
    expect(rowAt(rows, viewKeys.placement(lease))).toBeUndefined();
  });

  test("keeps its last awards only, and the whole time of its run", () => {
    const many = Array.from({ length: 24 }, (_, n) =>
      parseEvent("JobContinued", { job, award: award(n + 2, ["c-1", "c-2"], 111 + n, 112 + n) }),
    );
    const rows = rowsOf(stream, ...toPlaced, started, ...many);
    expect(rowAt(rows, viewKeys.job(job))).toMatchObject({
      placements: Array.from({ length: 20 }, (_, n) => ({ auction: n + 6 })),
    });
    expect(rowAt(rows, viewKeys.placement(lease))).toMatchObject({ to: 135 });
  });

  test("a charge is found by its id, and no list changes", () => {
    const charge = {
      charge: "j-1.1:end:101-105",
      job,
      placement: lease,
      stretch: 1,
      account,
      from: 101,
      to: 105,
      lines: [],
      tenantPays: "0",
      releases: "0",
      final: true,
      period: today,
    };
    const rows = rowsOf(stream, ...toPlaced, parseEvent("ChargePosted", charge));
    const version = toPlaced.length + 1;
    expect(rows).toEqual({
      ...rowsOf(stream, ...toPlaced),
      "charge#j-1.1:end:101-105 charge": { job, position: version, version },
    });
  });

  test("stands in the list of releases from an end that keeps a fee held to the last charge of the release", () => {
    const charged = (kind: string, from: number, to: number, final: boolean) =>
      parseEvent("ChargePosted", {
        ...{ charge: `j-1.1:${kind}:${from}-${to}`, job, placement: lease, stretch: 1, account, from, to },
        ...{ lines: [], tenantPays: "0", releases: "0", final, period: today },
      });
    const listed = (...charges: readonly DomainEvent[]) =>
      rowAt(rowsOf(stream, ...toPlaced, ...charges), viewKeys.release(lease));
    const end = charged("end", 101, 105, false);
    const entry = { job, placement: lease };
    expect(listed(charged("day", 101, 103, false))).toBeUndefined();
    expect(listed(end)).toEqual(entry);
    expect(listed(end, charged("release", 105, 106, false))).toEqual(entry);
    expect(
      listed(end, charged("release", 105, 106, false), charged("release", 106, 111, true)),
    ).toBeUndefined();
    expect(listed(charged("end", 101, 111, true))).toBeUndefined();
  });

  test("facts that no list shows change nothing", () => {
    const usage = { center, from: time, to: "2026-03-02T02:01:00.000Z", cardSeconds: 1 };
    const silent = [
      parseEvent("JobAccepted", { job, placement: lease, center, at: time }),
      parseEvent("JobMetered", { job, placement: lease, run: 1, usage }),
      parseEvent("JobRunFailed", { job, placement: lease, run: 1, at: time }),
    ];
    expect(rowsOf(stream, ...toPlaced, ...silent)).toEqual(rowsOf(stream, ...toPlaced));
    const sensed = parseEvent("CapacitySensed", { center, product, working: 1, idle: 1, slot: 1 });
    expect(rowsOf(streams.capacity(center, today), sensed)).toEqual({});
    const received = parseEvent("DepositReceived", {
      deposit: "d",
      account,
      owner,
      mills: "1",
      period: today,
    });
    expect(rowsOf("deposit-d", received)).toEqual({});
  });
});
