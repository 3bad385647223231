import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DomainEvent, definitionOf, parseEvent } from "../../events/catalog/catalog.ts";
import type { Commit } from "../../events/catalog/envelope.ts";
import { streams } from "../../events/catalog/streams.ts";
import {
  AccountId,
  CenterId,
  JobId,
  OfferId,
  OwnerId,
  Period,
  ProductId,
} from "../../events/catalog/values.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { pageBytes } from "../../events/store/chain.ts";
import type { Database } from "../../events/store/dynamo.ts";
import { createFeed } from "../../events/store/feed.ts";
import { viewsCheckpoint } from "../../functions/kit/views.ts";
import { testTables } from "../../test/dynalite.ts";
import { startExchange } from "../../test/exchange-in-memory.ts";
import { Crashed, unsafeDatabase } from "../../test/unsafe-database.ts";
import { periodStart } from "../time.ts";
import { ownKey, projectEvent } from "./project.ts";
import { assignmentsOf, put, type ViewAppend, type ViewKey, viewKeys } from "./view.ts";

const owner = OwnerId.parse("acme");
const center = CenterId.parse("c-1");
const product = ProductId.parse("a100-80g");
const offer = OfferId.parse("o-1");
const job = JobId.parse("j-1");
const account = AccountId.parse("acme");
const today = Period.parse("2026-03-02");
const tomorrow = Period.parse("2026-03-03");
const midnight = periodStart(tomorrow);
const time = "2026-03-02T02:00:00.000Z";

/** A commit of some events of a stream, from a version on. */
interface Facts {
  readonly stream: string;
  readonly version: number;
  readonly events: readonly DomainEvent[];
}

const nameOf = ({ pk, sk }: ViewKey) => `${pk} ${sk}`;

/** The rows that pages come to: each page once, its commits in order. */
function rowsAfter(...pages: readonly (readonly Facts[])[]): Record<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const [page, commits] of pages.entries())
    for (const { stream, version, events } of commits)
      for (const [index, event] of events.entries()) {
        const key = ownKey(stream);
        const before = key === undefined ? undefined : rows.get(nameOf(key));
        const at = { version: version + index, position: page + 1, time };
        for (const effect of projectEvent(event, at, before)) {
          const change = "list" in effect ? appended(effect, rows) : effect;
          const data = change.patch(rows.get(nameOf(change)));
          if (data === undefined) rows.delete(nameOf(change));
          else rows.set(nameOf(change), data);
        }
      }
  return Object.fromEntries(rows);
}

/** The next item of a numbered list. */
function appended({ list, item }: ViewAppend, rows: ReadonlyMap<string, unknown>) {
  const number = [...rows.keys()].filter((name) => name.startsWith(`${list} `)).length + 1;
  return put(viewKeys.numbered(list, number), item(number));
}

/** The rows that the events of one stream come to, a page each. */
function rowsOf(stream: string, ...events: readonly DomainEvent[]): Record<string, unknown> {
  return rowsAfter(...events.map((event, index) => [{ stream, version: index + 1, events: [event] }]));
}

const row = (key: ViewKey, data: unknown) => ({ [nameOf(key)]: data });
const rowAt = (rows: Record<string, unknown>, key: ViewKey) => rows[nameOf(key)];

