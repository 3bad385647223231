import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { deriveDay } from "./derivation/day.ts";
import { nearestRank } from "./estimates.ts";
import {
  buildScenario,
  cardHoursDemanded,
  cardHoursOffered,
  DEFAULT_SCENARIO,
  loadScenario,
  openingMs,
  takeJobs,
} from "./scenario.ts";
import { ScenarioFile } from "./scenario-file.ts";
import { finishOf, parseTrace, traceMidnight, traceRows } from "./trace.ts";

const scenario = loadScenario();
const file = ScenarioFile.parse(JSON.parse(readFileSync(DEFAULT_SCENARIO, "utf8")));
const csv = readFileSync(resolve(dirname(DEFAULT_SCENARIO), file.trace.file), "utf8");
const traced = scenario.jobs.filter((job) => job.workload === "trace");

describe("the default scenario", () => {
  it("is what its data and assumptions give", () => {
    expect(file).toEqual(deriveDay(resolve(dirname(DEFAULT_SCENARIO), "data")));
  });

  it("is the same whenever it is loaded", () => {
    expect(loadScenario()).toEqual(scenario);
  });

  it("replays at least 1,000 jobs of the trace, each once", () => {
    expect(traced.length).toBeGreaterThanOrEqual(1000);
    expect(new Set(scenario.jobs.map((job) => job.key)).size).toBe(scenario.jobs.length);
    expect(traced.some((job) => job.opening)).toBe(true);
  });

  it("asks for 70 to 80 % of what is offered, most of it by jobs that run at the opening", () => {
    const load = cardHoursDemanded(scenario) / cardHoursOffered(scenario);
    expect(load).toBeGreaterThanOrEqual(0.7);
    expect(load).toBeLessThanOrEqual(0.8);
    const opening = { ...scenario, jobs: traced.filter((job) => job.opening) };
    expect(cardHoursDemanded(opening)).toBeGreaterThan(cardHoursDemanded(scenario) / 2);
  });

  it("opens at midnight in Shanghai and offers every card to the end of the horizon", () => {
    expect(new Date(openingMs(scenario)).toISOString()).toBe("2017-10-24T16:00:00.000Z");
    for (const center of scenario.centers) {
      for (const pool of center.pools) {
        const steps = scenario.offers.filter((o) => o.center === center.center && o.product === pool.product);
        expect(steps.reduce((sum, step) => sum + step.cards, 0)).toBe(pool.cards);
        expect(new Set(steps.map((step) => `${step.from}-${step.to}`))).toEqual(new Set(["0-1920"]));
      }
    }
  });

  it("has the article's centers at their size", () => {
    const cards = new Map(scenario.centers.map((each) => [each.center, each.pools[0]?.cards]));
    expect(cards.get("xian")).toBe(Math.round(300_000 / 256));
    expect(cards.get("wuhan")).toBe(Math.round(100_000 / 256));
    expect(cards.get("shenzhen")).toBe(4096);
    const xian = scenario.centers.find((each) => each.center === "xian");
    expect(xian?.homeRegions).toEqual(["ningxia", "gansu", "xinjiang", "qinghai", "yunnan"]);
  });

  it("has a link between every two centers", () => {
    const pairs = scenario.links.map((link) => [link.from, link.to].sort().join("~"));
    expect(new Set(pairs).size).toBe((scenario.centers.length * (scenario.centers.length - 1)) / 2);
  });
});

