import { describe, expect, test } from "vitest";
import type { ChargeLine, JobEvent, JobSpec } from "../../events/catalog/job.ts";
import {
  acceptAt,
  account,
  admitted,
  awardOf,
  begun,
  begunOvernight,
  fill,
  finish,
  hadCards,
  inSlot,
  jobAfter,
  linkUse,
  midnight,
  mills,
  place,
  placementId,
  ranWhole,
  start,
  wuhan,
  xian,
} from "../../test/training-job.ts";
import { periodOf } from "../time.ts";
import type { JobCommand, Meter } from "./commands.ts";

const tenant = `tenant:${account}`;

const types = (events: readonly JobEvent[]) => events.map(({ type }) => type);
const charges = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []));
const corrections = (events: readonly JobEvent[]) =>
  events.flatMap((event) => (event.type === "CorrectionPosted" ? [event.data] : []));
const shortly = (lines: readonly ChargeLine[]) =>
  lines.map(({ kind, row, from, to, mills: amount }) => `${row} ${kind} ${from} > ${to} ${amount}`);
/** Events of the last of some commands. */
function lastOf(...commands: readonly JobCommand[]): JobEvent[] {
  const before = jobAfter(...commands.slice(0, -1)).events.length;
  return jobAfter(...commands).events.slice(before);
}

describe("a gang with fewer cards than awarded", () => {
  test("is displaced from the first such slot on: the slot costs nothing, the rest its center's penalty", () => {
    const events = lastOf(...begun(), hadCards(5, 103, 105));
    expect(types(events)).toEqual(["JobMetered", "JobDisplaced", "ChargePosted"]);
    expect(events[1]).toMatchObject({ data: { cause: "fewerCards", center: xian, slot: 103 } });
    // Without a checkpoint the three slots that it ran are credited.
    expect(charges(events).map(({ lines }) => shortly(lines))).toEqual([
      [
        `12 compute ${tenant} > center:xian 4800`,
        `8 penalty center:xian > ${tenant} 1120`,
        `10 credit center:xian > ${tenant} 4800`,
      ],
    ]);
  });

  test("goes on where the report names no fewer cards than awarded, and the report does not say so", () => {
    const events = lastOf(...begun(), hadCards(8, 100, 102));
    expect(events).toHaveLength(1);
    expect(events[0]).not.toHaveProperty("data.cards");
  });

  test("split over two centers: the one at fault also pays the other's slots until the gang is told", () => {
    const gang = begun(
      { kind: "split", cards: 16, split: { chunk: 8, bandwidthGbps: 10, syncLatencyMs: 20 } },
      awardOf(1, [fill(), fill({ center: wuhan, price: 180 })], {
        links: [linkUse({ charge: mills(1000) })],
      }),
    );
    const both = [...gang.slice(0, -1), acceptAt(1, wuhan), start(1), start(1, 1, wuhan)];
    const report = hadCards(0, 104, 105, { center: wuhan, at: inSlot(106) });
    const events = lastOf(...both, report);
    expect(charges(events).map(({ lines }) => shortly(lines))).toEqual([
      [
        `12 compute ${tenant} > center:wuhan 5760`,
        `12 compute ${tenant} > center:xian 6400`,
        `12 link ${tenant} > link:xian~wuhan 400`,
        `8 penalty center:wuhan > ${tenant} 1824`,
        "13 penalty center:wuhan > center:xian 6400",
        `10 credit center:wuhan > ${tenant} 12160`,
      ],
    ]);
  });

  test("told after its slots were charged: the charge stays, a correction in the open period gives them back", () => {
    const [from, end] = [midnight - 5, midnight];
    const report = hadCards(7, end - 2, end + 1);
    const events = lastOf(...begunOvernight(), report);
    expect(types(events)).toEqual(["JobMetered", "JobDisplaced", "ChargePosted", "CorrectionPosted"]);
    const day = `${placementId(1)}:day:${from}-${end}`;
    expect(charges(events)).toMatchObject([{ from: end, to: end, tenantPays: "-5600", final: true }]);
    expect(corrections(events)).toMatchObject([
      { corrects: day, cause: "lateUsage", period: periodOf(end + 1), tenantPays: "-3520" },
    ]);
    // Two slots of 1,600 back, and 10 % of them.
    expect(corrections(events).map(({ lines }) => shortly(lines))).toEqual([
      [`12 compute center:xian > ${tenant} 3200`, `8 penalty center:xian > ${tenant} 320`],
    ]);
  });

  test("that is over: only the slots that were told come back, each of them once", () => {
    const over = [...begun(), ranWhole];
    const first = hadCards(6, 103, 105, { at: inSlot(120) });
    const events = lastOf(...over, first);
    expect(types(events)).toEqual(["JobMetered", "CorrectionPosted"]);
    expect(corrections(events).map(({ lines }) => shortly(lines))).toEqual([
      [`12 compute center:xian > ${tenant} 3200`, `8 penalty center:xian > ${tenant} 320`],
    ]);
    // From the middle of a slot that is known already.
    const again = {
      ...hadCards(2, 105, 106, { at: inSlot(121) }),
      usage: { ...first.usage, from: first.usage.to, to: first.usage.to },
    };
    const later = { ...again, usage: { ...again.usage, to: new Date(inSlot(105, 10)).toISOString() } };
    expect(corrections(lastOf(...over, first, later))).toMatchObject([{ tenantPays: "-1760" }]);
    expect(lastOf(...over, first, first)).toEqual([]);
  });

  test("of a run that was superseded changes nothing", () => {
    const retried: JobCommand[] = [
      ...begun({ retries: 1 }),
      finish(1, "failed", inSlot(102)),
      start(1, 2, xian, inSlot(102, 60)),
    ];
    expect(types(lastOf(...retried, hadCards(3, 100, 101, { at: inSlot(103) })))).toEqual(["JobMetered"]);
  });
});