describe("an offer", () => {
  const data = { offer, center, owner, product, from: 100, to: 340, cards: 16, reserve: 100 };
  const offered = parseEvent("CapacityOffered", data);
  const stream = streams.offer(offer);
  const came = { center, product, from: 100, to: 340, cards: 16, reserve: 100 };

  test("is in the list of all by its end, in its owner's by its time, and itself", () => {
    const view = { ...data, status: "open", version: 1 };
    expect(rowsOf(stream, offered)).toEqual({
      ...row(viewKeys.openOffer(340, offer), view),
      ...row(viewKeys.offerOf(owner, time, offer), { offer }),
      ...row(viewKeys.offer(offer), view),
      ...row(viewKeys.offerChange(1, offer, 1), came),
    });
  });

  test.each([
    ["OfferWithdrawn", "withdrawn", row(viewKeys.offerChange(2, offer, 2), { ...came, cards: -16 })],
    // What has ended changes nothing that is still to be sold.
    ["OfferExpired", "expired", {}],
  ])("leaves the list of all by %s, and stays its owner's", (type, status, gone) => {
    expect(rowsOf(stream, offered, parseEvent(type, { offer }))).toEqual({
      ...row(viewKeys.offerOf(owner, time, offer), { offer }),
      ...row(viewKeys.offer(offer), { ...data, status, version: 2 }),
      ...row(viewKeys.offerChange(1, offer, 1), came),
      ...gone,
    });
  });

  test("says for how long at least it is sold", () => {
    const rows = rowsOf(stream, parseEvent("CapacityOffered", { ...data, minRun: 15 }));
    expect(rowAt(rows, viewKeys.offerChange(1, offer, 1))).toEqual({
      ...came,
      run: { of: offer, least: 15 },
    });
  });

  test("that is a home reserve shows what was drawn of it to its owner", () => {
    const drawn = { draw: "d1", from: 120, to: 130, cards: 4 };
    const reserve = parseEvent("CapacityOffered", { ...data, homeReserve: true });
    const rows = rowsOf(stream, reserve, parseEvent("ReserveDrawn", { offer, ...drawn }));
    const view = { ...data, homeReserve: true, status: "open" };
    expect(rowAt(rows, viewKeys.offer(offer))).toEqual({ ...view, draws: [drawn], version: 2 });
    expect(rowAt(rows, viewKeys.openOffer(340, offer))).toEqual({ ...view, version: 1 });
    expect(rowAt(rows, viewKeys.offerChange(1, offer, 1))).toEqual({ ...came, homeReserve: true });
    expect(rowAt(rows, viewKeys.offerChange(2, offer, 2))).toBeUndefined();
  });

  test("says what its center took back, and that it is no more on sale", () => {
    const lent = parseEvent("CapacityOffered", { ...data, reclaimNotice: 9 });
    const taken = { offer, center, product, from: 200, to: 340, cards: 10, left: 6 };
    const view = {
      ...data,
      reclaimNotice: 9,
      reclaimed: [{ from: 200, left: 6 }],
      status: "open",
      version: 2,
    };
    const change = { ...came, reclaimable: true };
    expect(rowsOf(stream, lent, parseEvent("CapacityReclaimed", taken))).toEqual({
      ...row(viewKeys.openOffer(340, offer), view),
      ...row(viewKeys.offerOf(owner, time, offer), { offer }),
      ...row(viewKeys.offer(offer), view),
      ...row(viewKeys.offerChange(1, offer, 1), change),
      ...row(viewKeys.offerChange(2, offer, 2), { ...change, from: 200, cards: -10 }),
    });
  });

  test("open offers are listed by their last slot", () => {
    const lists = [9, 10, 99_999_999].map((to) => viewKeys.openOffer(to, offer).sk);
    expect([...lists].sort()).toEqual(lists);
  });
});