describe("jobs of the trace", () => {
  const trace = parseTrace(traceRows(csv));
  const start = traceMidnight(file.marketDay);
  const rows = new Map(trace.map((job) => [job.key, job]));

  it("keep what remains of them, and their cards by the scale", () => {
    for (const job of traced) {
      const row = rows.get(job.key);
      if (row === undefined) throw new Error(`${job.key} is not in the trace`);
      expect(job.arrival).toBe(Math.max(0, row.submit - start));
      expect(job.arrival + job.durationSeconds).toBe(finishOf(row) - start);
      expect(job.bid.cards).toBe(row.gpus * 8);
      expect(job.opening).toBe(row.submit < start);
    }
  });

  it("are estimated from what had finished, by a count of its own", () => {
    for (const job of traced.filter((_, n) => n % 25 === 0)) {
      const at = start + job.arrival;
      const cluster = rows.get(job.key)?.cluster;
      const done = trace.filter((row) => finishOf(row) <= at);
      const own = done.filter((row) => row.cluster === cluster);
      const known = [...(own.length < 5 ? done : own)].sort((a, b) => finishOf(b) - finishOf(a)).slice(0, 50);
      const seconds = nearestRank(
        known.map((row) => row.duration),
        90,
      );
      expect(job.estimateSlots).toBe(Math.max(1, Math.ceil(seconds / 360)));
      expect(job.bid.slots).toBe(Math.min(38, job.estimateSlots));
    }
  });

  it("bid between the price levels, and more for a stronger card", () => {
    for (const { bid } of traced) {
      const [first, second] = bid.products;
      expect(first?.limit).toBeGreaterThanOrEqual(file.trace.limit.low);
      expect(first?.limit).toBeLessThanOrEqual(file.trace.limit.high);
      if (second !== undefined) expect(second.limit).toBeGreaterThan(first?.limit ?? 0);
    }
  });
});

describe("the article's workloads", () => {
  const of = (workload: string) => scenario.jobs.filter((job) => job.workload === workload);

  it("are a Pangu gang whose 40 TB no link can move in a slot", () => {
    const [pangu] = of("pangu");
    expect(pangu?.bid).toMatchObject({ cards: 2048, session: "forward", home: "shenzhen", dataGB: 40_000 });
    const widest = Math.max(...scenario.links.map((link) => link.gbps));
    expect(((pangu?.bid.dataGB ?? 0) * 8) / 360).toBeGreaterThan(widest);
  });

  it("are a Taichu gang that fits no single one of its centers, but two and the link between them", () => {
    const [taichu] = of("taichu");
    const { split, cards = 0, regions = [] } = taichu?.bid ?? {};
    const centers = scenario.centers.filter((each) => regions.includes(each.region));
    const sizes = centers.map((each) => each.pools[0]?.cards ?? 0);
    const chunk = split?.chunk ?? 0;
    expect(Math.max(...sizes)).toBeLessThan(cards);
    expect(sizes.reduce((sum, size) => sum + Math.floor(size / chunk) * chunk, 0)).toBeGreaterThanOrEqual(
      cards,
    );
    const ends = centers.map((each) => each.center);
    const link = scenario.links.find((each) => ends.includes(each.from) && ends.includes(each.to));
    expect(link?.gbps).toBeGreaterThanOrEqual(split?.bandwidthGbps ?? 0);
    expect(link?.latencyMs).toBeLessThanOrEqual(split?.syncLatencyMs ?? 0);
  });

  it("are LuojiaNet jobs whose data costs more to move than their computing", () => {
    const cheapest = Math.min(
      ...scenario.links.filter((each) => [each.from, each.to].includes("wuhan")).map((each) => each.perGB),
    );
    const dearest = Math.max(...scenario.offers.map((offer) => offer.reserve));
    expect(of("luojianet")).toHaveLength(12);
    for (const { bid } of of("luojianet")) {
      expect(bid.dataGB * cheapest).toBeGreaterThan(dearest * bid.cards * bid.slots);
    }
  });

  it("are 170 algorithms of 1 to 4 cards and 1 to 3 slots, ten times slower on own servers", () => {
    expect(new Set(of("btws").map((job) => job.iteration?.algorithm)).size).toBe(170);
    for (const job of of("btws")) {
      expect(job.bid.cards).toBeLessThanOrEqual(4);
      expect(job.bid.slots).toBeLessThanOrEqual(3);
      expect(job.iteration?.ownServersSeconds).toBe(job.durationSeconds * 10);
    }
  });

  it("are a divisible fleet in whole hours, each as long as its window", () => {
    expect(of("inference").map((job) => job.bid.window.from)).toEqual(
      Array.from({ length: 23 }, (_, n) => (n + 1) * 10),
    );
    for (const { bid } of of("inference")) expect(bid.window.to - bid.window.from).toBe(bid.slots);
  });
});