describe("a divisible job or a service with fewer cards than awarded", () => {
  const div = begun({ kind: "div" });

  test("goes on, and pays those slots in proportion; the center pays 10 % of what they lack", () => {
    expect(types(lastOf(...div, hadCards(6, 102, 104)))).toEqual(["JobMetered"]);
    const events = lastOf(...div, hadCards(6, 102, 104), ranWhole);
    expect(charges(events).map(({ lines }) => shortly(lines))).toEqual([
      [
        `3 compute ${tenant} > center:xian 12800`,
        `12 compute ${tenant} > center:xian 2400`,
        `8 penalty center:xian > ${tenant} 80`,
      ],
    ]);
  });

  test("counts the fewest cards that were told of a slot", () => {
    const half = (cards: number, from: number, to: number): Meter => ({
      ...hadCards(cards, 102, 103),
      usage: {
        ...hadCards(cards, 102, 103).usage,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
      },
    });
    const reports = [half(4, inSlot(102), inSlot(102, 100)), half(6, inSlot(102, 100), inSlot(103))];
    const [charged] = charges(lastOf(...div, ...reports, ranWhole));
    // 9 x 1,600, 4/8 of 1,600, less 10 % of the other half.
    expect(charged?.tenantPays).toBe(String(14_400 + 800 - 80));
  });

  test("rounds what cards of two prices come to once", () => {
    const award = awardOf(1, [fill({ cards: 1, price: 201 }), fill({ cards: 2, price: 100 })]);
    const events = lastOf(
      ...begun({ kind: "div" }, award),
      hadCards(2, 100, 102),
      finish(1, "completed", inSlot(109)),
    );
    // 401 a slot: 8 of 10 in full, 2/3 of 802.
    expect(charges(events)[0]?.lines.map(({ row, mills: amount }) => `${row} ${amount}`)).toEqual([
      `3 ${8 * 401 - 401}`,
      "12 534",
      "8 26",
    ]);
  });

  test("is credited no more lost work than it paid", () => {
    const lost: JobCommand = {
      type: "Displace",
      placement: placementId(1),
      cause: "centerLost",
      center: xian,
      at: inSlot(104),
    };
    const [charged] = charges(lastOf(...div, hadCards(4, 102, 103), lost));
    expect(shortly(charged?.lines ?? []).filter((line) => line.startsWith("10"))).toEqual([
      `10 credit center:xian > ${tenant} ${3 * 1600 + 800}`,
    ]);
  });

  test("told after its slots were charged: a correction gives the difference back, once", () => {
    const over = [...div, ranWhole];
    const report = hadCards(2, 100, 102, { at: inSlot(300) });
    const events = lastOf(...over, report);
    expect(types(events)).toEqual(["JobMetered", "CorrectionPosted"]);
    const [correction] = corrections(events);
    expect(correction).toMatchObject({
      corrects: `${placementId(1)}:end:100-110`,
      cause: "lateUsage",
      period: periodOf(300),
    });
    expect(shortly(correction?.lines ?? [])).toEqual([
      `12 compute center:xian > ${tenant} 2400`,
      `8 penalty center:xian > ${tenant} 240`,
    ]);
    // The same slots with as many cards: nothing changes in the amount.
    const same = { ...hadCards(2, 102, 103, { at: inSlot(301) }) };
    const touching = { ...same, usage: { ...same.usage, to: new Date(inSlot(102, 1)).toISOString() } };
    expect(corrections(lastOf(...over, report, touching))).toMatchObject([{ tenantPays: "-1320" }]);
    expect(corrections(lastOf(...over, report, hadCards(8, 102, 103, { at: inSlot(301) })))).toEqual([]);
  });

  test("gives nothing back that finance gave back already", () => {
    const over = [...div, ranWhole];
    const charge = `${placementId(1)}:end:100-110`;
    const refund: ChargeLine = {
      kind: "compute",
      row: 3,
      from: "center:xian",
      to: tenant,
      mills: mills(15_900),
    };
    const given: JobCommand = {
      type: "Correct",
      id: "c",
      charge,
      cause: "resolution",
      lines: [refund],
      at: inSlot(200),
    };
    const [correction] = corrections(lastOf(...over, given, hadCards(2, 100, 102, { at: inSlot(300) })));
    expect(shortly(correction?.lines ?? [])).toEqual([
      `12 compute center:xian > ${tenant} 100`,
      `8 penalty center:xian > ${tenant} 240`,
    ]);
  });
});