describe("a center", () => {
  const data = {
    center,
    owner,
    name: "One",
    region: "CN-SX",
    homeRegions: ["CN-GD"],
    pools: [{ product, cards: 64, frameworks: ["PyTorch"] }],
    puePermille: 1250,
    energy: new Array<number>(24).fill(400),
    gridFactor: 500,
  };
  const joined = parseEvent("CenterJoined", data);
  const link = { to: CenterId.parse("c-2"), gbps: 100, latencyMs: 5, perGB: 10 };

  test("is one row that each of its facts changes", () => {
    const view = { ...data, links: [], guarantee: "0", status: "joined", version: 1 };
    const key = viewKeys.center(center);
    const off = { center, at: time, payout: "c-1.2026-03-01" };
    const facts = [
      [joined, view],
      [parseEvent("LinksDeclared", { center, links: [link] }), { links: [link] }],
      [parseEvent("GuaranteePosted", { center, mills: "500" }), { guarantee: "500" }],
      [parseEvent("CenterLost", { center, at: time, slot: 1 }), { status: "lost" }],
      [parseEvent("CenterReturned", { center, at: time, slot: 2 }), { status: "joined" }],
      [parseEvent("CenterSuspended", { ...off, slot: 3 }), { status: "suspended", suspended: true }],
      [parseEvent("CenterLost", { center, at: time, slot: 4 }), { status: "lost" }],
      [parseEvent("CenterReturned", { center, at: time, slot: 5 }), { status: "suspended" }],
      [parseEvent("CenterLost", { center, at: time, slot: 6 }), { status: "lost" }],
      [parseEvent("CenterReinstated", { center, at: time, slot: 7 }), { suspended: false }],
      [parseEvent("CenterReturned", { center, at: time, slot: 8 }), { status: "joined" }],
    ] as const;
    const events = facts.map(([event]) => event);
    let expected: Record<string, unknown> = {};
    for (const [index, [, changed]] of facts.entries()) {
      expected = { ...expected, ...changed, version: index + 1 };
      expect(rowsOf(streams.center(center), ...events.slice(0, index + 1))).toEqual(row(key, expected));
    }
  });
});

const spec = {
  name: "training",
  session: "spot",
  kind: "div",
  products: [{ product, limit: 500 }],
  cards: 12,
  slots: 10,
  from: 100,
  to: 130,
  home: center,
  maxSlots: 20,
} as const;
const requested = (id = job) => parseEvent("JobRequested", { job: id, owner, account, spec, hold: "40000" });
const admitted = (id = job) => parseEvent("JobAdmitted", { job: id });

/** An award of auction n at some centers. */
function award(auction: number, centers: readonly string[], from: number, to: number, id: string = job) {
  return {
    placement: `${id}.${auction}`,
    job: id,
    auction,
    stretch: auction,
    continues: auction > 1,
    from,
    to,
    fills: centers.map((each) => ({ center: each, product, from, to, cards: 4, price: 100 })),
    links: [],
    value: "1000",
  };
}

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

const gate = (auction: number) => ({
  auction,
  session: "spot",
  position: 7,
  at: time,
  gate: 100,
  from: 101,
  to: 141,
});
const price = (from: number, to: number, fen: number, sold: number) => ({
  center,
  product,
  from,
  to,
  price: fen,
  sold,
});
const published = (auction: number, ...prices: readonly ReturnType<typeof price>[]) =>
  parseEvent("AwardsPublished", { auction, page: 0, awards: [], prices, linkPrices: [] });

describe("an auction", () => {
  const closed = parseEvent("GateClosed", gate(3));
  const figures = { bids: 5, welfare: "700", bound: "710" };
  const solved = parseEvent("AuctionSolved", {
    auction: 3,
    bookHash: "b",
    resultHash: "r",
    pages: 1,
    offers: 2,
    ...figures,
  });

  test("goes from its gate to its result", () => {
    const key = viewKeys.auction(3);
    const results = { ...figures, awards: 2, cardSlots: 80, value: "8000" };
    const [demand, supply] = [[{ price: 500, cardSlots: 80 }], [{ price: 100, cardSlots: 160 }]];
    const cleared = { auction: 3, session: "spot", gate: 100, at: time, ...results, demand, supply };
    expect(rowsOf("auction-3", closed)).toEqual(row(key, { ...gate(3), status: "closed" }));
    expect(rowsOf("auction-3", closed, solved)).toEqual(
      row(key, { ...gate(3), status: "solved", ...figures }),
    );
    expect(rowsOf("auction-3", closed, solved, parseEvent("AuctionCleared", cleared))).toEqual({
      ...row(key, { ...gate(3), status: "cleared", ...results }),
      ...row(viewKeys.curves(3), { auction: 3, demand, supply }),
    });
  });

  test("that is void says why", () => {
    const data = { auction: 3, session: "spot", gate: 100, at: time, reason: "priceCap" };
    expect(rowsOf("auction-3", closed, solved, parseEvent("AuctionVoided", data))).toEqual(
      row(viewKeys.auction(3), { ...gate(3), ...figures, status: "voided", reason: "priceCap" }),
    );
  });
});