describe("days and subsets", () => {
  it("replays as many days as the trace covers, and refuses more", () => {
    const three = loadScenario(DEFAULT_SCENARIO, 3);
    expect(three.jobs.length).toBeGreaterThan(scenario.jobs.length);
    expect(three.jobs.filter((job) => job.workload === "pangu")).toHaveLength(3);
    expect(() => loadScenario(DEFAULT_SCENARIO, 4)).toThrow("covers 3 days");
  });

  it("takes the same subset every time, in order, with some of every workload", () => {
    const few = takeJobs(scenario, 100);
    expect(few).toEqual(takeJobs(scenario, 100));
    expect(few.jobs.filter((job) => job.workload === "trace")).toHaveLength(100);
    expect(new Set(few.jobs.map((job) => job.workload))).toEqual(
      new Set(scenario.jobs.map((job) => job.workload)),
    );
    expect(few.jobs.map((job) => job.arrival)).toEqual(
      few.jobs.map((job) => job.arrival).sort((a, b) => a - b),
    );
    expect(takeJobs(scenario, 1_000_000)).toBe(scenario);
    const fewer = new Set(takeJobs(scenario, 50).jobs.map((job) => job.key));
    expect([...fewer].every((key) => few.jobs.some((job) => job.key === key))).toBe(true);
  });

  it("needs a tenant for every virtual cluster of the trace", () => {
    const [tenant, ...others] = file.tenants;
    const few = { ...file, tenants: others };
    expect(() => buildScenario(few, csv, 1)).toThrow(`virtual cluster ${tenant?.cluster} of the trace`);
  });
});