describe("penalties of one award", () => {
  test("come to no more than it is worth, however many slots another center ran for nothing", () => {
    const split: Partial<JobSpec> = {
      kind: "split",
      cards: 9,
      slots: 2,
      split: { chunk: 1, bandwidthGbps: 1, syncLatencyMs: 20 },
    };
    const award = awardOf(1, [
      fill({ to: 102, cards: 1, price: 100 }),
      fill({ to: 102, center: wuhan, price: 200 }),
    ]);
    const events = lastOf(...admitted(split), place(award, 40_000), {
      type: "Refuse",
      placement: placementId(1),
      center: xian,
      at: inSlot(99),
    });
    // Worth 2 x 1,700: 340 to the tenant, and of Wuhan's slot 100 (the one after the refusal's) 1,600.
    expect(charges(events).map(({ lines }) => shortly(lines))).toEqual([
      [`8 penalty center:xian > ${tenant} 340`, "13 penalty center:xian > center:wuhan 1600"],
    ]);
    const running = [
      ...admitted(split),
      place(award, 40_000),
      acceptAt(1),
      acceptAt(1, wuhan),
      start(1),
      start(1, 1, wuhan),
    ];
    const late = hadCards(0, 100, 101, { at: inSlot(101) });
    // 340 and both of Wuhan's slots would be 3,540.
    expect(shortly(charges(lastOf(...running, late))[0]?.lines ?? [])).toEqual([
      `8 penalty center:xian > ${tenant} 340`,
      "13 penalty center:xian > center:wuhan 3060",
    ]);
  });
});