describe("prices", () => {
  /** Slots of a day that have a price. */
  const pricesOf = (rows: Record<string, unknown>, period: Period) => {
    const view = rowAt(rows, viewKeys.prices(center, product, period));
    if (typeof view !== "object" || view === null || !("slots" in view) || !Array.isArray(view.slots))
      return {};
    expect(view.slots).toHaveLength(240);
    return Object.fromEntries([...view.slots.entries()].filter(([, slot]) => slot !== null));
  };

  test("are kept slot by slot for each day, also across midnight", () => {
    const rows = rowsOf("auction-1", published(1, price(midnight - 2, midnight + 1, 250, 8)));
    expect(pricesOf(rows, today)).toEqual({ 238: [250, 8, 1], 239: [250, 8, 1] });
    expect(pricesOf(rows, tomorrow)).toEqual({ 0: [250, 8, 1] });
  });

  test("are the last trade's, and an indication only where nothing was traded", () => {
    const start = periodStart(today);
    const day = (...events: readonly DomainEvent[]) => pricesOf(rowsOf("auction-1", ...events), today);
    const [first, later] = [price(start, start + 1, 100, 4), price(start, start + 1, 200, 4)];
    const [hint, newer] = [price(start, start + 1, 300, 0), price(start, start + 1, 400, 0)];
    expect(day(published(1, first), published(2, later))).toEqual({ 0: [200, 4, 2] });
    expect(day(published(1, first), published(2, hint))).toEqual({ 0: [100, 4, 1] });
    expect(day(published(1, hint), published(2, first))).toEqual({ 0: [100, 4, 2] });
    expect(day(published(1, hint), published(2, newer))).toEqual({ 0: [400, 0, 2] });
  });
});

test("an account is known by the last day that it was opened in", () => {
  const opened = (period: Period) =>
    parseEvent("AccountOpened", { account, owner, period, available: "0", holds: [] });
  const held = parseEvent("FundsHeld", { account, job, stretch: 1, mills: "5" });
  const expected = row(viewKeys.account(account), { account, owner, period: tomorrow });
  expect(rowsOf(streams.account(account, today), opened(today), held, opened(tomorrow))).toEqual(expected);
  expect(rowsOf(streams.account(account, today), opened(tomorrow), opened(today))).toEqual(expected);
});

describe("a period", () => {
  const from = periodStart(today);
  const data = { period: today, from, to: midnight, afterPosition: 0 };
  const opened = parseEvent("PeriodOpened", data);
  const end = { period: today, at: time, position: 9, feedHash: "f".repeat(64) };
  const cut = parseEvent("PeriodCutOff", end);
  const sums = { charges: 0, debits: "900", credits: "900" };
  const closed = (...totals: readonly object[]) => parseEvent("PeriodClosed", { ...end, ...sums, totals });

  test("is open, cut off, and closed", () => {
    expect(rowsOf(streams.period(today), opened)).toEqual(row(viewKeys.period(today), data));
    const cutOff = { ...data, cutOff: end };
    expect(rowsOf(streams.period(today), opened, cut)).toEqual(row(viewKeys.period(today), cutOff));
    expect(rowsOf(streams.period(today), opened, cut, closed())).toEqual(
      row(viewKeys.period(today), { ...cutOff, closed: { ...end, ...sums } }),
    );
  });

  test("adds its totals to what the ledger's accounts turned over in the days before", () => {
    const totals = closed(
      { account: "bank", debit: "900", credit: "0" },
      { account: "bank", debit: "5", credit: "1", currency: "USD" },
    );
    const rows = rowsOf(streams.period(today), totals, totals);
    const traded = { account: "bank", currency: "CNY", period: today };
    const foreign = { ...traded, currency: "USD" };
    expect(rows).toEqual({
      ...row(viewKeys.ledger("bank", "CNY"), { ...traded, debit: "1800", credit: "0" }),
      ...row(viewKeys.ledger("bank", "USD"), { ...foreign, debit: "10", credit: "2" }),
      ...row(viewKeys.ledgerOfDay(today, "bank", "CNY"), { ...traded, debit: "900", credit: "0" }),
      ...row(viewKeys.ledgerOfDay(today, "bank", "USD"), { ...foreign, debit: "5", credit: "1" }),
    });
  });

  test("has the same rows where they were stated before it closed", () => {
    const rows = [
      { account: "bank", debit: "900", credit: "0" },
      { account: "tenant:lab:available", debit: "0", credit: "900" },
    ];
    const stated = parseEvent("PeriodTotalsStated", { period: today, page: 1, totals: rows.slice(1) });
    const isRow = ([key]: readonly [string, unknown]) => key.includes("ledger");
    const rowsIn = (...events: readonly DomainEvent[]) =>
      Object.fromEntries(Object.entries(rowsOf(streams.period(today), ...events)).filter(isRow));
    expect(rowsIn(stated, closed(...rows.slice(0, 1)))).toEqual(rowsIn(closed(...rows)));
  });
});