describe("a scenario of one's own", () => {
  const small = {
    ...file,
    marketDay: "2026-03-02",
    tenants: [
      { tenant: "lab", name: "A lab", home: "xian", cluster: "lab", frameworks: [], products: ["ascend910"] },
    ],
    trace: { ...file.trace, days: 1 },
    workloads: {},
  } satisfies ScenarioFile;
  const header = "timestamp,duration,num_gpus,gpu_time,cluster";

  it("needs no history: what nobody has seen the length of bids for as long as a first bid may be", () => {
    const rows = ["2026-03-02 00:10:00,600,1,600,lab", "2026-03-02 08:00:00,600,1,600,lab"];
    const { jobs } = buildScenario(small, [header, ...rows].join("\n"), 1);
    expect(jobs.map(({ bid }) => bid.slots)).toEqual([small.trace.firstStretchMax, 2]);
  });

  it.each([
    [
      "timestamp,duration",
      "the trace's first line is timestamp,duration,num_gpus,gpu_time,cluster, not timestamp,duration",
    ],
    [
      `${header}\n2026-03-02 00:10:00,600,0,600,lab`,
      "line 2 of the trace, 2026-03-02 00:10:00,600,0,600,lab: num_gpus: ",
    ],
    [
      `${header}\n2026-03-02 24:10:00,600,1,600,lab`,
      "line 2 of the trace, 2026-03-02 24:10:00,600,1,600,lab: timestamp: YYYY-MM-DD hh:mm:ss",
    ],
    [`${header}\n2026-03-02 00:10:00,600,1`, "line 2 of the trace, 2026-03-02 00:10:00,600,1: "],
    [`${header}\n2026-03-02 00:10:00,600,1,600,other`, "virtual cluster other of the trace has no tenant"],
  ])("is told which line of its trace is wrong: %j", (text, message) => {
    expect(() => buildScenario(small, text, 1)).toThrow(message);
  });

  /** The paths and messages of what is wrong with a file. */
  const faults = (given: unknown) =>
    ScenarioFile.safeParse(given).error?.issues.map(({ path, message }) => `/${path.join("/")}: ${message}`);
  const [tenant] = small.tenants;
  const [xian, ...others] = file.centers;
  const failure = { center: "xian", failsAt: 60, returnsAt: 120 };
  const shortage = { center: "xian", cards: 1, from: 60, to: 120 };

  it("is as good as the bundled one", () => {
    expect(faults(small)).toBeUndefined();
    expect(faults({ ...small, failures: [failure], shortages: [shortage] })).toBeUndefined();
  });

  it.each([
    [
      { tenants: [{ ...tenant, home: "nowhere" }] },
      "/tenants/0/home: there is no center nowhere: name one of xian, ",
    ],
    [{ tenants: [{ ...tenant, products: ["h100"] }] }, "/tenants/0/products/0: there is no product h100: "],
    [{ tenants: [tenant, { ...tenant, cluster: "b" }] }, "/tenants/1/tenant: lab is there twice: "],
    [{ tenants: [tenant, { ...tenant, tenant: "b" }] }, "/tenants/1/cluster: lab is there twice: "],
    [
      { links: [{ from: "xian", to: "mars", gbps: 1, latencyMs: 1, perGB: 1 }] },
      "/links/0/to: there is no center mars: ",
    ],
    [{ centers: [xian, xian, ...others] }, "/centers/1/center: xian is there twice: "],
    [
      { centers: [{ ...xian, offers: [{ product: "ascend910", cards: 5000, reserve: 1 }] }, ...others] },
      "/centers/0/offers/0/cards: xian offers 5000 ascend910 cards and has 1172: ",
    ],
    [
      { centers: [{ ...xian, offers: [{ product: "a100-80g", cards: 1, reserve: 1 }] }, ...others] },
      "/centers/0/offers/0/cards: xian offers 1 a100-80g cards and has 0: ",
    ],
    [
      { workloads: { pangu: { ...file.workloads.pangu, tenant: "who" } } },
      "/workloads/pangu/tenant: there is no tenant who: ",
    ],
    [{ failures: [{ ...failure, center: "mars" }] }, "/failures/0/center: there is no center mars: "],
    [{ failures: [{ ...failure, returnsAt: 60 }] }, "/failures/0/returnsAt: later than failsAt"],
    [{ shortages: [{ ...shortage, to: 60 }] }, "/shortages/0/to: later than from"],
    [
      { trace: { ...small.trace, limit: { low: 20, high: 10 } } },
      "/trace/limit/high: at least as much as low",
    ],
    [{ trace: { ...small.trace, limit: { low: 0, high: 10 } } }, "/trace/limit/low: "],
    [{ trace: { ...small.trace, limit: { low: 10, high: 10_001 } } }, "/trace/limit/high: at most 10000"],
    [{ deposit: "007" }, "/deposit: a whole number of mills above 0, as text"],
  ])("is told the field that does not fit: %j", (wrong, message) => {
    expect(faults({ ...small, ...wrong })).toEqual([expect.stringContaining(message)]);
  });

  it("may be the example of the docs, which runs as it stands there", () => {
    const docs = readFileSync(new URL("../../docs/scenario.md", import.meta.url), "utf8");
    const [, example = ""] = /```json\n(.*?)```/s.exec(docs) ?? [];
    const [, trace = ""] = /```csv\n(.*?)```/s.exec(docs) ?? [];
    const { jobs, centers } = buildScenario(ScenarioFile.parse(JSON.parse(example)), trace, 1);
    expect(centers).toHaveLength(2);
    expect(jobs.map(({ arrival, bid }) => [arrival, bid.cards, bid.slots])).toEqual([
      [0, 8, 20],
      [600, 4, 20],
      [32_400, 32, 20],
      [42_300, 16, 20],
    ]);
  });

  it("is told which file is wrong, and where in it", () => {
    const folder = mkdtempSync(join(tmpdir(), "scenario-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const write = (text: string) => {
      const path = join(folder, "mine.json");
      writeFileSync(path, text);
      return path;
    };
    const path = write("{");
    expect(() => loadScenario(path)).toThrow(`${path}: Expected property name`);
    expect(() => loadScenario(join(folder, "none.json"))).toThrow(`none.json: ENOENT`);
    expect(() => loadScenario(write(JSON.stringify({ ...small, deposit: 5 })))).toThrow(
      /mine\.json is no scenario:\n.*expected string, received number\n.*at deposit/,
    );
    const stray = { ...small, trace: { ...small.trace, file: "none.csv" } };
    expect(() => loadScenario(write(JSON.stringify(stray)))).toThrow("mine.json, /trace/file: ENOENT");
  });
});
