import { describe, expect, test } from "vitest";
import type { Work } from "../../agent/replay/world.ts";
import type { ScenarioJob } from "../../agent/scenario/scenario-job.ts";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { instant, slotOf } from "../../market/time.ts";
import { networkOutcomes } from "./network-outcomes.ts";

/** Midnight in Shanghai, and the end of the replay an hour later: ten slots. */
const opening = Date.parse("2026-03-02T00:00:00+08:00");
const end = 3600;
const slot = (after: number) => slotOf(opening) + after;
const at = (second: number) => instant(opening + second * 1000);

function workOf(kind: ScenarioJob["bid"]["kind"]): Work {
  const scenario: ScenarioJob = {
    key: `a-${kind}`,
    tenant: "t",
    workload: "trace",
    arrival: 0,
    opening: false,
    estimateSlots: 10,
    durationSeconds: 1000,
    bid: {
      name: "j",
      session: "spot",
      kind,
      products: [{ product: "p", limit: 100 }],
      cards: 8,
      slots: 5,
      window: { from: 1, to: 10 },
      home: "c-1",
      dataGB: 0,
      frameworks: [],
      maxSlots: 100,
    },
  };
  return { scenario, done: 0 };
}

interface Part {
  readonly center: string;
  readonly cards: number;
  readonly from: number;
  readonly to: number;
}
const placement = (auction = 1) => `j.${auction}`;

/** An award of slots after the opening. */
function award(parts: readonly Part[], auction = 1) {
  const from = Math.min(...parts.map((part) => part.from));
  const to = Math.max(...parts.map((part) => part.to));
  const fills = parts.map((part) => ({
    ...part,
    product: "p",
    from: slot(part.from),
    to: slot(part.to),
    price: 100,
  }));
  const of = { placement: placement(auction), job: "j", auction, stretch: auction };
  return { ...of, continues: auction > 1, from: slot(from), to: slot(to), fills, links: [], value: "0" };
}

const of = { job: "j", placement: placement() };
const placed = (parts: readonly Part[], auction = 1) =>
  parseEvent("JobPlaced", { job: "j", award: award(parts, auction) });
const continued = (parts: readonly Part[], auction = 2) =>
  parseEvent("JobContinued", { job: "j", award: award(parts, auction) });
const started = (second: number, center?: string, auction = 1) => {
  const data = { job: "j", placement: placement(auction), run: 1, at: at(second), slot: slot(0) };
  return parseEvent("JobStarted", center === undefined ? data : { ...data, center });
};
const completed = (second: number) =>
  parseEvent("JobCompleted", { ...of, run: 1, at: at(second), slot: slot(Math.ceil(second / 360)) });
const displaced = (second: number, cause: string) =>
  parseEvent("JobDisplaced", { ...of, at: at(second), slot: slot(Math.floor(second / 360)), cause });
const checkpoint = (second: number) => {
  const usage = { center: "c-1", from: at(0), to: at(second), cardSeconds: 1 };
  return parseEvent("JobMetered", { ...of, run: 1, usage, checkpointAt: at(second) });
};

/** The outcome of a replay of one job, by the seconds of an hour. */
function outcome(kind: ScenarioJob["bid"]["kind"], ...events: readonly DomainEvent[]) {
  const {
    jobs,
    continued: continuations,
    expired,
  } = networkOutcomes(events, new Map([["j", workOf(kind)]]), opening, end, []);
  const [only, ...more] = jobs;
  if (only === undefined || more.length > 0) throw new Error(`${jobs.length} outcomes`);
  const { job, ...rest } = only;
  expect(job.key).toBe(`a-${kind}`);
  return { ...rest, continuations, expired };
}

const gang: readonly Part[] = [{ center: "c-1", cards: 8, from: 1, to: 6 }];
const none = { interruptions: 0, segments: [], continuations: 0, expired: 0 };
const segment = (center: string, cards: number, from: number, to: number, usefulTo = to) => ({
  center,
  product: "p",
  cards,
  from,
  to,
  usefulTo,
});