test("what was never begun has no row, whatever else is said of it", () => {
  const cleared = { session: "spot", gate: 1, at: time, bids: 0, awards: 0, cardSlots: 0, value: "0" };
  const lost = [
    parseEvent("OfferWithdrawn", { offer }),
    parseEvent("CenterLost", { center, at: time, slot: 1 }),
    admitted(),
    parseEvent("JobPlaced", { job, award: award(1, ["c-1"], 101, 111) }),
    parseEvent("JobCompleted", { job, placement: "j-1.1", run: 1, at: time, slot: 105 }),
    parseEvent("AuctionVoided", { auction: 3, ...cleared, reason: "priceCap" }),
  ];
  for (const event of lost) expect(rowsOf("center-c-1", event)).toEqual({});
});

// Any lives of some streams: what projections may assume is the order of each stream and nothing else.

const jobs = [JobId.parse("j-1"), JobId.parse("j-2")] as const;
const offers = [OfferId.parse("o-1"), OfferId.parse("o-2")] as const;

function jobLife(id: JobId): fc.Arbitrary<DomainEvent[]> {
  const slots = fc.integer({ min: 101, max: 120 });
  const ran = { job: id, placement: `${id}.1`, run: 1, at: time };
  const centers = fc.subarray(["c-1", "c-2"], { minLength: 1 });
  const awarded = (type: string) =>
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), centers, slots)
      .map(([auction, at, from]) =>
        parseEvent(type, { job: id, award: award(auction, at, from, from + 5, id) }),
      );
  const ending = (type: string, more: Record<string, unknown> = {}) =>
    slots.map((slot) => parseEvent(type, { ...ran, ...more, slot }));
  return fc
    .array(
      fc.oneof(
        fc.constant(admitted(id)),
        awarded("JobPlaced"),
        awarded("JobContinued"),
        ending("JobStarted"),
        ending("JobReduced", { center: "c-1", cause: "centerLost" }),
        ending("JobDisplaced", { cause: "centerLost" }),
        ending("JobCompleted"),
        ending("JobCancelled"),
        ending("JobExpired"),
      ),
      { maxLength: 8 },
    )
    .map((events) => [requested(id), ...onceAnAuction(events)]);
}

/** A job wins at most once in an auction. */
function onceAnAuction(events: readonly DomainEvent[]): DomainEvent[] {
  const seen = new Set<number>();
  return events.filter((event) => {
    if (event.type !== "JobPlaced" && event.type !== "JobContinued") return true;
    const { auction } = event.data.award;
    return !seen.has(auction) && seen.add(auction);
  });
}

function offerLife(id: OfferId): fc.Arbitrary<DomainEvent[]> {
  const data = { offer: id, center, owner, product, from: 100, to: 340, cards: 16, reserve: 100 };
  const ending = fc
    .constantFrom("OfferWithdrawn", "OfferExpired")
    .map((type) => parseEvent(type, { offer: id }));
  return fc.array(ending, { maxLength: 2 }).map((events) => [parseEvent("CapacityOffered", data), ...events]);
}