describe("a gang", () => {
  test("waits until it runs, also with an award", () => {
    expect(outcome("block")).toEqual({ ...none, state: "waiting" });
    expect(outcome("block", placed(gang))).toEqual({ ...none, state: "waiting" });
  });

  test("runs from its start to its completion", () => {
    expect(outcome("block", placed(gang), started(400, "c-1"), completed(1400))).toEqual({
      ...none,
      state: "completed",
      startedAt: 400,
      endedAt: 1400,
      segments: [segment("c-1", 8, 400, 1400)],
    });
  });

  test("that is running at the end has run until then, whatever the feed says of later", () => {
    const still = {
      ...none,
      state: "running",
      startedAt: 400,
      segments: [segment("c-1", 8, 400, end)],
    };
    const long = [{ center: "c-1", cards: 8, from: 1, to: 20 }];
    expect(outcome("block", placed(long), started(400, "c-1"))).toEqual(still);
    for (const later of [completed(end + 1), displaced(end + 1, "centerLost")])
      expect(outcome("block", placed(long), started(400, "c-1"), later)).toEqual(still);
    expect(outcome("block", placed(long), started(end + 1, "c-1"))).toEqual({ ...none, state: "waiting" });
  });

  test("of two centers runs when both of them do, and takes the cards of both", () => {
    const both = [...gang, { center: "c-2", cards: 4, from: 1, to: 6 }];
    expect(outcome("split", placed(both), started(400, "c-1"))).toEqual({ ...none, state: "waiting" });
    const run = [placed(both), started(400, "c-1"), started(500, "c-2"), completed(1400)];
    expect(outcome("split", ...run)).toEqual({
      ...none,
      state: "completed",
      startedAt: 500,
      endedAt: 1400,
      segments: [segment("c-1", 8, 500, 1400), segment("c-2", 4, 500, 1400)],
    });
    // Said once for all of its centers.
    expect(outcome("split", placed(both), started(400), completed(1400)).startedAt).toBe(400);
  });

  test("counts its cards once where its price changes within the award", () => {
    const priced = [
      { center: "c-1", cards: 8, from: 1, to: 3 },
      { center: "c-1", cards: 8, from: 3, to: 6 },
    ];
    expect(outcome("block", placed(priced), started(400, "c-1"), completed(1400)).segments).toEqual([
      segment("c-1", 8, 400, 1400),
    ]);
  });

  test("has not run longer than its awards, even if it is reported late", () => {
    const late = completed(2500);
    expect(outcome("block", placed(gang), started(400, "c-1"), late)).toMatchObject({
      state: "completed",
      endedAt: 2160,
      segments: [segment("c-1", 8, 400, 2160)],
    });
    const more = continued([{ center: "c-1", cards: 8, from: 6, to: 10 }]);
    expect(outcome("block", placed(gang), started(400, "c-1"), more, late)).toMatchObject({
      endedAt: 2500,
      continuations: 1,
      segments: [segment("c-1", 8, 400, 2500)],
    });
  });

  test("a continuation counts if it begins before the end", () => {
    const far = continued([{ center: "c-1", cards: 8, from: 10, to: 20 }]);
    expect(outcome("block", placed(gang), started(400, "c-1"), far).continuations).toBe(0);
  });
});

describe("a gang that is displaced", () => {
  const again = [
    placed([{ center: "c-2", cards: 8, from: 5, to: 10 }], 2),
    started(1900, "c-2", 2),
    completed(3000),
  ];

  test("by a fault keeps its work up to the last checkpoint, and runs again elsewhere", () => {
    const lost = [placed(gang), started(400, "c-1"), checkpoint(1000), displaced(1300, "centerLost")];
    expect(outcome("block", ...lost)).toEqual({
      ...none,
      state: "waiting",
      startedAt: 400,
      interruptions: 1,
      segments: [segment("c-1", 8, 400, 1300, 1000)],
    });
    expect(outcome("block", ...lost, ...again)).toEqual({
      ...none,
      state: "completed",
      // The first start is what it waited for.
      startedAt: 400,
      endedAt: 3000,
      interruptions: 1,
      segments: [segment("c-1", 8, 400, 1300, 1000), segment("c-2", 8, 1900, 3000)],
    });
  });

  test("by a fault without any checkpoint loses all of that run", () => {
    expect(outcome("block", placed(gang), started(400, "c-1"), displaced(1300, "refused")).segments).toEqual([
      segment("c-1", 8, 400, 1300, 400),
    ]);
  });

  test("because its continuation lost keeps all of it, up to the slot in which it ended", () => {
    expect(
      outcome("block", placed(gang), started(400, "c-1"), displaced(2161, "continuationLost")),
    ).toMatchObject({ interruptions: 1, state: "waiting", segments: [segment("c-1", 8, 400, 2160)] });
  });

  test("because its continuation lost keeps its checkpoint only, if its center was dark by then", () => {
    const events = [placed(gang), started(400, "c-1"), checkpoint(1300), displaced(2161, "continuationLost")];
    const keptOf = (center: string, failsAt: number) =>
      networkOutcomes(events, new Map([["j", workOf("block")]]), opening, end, [
        { center, failsAt, returnsAt: end },
      ]).jobs[0]?.segments;
    expect(keptOf("c-1", 1500)).toEqual([segment("c-1", 8, 400, 2160, 1300)]);
    expect(keptOf("c-1", 2160)).toEqual([segment("c-1", 8, 400, 2160)]);
    expect(keptOf("c-2", 1500)).toEqual([segment("c-1", 8, 400, 2160)]);
  });

  test("before it ran was not interrupted", () => {
    expect(outcome("block", placed(gang), displaced(720, "notAccepted"))).toEqual({
      ...none,
      state: "waiting",
    });
  });
});

describe("a job that ends otherwise", () => {
  test("failed, if it failed or its tenant withdrew it", () => {
    const failed = parseEvent("JobFailed", { ...of, at: at(900), slot: slot(3), cause: "jobFailed" });
    const cancelled = parseEvent("JobCancelled", { ...of, at: at(900), slot: slot(3) });
    for (const ending of [failed, cancelled])
      expect(outcome("block", placed(gang), started(400, "c-1"), ending)).toEqual({
        ...none,
        state: "failed",
        startedAt: 400,
        endedAt: 900,
        segments: [segment("c-1", 8, 400, 900)],
      });
    expect(outcome("block", cancelled)).toEqual({ ...none, state: "failed", endedAt: 900 });
  });

  test("waited to the end, if its window passed by then, and is counted as expired", () => {
    const expiring = (after: number) => parseEvent("JobExpired", { job: "j", slot: slot(after) });
    expect(outcome("block", expiring(10))).toEqual({ ...none, state: "waiting", expired: 1 });
    expect(outcome("block", expiring(11))).toEqual({ ...none, state: "waiting" });
  });
});

describe("a divisible job", () => {
  const parts: readonly Part[] = [
    { center: "c-1", cards: 8, from: 1, to: 3 },
    { center: "c-1", cards: 2, from: 3, to: 6 },
    { center: "c-2", cards: 4, from: 2, to: 6 },
  ];

  test("runs when the first of its centers does, and takes what each slot gives it", () => {
    const run = [placed(parts), started(400, "c-1"), started(720, "c-2"), completed(2160)];
    expect(outcome("div", ...run)).toEqual({
      ...none,
      state: "completed",
      startedAt: 400,
      endedAt: 2160,
      segments: [segment("c-1", 8, 400, 1080), segment("c-1", 2, 1080, 2160), segment("c-2", 4, 720, 2160)],
    });
  });

  test("takes the cards of each center from when it runs there", () => {
    const run = [
      placed(parts),
      started(400, "c-1"),
      started(800, "c-2"),
      started(900, "c-2"),
      completed(2160),
    ];
    expect(outcome("div", ...run).segments.at(-1)).toEqual(segment("c-2", 4, 800, 2160));
  });

  test("that ends early leaves out the slots that it did not reach", () => {
    expect(outcome("div", placed(parts), started(400, "c-1"), completed(700)).segments).toEqual([
      segment("c-1", 8, 400, 700),
    ]);
  });

  test("that goes on without a center takes nothing there from then on", () => {
    const reduced = (second: number, center: string) => {
      const data = { ...of, center, at: at(second), slot: slot(Math.floor(second / 360)) };
      return parseEvent("JobReduced", { ...data, cause: "centerLost" });
    };
    const run = [placed(parts), started(400, "c-1"), started(720, "c-2")];
    const lost = outcome("div", ...run, checkpoint(1000), reduced(1300, "c-2"), completed(2160));
    expect(lost).toMatchObject({ state: "completed", interruptions: 0 });
    expect(lost.segments).toEqual([
      segment("c-1", 8, 400, 1080),
      segment("c-1", 2, 1080, 2160),
      segment("c-2", 4, 720, 1300, 1000),
    ]);
    // One that never began was never in use.
    const silent = [placed(parts), started(400, "c-1"), reduced(800, "c-2"), completed(2160)];
    expect(outcome("div", ...silent).segments).toEqual([
      segment("c-1", 8, 400, 1080),
      segment("c-1", 2, 1080, 2160),
    ]);
    // What happens after the end does not count.
    expect(outcome("div", ...run, reduced(end + 1, "c-2"))).toEqual(outcome("div", ...run));
  });
});

test("jobs are told apart, and what others ask for does not count", () => {
  const other = parseEvent("JobAdmitted", { job: "stranger" });
  const works = new Map([
    ["j", workOf("block")],
    ["k", workOf("div")],
  ]);
  const { jobs } = networkOutcomes(
    [other, placed(gang), started(400, "c-1"), completed(1400)],
    works,
    opening,
    end,
    [],
  );
  expect(jobs.map(({ job, state }) => [job.key, state])).toEqual([
    ["a-block", "completed"],
    ["a-div", "waiting"],
  ]);
});