function auctionLife(auction: number): fc.Arbitrary<DomainEvent[]> {
  const prices = fc
    .tuple(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(1),
    )
    .map(([from, slots, fen, sold]) => price(midnight + from, midnight + from + slots, fen, sold));
  const pages = fc.array(fc.array(prices, { maxLength: 3 }), { maxLength: 2 });
  return pages.map((all) => [
    parseEvent("GateClosed", gate(auction)),
    ...all.map((page) => published(auction, ...page)),
  ]);
}

type Life = readonly [stream: string, events: readonly DomainEvent[]];
const lives: fc.Arbitrary<readonly Life[]> = fc.tuple<Life[]>(
  ...jobs.map((id) => fc.tuple(fc.constant(streams.job(id)), jobLife(id))),
  ...offers.map((id) => fc.tuple(fc.constant(streams.offer(id)), offerLife(id))),
  ...[1, 2, 3].map((auction) => fc.tuple(fc.constant(streams.auction(auction)), auctionLife(auction))),
  ...[today, tomorrow].map((period) =>
    fc.tuple(
      fc.constant<string>(streams.account(account, period)),
      fc.constant([parseEvent("AccountOpened", { account, owner, period, available: "0", holds: [] })]),
    ),
  ),
);

/** The lives' commits in some order that keeps each stream's. `turns` says which stream is next. */
function interleaved(all: readonly Life[], turns: readonly number[]): Facts[] {
  const left = all.map(([stream, events]) =>
    events.map((event, index) => ({ stream, version: index + 1, events: [event] })),
  );
  const commits: Facts[] = [];
  for (let turn = 0; left.some((stream) => stream.length > 0); turn++) {
    const open = left.filter((stream) => stream.length > 0);
    const next = open[(turns[turn % turns.length] ?? 0) % open.length]?.shift();
    if (next !== undefined) commits.push(next);
  }
  return commits;
}

const turns = fc.array(fc.nat(20), { minLength: 1, maxLength: 30 });

/** Rows in which what numbered lists hold has no number: that follows from the order of the feed. */
function unnumbered(rows: Record<string, unknown>): unknown[] {
  const free = Object.entries(rows).map(([name, data]) => {
    const list = /^(assignments#\S+) \d+$/.exec(name)?.[1];
    return list === undefined ? [name, data] : [list, { ...Object(data), position: 0 }];
  });
  return free.map((one) => canonicalJson(one)).sort();
}

test("in whatever order a page brings its streams, the rows are the same, but for their numbers", () => {
  fc.assert(
    fc.property(lives, turns, turns, (all, some, others) => {
      expect(unnumbered(rowsAfter(interleaved(all, some)))).toEqual(
        unnumbered(rowsAfter(interleaved(all, others))),
      );
    }),
    { numRuns: 300 },
  );
});

test("a commit of several events comes to the same rows as one for each of them", () => {
  fc.assert(
    fc.property(lives, (all) => {
      const whole = all.map(([stream, events]) => ({ stream, version: 1, events }));
      expect(rowsAfter(whole)).toEqual(rowsAfter(interleaved(all, [0])));
    }),
  );
});

describe("the projection of pages", () => {
  const stored = ({ stream, version, events }: Facts): Commit => ({
    stream,
    version,
    commandId: `${stream}@${version}`,
    time,
    actor: "test",
    causationId: "c",
    correlationId: "c",
    events: events.map(({ type, data }) => ({ type, v: definitionOf(type)?.version ?? 1, data })),
  });

  async function putPages(database: Database, pages: readonly (readonly Facts[])[]) {
    const feed = createFeed(database, testTables.feed);
    for (const commits of pages) {
      const head = await feed.head();
      const bytes = pageBytes(
        head,
        commits.map((commit) => canonicalJson(stored(commit))),
      );
      await feed.putPage({ position: head.position + 1, bytes });
    }
  }

  async function rowsIn(database: Database): Promise<Record<string, unknown>> {
    const rows: Record<string, unknown> = {};
    for await (const items of database.scan(testTables.views, ["pk", "sk", "data"]))
      for (const { pk, sk, data } of items)
        if (pk !== viewsCheckpoint().pk && sk !== "count" && !String(pk).startsWith("tree#"))
          rows[`${String(pk).replace(/^v\d+#/, "")} ${sk}`] = JSON.parse(String(data));
    return rows;
  }

  /** The database that a function is given now. */
  const through = (now: () => Database): Database => ({
    get: (...given) => now().get(...given),
    getMany: (...given) => now().getMany(...given),
    put: (...given) => now().put(...given),
    update: (...given) => now().update(...given),
    remove: (...given) => now().remove(...given),
    query: (...given) => now().query(...given),
    scan: (...given) => now().scan(...given),
    createTable: (...given) => now().createTable(...given),
    close: () => undefined,
  });
  const cut = fc.record({
    call: fc.integer({ min: 1, max: 120 }),
    effective: fc.boolean(),
    upTo: fc.integer({ min: 1, max: 20 }),
    /** The process that dies half-way, and whether another one takes its place. */
    first: fc.boolean(),
    replaced: fc.boolean(),
  });
  const onlyCrashed = (error: unknown) => {
    if (!(error instanceof Crashed)) throw error;
  };
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

  test("numbers on where another process has numbered meanwhile", async () => {
    const other = JobId.parse("other");
    const commit = (of: JobId, version: number, event: DomainEvent): Facts => ({
      stream: streams.job(of),
      version,
      events: [event],
    });
    const awarded = (of: JobId, auction: number) =>
      parseEvent("JobContinued", { job: of, award: award(auction, ["c-1"], 101, 111, of) });
    const pages = [
      [commit(job, 1, requested(job)), commit(job, 2, awarded(job, 1))],
      [commit(other, 1, requested(other)), commit(other, 2, awarded(other, 1))],
      [commit(job, 3, awarded(job, 2))],
    ];
    const exchange = await startExchange();
    const second = await startExchange(() => exchange.database);
    for (const [index, process] of [exchange, second, exchange].entries()) {
      await putPages(exchange.database, pages.slice(index, index + 1));
      await process.wake("project-views", [{ pk: "feed", sk: index + 1 }]);
    }
    expect(await rowsIn(exchange.database)).toEqual(rowsAfter(...pages));
  });

  test("comes to the same rows however often it is cut off and begins again", async () => {
    await fc.assert(
      fc.asyncProperty(
        lives,
        turns,
        sizes,
        fc.array(cut, { maxLength: 3 }),
        async (all, order, lengths, cuts) => {
          const commits = interleaved(all, order);
          const pages: Facts[][] = [];
          for (let n = 0; commits.length > 0; n++)
            pages.push(commits.splice(0, lengths[n % lengths.length] ?? 1));
          let given: Database | undefined;
          const exchange = await startExchange((database) => through(() => given ?? database));
          const second = await startExchange(() => through(() => given ?? exchange.database));
          await putPages(exchange.database, pages);
          const wake = (position: number, process = exchange) =>
            process.wake("project-views", [{ pk: "feed", sk: position }]);
          for (const { upTo, first, replaced, ...crash } of cuts) {
            const process = first ? exchange : second;
            given = unsafeDatabase(exchange.database, async () => undefined, crash);
            await wake(Math.min(upTo, pages.length), process).catch(onlyCrashed);
            if (replaced) process.restart();
          }
          given = undefined;
          expect(await wake(pages.length)).toEqual({ batchItemFailures: [] });
          expect(await rowsIn(exchange.database)).toEqual(rowsAfter(...pages));
          // All pages again, over rows that have seen them.
          exchange.restart();
          await exchange.database.remove(testTables.views, viewsCheckpoint());
          expect(await wake(pages.length)).toEqual({ batchItemFailures: [] });
          expect(await rowsIn(exchange.database)).toEqual(rowsAfter(...pages));
        },
      ),
      { numRuns: 300 },
    );
  });
});
