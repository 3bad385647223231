import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Award } from "../../events/catalog/award.ts";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { checkClearing } from "../../test/clearing-checker.ts";
import { type HeldAuction, type History, live } from "../../test/market-lives.ts";
import { plans } from "../../test/slot-plans.ts";
import { validateBook } from "../clearing/validate.ts";
import { inForce, type JobPhase, type Placement } from "../job/state.ts";
import { type BookState, initialBook } from "./book-state.ts";
import { dueHolds, expiredJobs, expiredOffers, lapsedHolds } from "./holds.ts";
import { instanceAt } from "./instance.ts";
import { observeAuction } from "./observe-auction.ts";
import { observePage, type SeenCommit } from "./observe-page.ts";
import { bookFromSnapshot, snapshotOf } from "./snapshot.ts";
import { unresoldIn } from "./unresold.ts";

const RUNS = 40;

/** A history in the only order in which a book follows it: pages up to a gate, then that auction's awards. */
type Step =
  | { readonly page: readonly SeenCommit[]; readonly position: number }
  | { readonly auction: HeldAuction };

function stepsOf({ pages, auctions }: Pick<History, "pages" | "auctions">): Step[] {
  const steps: Step[] = [];
  let seen = 0;
  const read = (position: number) => {
    for (; seen < position; seen++) steps.push({ page: pages[seen] ?? [], position: seen + 1 });
  };
  for (const auction of auctions) {
    read(auction.position);
    steps.push({ auction });
  }
  read(pages.length);
  return steps;
}

/** All that anybody asks the book at one auction; lists of no order are sorted. */
function follow(book: BookState, step: Step) {
  if ("page" in step) {
    observePage(book, { position: step.position, commits: step.page });
    return undefined;
  }
  const { n, gate, events } = step.auction;
  const instance = instanceAt(book, { auction: n, ...gate });
  const due = dueHolds(book, gate.gate);
  observeAuction(book, n, events);
  return {
    problem: instance.book,
    bidders: instance.bidders.map(({ job }) => job.job),
    due: sorted(due),
    lapsed: sorted(lapsedHolds(book)),
    expired: sorted([...expiredJobs(book, gate.gate), ...expiredOffers(book, gate.gate)]),
    unresold: sorted(unresoldIn(book, gate.gate + 1)),
  };
}

function sorted(list: readonly unknown[]): string[] {
  return list.map((one) => JSON.stringify(one)).sort();
}

function followAll(steps: readonly Step[]) {
  const book = initialBook();
  return { seen: steps.flatMap((step) => follow(book, step) ?? []), book };
}

/** A number below `limit`, from a list that begins again when it is used up. */
function picker(numbers: readonly number[]): (limit: number) => number {
  let next = 0;
  return (limit) => (numbers[next++ % numbers.length] ?? 0) % limit;
}

const numbers = fc.noShrink(fc.array(fc.nat(9999), { minLength: 1, maxLength: 150 }));

const isAdmission = ({ events }: SeenCommit) => events.some(({ type }) => type === "JobAdmitted");

/** The same commits in another order: each stream keeps its own, and admissions theirs, for it is that of ties. */
function interleaved(commits: readonly SeenCommit[], pick: (limit: number) => number): SeenCommit[] {
  const waiting = [...Map.groupBy(commits, ({ stream }) => stream).values()].map((own) => [...own]);
  const admissions = commits.filter(isAdmission);
  const taken: SeenCommit[] = [];
  while (taken.length < commits.length) {
    const free = waiting.filter(
      ([head]) => head !== undefined && (!isAdmission(head) || head === admissions[0]),
    );
    const head = free[pick(free.length)]?.shift();
    if (head === undefined) throw new Error("no stream may go on");
    if (isAdmission(head)) admissions.shift();
    taken.push(head);
  }
  return taken;
}

/** What each gate saw stays, but in other pages. */
function reordered({ pages, auctions }: History, pick: (limit: number) => number) {
  const cutUp: SeenCommit[][] = [];
  const repaged = (from: number, to: number) => {
    const commits = interleaved(pages.slice(from, to).flat(), pick);
    while (commits.length > 0) cutUp.push(commits.splice(0, 1 + pick(6)));
    return cutUp.length;
  };
  let from = 0;
  const moved = auctions.map((auction): HeldAuction => {
    const position = repaged(from, auction.position);
    from = auction.position;
    return { ...auction, position };
  });
  repaged(from, pages.length);
  return { pages: cutUp, auctions: moved };
}

/** Offers, cards and lines, counted slot by slot by the plainest means. */
interface Count {
  /** Cards that each pool has, whatever is offered of it. */
  readonly pools: Map<string, number>;
  readonly open: Map<string, Extract<DomainEvent, { type: "CapacityOffered" }>["data"]>;
  readonly ever: Extract<DomainEvent, { type: "CapacityOffered" }>["data"][];
  readonly draws: Extract<DomainEvent, { type: "ReserveDrawn" }>["data"][];
  readonly reclaims: Extract<DomainEvent, { type: "CapacityReclaimed" }>["data"][];
  readonly specs: Map<string, Extract<DomainEvent, { type: "JobRequested" }>["data"]["spec"]>;
  readonly working: Map<string, { readonly cards: number; readonly slot: number }>;
  readonly lost: Set<string>;
  readonly suspended: Set<string>;
  readonly gbps: Map<string, number>;
  /** What awards in force take: of `CENTER/PRODUCT` cards, of a link gigabits. */
  taken: {
    award: string;
    run: string;
    of: string;
    center: string;
    slot: number;
    amount: number;
    firm: boolean;
  }[];
  /** First award of each job's run. */
  readonly runs: Map<string, string>;
}

function count(all: Count, { type, data }: DomainEvent): void {
  switch (type) {
    case "CenterJoined":
      for (const { product, cards } of data.pools) all.pools.set(`${data.center}/${product}`, cards);
      return;
    case "CapacityOffered":
      all.open.set(data.offer, data);
      all.ever.push(data);
      return;
    case "ReserveDrawn":
      all.draws.push(data);
      return;
    case "CapacityReclaimed":
      all.reclaims.push(data);
      return;
    case "JobRequested":
      all.specs.set(data.job, data.spec);
      return;
    case "JobReclaimed": {
      const isDiv = all.specs.get(data.job)?.kind === "div";
      all.taken = all.taken.filter(
        ({ run, center, slot }) =>
          run !== data.placement || (isDiv && center !== data.center) || slot < data.slot,
      );
      return;
    }
    case "OfferWithdrawn":
    case "OfferExpired":
      all.open.delete(data.offer);
      return;
    case "CenterLost":
      all.lost.add(data.center);
      return;
    case "CenterReturned":
      all.lost.delete(data.center);
      return;
    case "CenterSuspended":
      all.suspended.add(data.center);
      return;
    case "CenterReinstated":
      all.suspended.delete(data.center);
      return;
    case "LinksDeclared":
      for (const line of [...all.gbps.keys()]) if (line.startsWith(`${data.center}~`)) all.gbps.delete(line);
      for (const { to, gbps } of data.links) all.gbps.set(`${data.center}~${to}`, gbps);
      return;
    case "CapacitySensed": {
      const pool = `${data.center}/${data.product}`;
      if ((all.working.get(pool)?.slot ?? 0) <= data.slot)
        all.working.set(pool, { cards: data.working, slot: data.slot });
      return;
    }
    case "JobCompleted":
    case "JobFailed":
    case "JobDisplaced":
    case "JobCancelled":
      all.taken = all.taken.filter(({ run, slot }) => run !== data.placement || slot < data.slot);
      return;
    case "JobReduced":
      all.taken = all.taken.filter(
        ({ run, center, slot }) => run !== data.placement || center !== data.center || slot < data.slot,
      );
      return;
  }
}

function countAward(all: Count, award: Award): void {
  const run = award.continues ? (all.runs.get(award.job) ?? "none") : award.placement;
  all.runs.set(award.job, run);
  const firm = all.specs.get(award.job)?.reclaimable !== true;
  const of = { award: award.placement, run, firm };
  for (const { center, product, from, to, cards } of award.fills)
    for (let slot = from; slot < to; slot++)
      all.taken.push({ ...of, of: `${center}/${product}`, center, slot, amount: cards });
  for (const { link, from, to, gigabits } of award.links)
    for (let slot = from; slot < to; slot++)
      all.taken.push({ ...of, of: link, center: "", slot, amount: gigabits });
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** At the highest reserve any energy is too much, and it costs nothing every fifth hour only. */
function exceedsCap(reserve: number, slot: number): boolean {
  const hour = new Date(slot * 360_000 + 8 * 3_600_000).getUTCHours();
  return reserve === 10_000 && hour % 5 !== 0;
}

type Offered = Count["ever"][number];

/** Cards of an offer in a slot at what they ask: its center draws the cheapest, and takes the dearest back. */
function cardsOf({ draws, reclaims }: Count, { offer, cards, reserve, steps }: Offered, slot: number) {
  const own = draws.filter((draw) => draw.offer === offer && draw.from <= slot && slot < draw.to);
  const drawn = sum(own.map((draw) => draw.cards));
  const back = reclaims.filter((one) => one.offer === offer && one.from <= slot);
  const left = Math.min(cards, ...back.map((one) => one.left));
  const levels = steps ?? [{ cards, reserve }];
  const each = levels.flatMap((step, n) => new Array<number>(step.cards).fill(n)).slice(drawn, left);
  return levels.map((step, n) => ({
    cards: each.filter((one) => one === n).length,
    reserve: step.reserve,
  }));
}

/** A home reserve stands for what is sold of it when it has lapsed, two hours ahead. */
function stands(
  { homeReserve }: Offered,
  slot: number,
  { gate }: Pick<HeldAuction["gate"], "gate">,
): boolean {
  return homeReserve !== true || slot <= gate + 20;
}

/** Forward sells none of a home reserve. */
function isOnSale({ homeReserve }: Offered, { session }: Pick<HeldAuction["gate"], "session">): boolean {
  return homeReserve !== true || session === "spot";
}

/** Cards of a pool that were on sale in a slot at some gate, whatever was taken back of them: no more than it has. */
function everOffered(all: Count, of: string, slot: number): number {
  const fitting = all.ever.filter(
    (offer) => `${offer.center}/${offer.product}` === of && offer.from <= slot && slot < offer.to,
  );
  const steps = fitting.flatMap((offer) => cardsOf({ ...all, reclaims: [] }, offer, slot));
  const within = steps.filter(({ reserve }) => !exceedsCap(reserve, slot));
  return Math.min(all.pools.get(of) ?? 0, sum(within.map(({ cards }) => cards)));
}

/** Cards of a pool in working order that its center has not drawn: no more than it has. */
function workingIn({ pools, ever, working, draws }: Count, of: string, slot: number): number {
  const own = new Set(
    ever.filter(({ center, product }) => `${center}/${product}` === of).map(({ offer }) => offer),
  );
  const drawn = draws.filter(({ offer, from, to }) => own.has(offer) && from <= slot && slot < to);
  const cards = pools.get(of) ?? 0;
  return Math.min(cards, working.get(of)?.cards ?? cards) - sum(drawn.map(({ cards }) => cards));
}

/** Steps of a pool's offers that stand in a slot, cheapest first, each with what jobs have of it. */
function stackAt(all: Count, of: string, slot: number, gate: HeldAuction["gate"]) {
  const stack = [...all.open.values()]
    .filter((one) => `${one.center}/${one.product}` === of && stands(one, slot, gate))
    .filter((one) => one.from <= slot && slot < one.to)
    .flatMap((one) =>
      cardsOf(all, one, slot).map((step, n) => ({ ...step, one, name: nameOf(one, n), sold: 0 })),
    )
    .sort((a, b) => a.reserve - b.reserve || (a.name < b.name ? -1 : 1));
  const buy = (cards: number, fitting: typeof stack) => {
    for (let n = 0; n < cards; n++) {
      const next = fitting.find((step) => step.sold < step.cards);
      if (next === undefined) return cards - n;
      next.sold += 1;
    }
    return 0;
  };
  const here = all.taken.filter((one) => one.of === of && one.slot === slot);
  const cardsFor = (firm: boolean) =>
    sum(here.filter((one) => one.firm === firm).map(({ amount }) => amount));
  const isFirm = ({ one }: (typeof stack)[number]) => one.reclaimNotice === undefined;
  const used = cardsFor(true) + cardsFor(false);
  if (stack.some(({ one }) => (one.minRun ?? 1) > 1)) {
    // Where a minimum run stands, all jobs take firm cards first, and last those that are not on sale.
    const isDear = ({ reserve }: (typeof stack)[number]) => exceedsCap(reserve, slot);
    const within = stack.filter((step) => !isDear(step));
    const order = [
      ...within.filter(isFirm),
      ...within.filter((step) => !isFirm(step)),
      ...stack.filter(isDear),
    ];
    buy(used, order);
    return { stack: order, used };
  }
  // Firm jobs first, of firm offers as far as those go.
  const due = buy(cardsFor(true), stack.filter(isFirm));
  buy(due + cardsFor(false), stack);
  return { stack, used };
}

function isOff({ lost, suspended }: Count, pool: string): boolean {
  const center = pool.slice(0, pool.indexOf("/"));
  return lost.has(center) || suspended.has(center);
}

/** Cards of a pool that may be sold in a slot at a gate, whoever has them; what a center drew is in use. */
function sellable(all: Count, of: string, slot: number, gate: HeldAuction["gate"]): number {
  if (isOff(all, of)) return 0;
  const { stack } = stackAt(all, of, slot, gate);
  return Math.min(sum(stack.map(({ cards }) => cards)), Math.max(0, workingIn(all, of, slot)));
}

/** Cards of a pool that are on sale in a slot at a gate: nobody has them, and they cost no more than the cap. */
function freeAt(all: Count, of: string, slot: number, gate: HeldAuction["gate"]): number {
  if (isOff(all, of)) return 0;
  const { stack, used } = stackAt(all, of, slot, gate);
  let room = Math.max(0, workingIn(all, of, slot) - used);
  let free = 0;
  for (const { one, reserve, cards, sold } of stack) {
    const left = isOnSale(one, gate) ? Math.min(cards - sold, room) : 0;
    room -= left;
    if (!exceedsCap(reserve, slot)) free += left;
  }
  return free;
}

/** The name under which a step stands among the offers of a problem. */
function nameOf({ offer, steps = [] }: Offered, step: number): string {
  return steps.length > 1 ? `${offer}+${step}@` : `${offer}@`;
}

/** An offer with a minimum run is sold in a slot if jobs have any card of it. */
function checkRuns(all: Count, { problem, pools, gate }: HeldAuction): void {
  const grain = gate.session === "spot" ? 1 : 10;
  for (const { of, minRun, sold = [], pool } of problem.offers) {
    const own = [...all.open.values()].find(({ offer }) => offer === of);
    if (own === undefined) continue;
    expect(minRun).toBe(Math.ceil((own.minRun ?? 1) / grain));
    const isSold = (slot: number) =>
      stackAt(all, pools[pool] ?? "", slot, gate).stack.some((step) => step.one === own && step.sold > 0);
    for (let unit = 0; unit < Math.min(problem.T, 40); unit++) {
      const slots = Array.from({ length: grain }, (_, n) => gate.from + unit * grain + n);
      expect(sold.includes(unit), `${of} in ${slots}`).toBe(slots.every(isSold));
    }
  }
}

/** Before a gate closes, no more is sold of a pool than remains where cards of it were taken back. */
function checkReclaimed(all: Count, { gate }: HeldAuction): void {
  const taken = takenBy(all.taken);
  for (const [cell, amount] of taken) {
    const [of = "", at = ""] = cell.split("@");
    const slot = Number(at);
    const here = ({ center, product }: { center: string; product: string }) => `${center}/${product}` === of;
    if (slot <= gate.gate || !all.reclaims.some((one) => here(one) && one.from <= slot)) continue;
    const offers = all.ever.filter(
      (one) => here(one) && one.from <= slot && slot < one.to && stands(one, slot, gate),
    );
    const remain = sum(offers.flatMap((one) => cardsOf(all, one, slot).map(({ cards }) => cards)));
    expect(amount, cell).toBeLessThanOrEqual(remain);
  }
}

function takenBy(taken: Count["taken"]): Map<string, number> {
  const cells = new Map<string, number>();
  for (const { of, slot, amount } of taken)
    cells.set(`${of}@${slot}`, (cells.get(`${of}@${slot}`) ?? 0) + amount);
  return cells;
}

/** On sale is what may be sold and nobody has: to the card in a slot, and no more than that in an hour of slots. */
function checkOnSale(all: Count, { problem, pools, gate }: HeldAuction): void {
  const grain = gate.session === "spot" ? 1 : 10;
  pools.forEach((of, pool) => {
    for (let unit = 0; unit < Math.min(problem.T, 40); unit++) {
      const fitting = problem.offers.filter((one) => one.pool === pool && one.from <= unit && unit < one.to);
      const onSale = sum(fitting.map(({ q }) => q));
      const slots = Array.from({ length: grain }, (_, i) => gate.from + unit * grain + i);
      const free = slots.map((slot) => freeAt(all, of, slot, gate));
      if (grain === 1) expect(onSale, `${of} in ${slots}`).toBe(free[0]);
      else expect(onSale, `${of} in ${slots}`).toBeLessThanOrEqual(Math.min(...free));
    }
  });
}

/** Neither what an auction sold nor what is in force is more than there is. */
function checkSold(all: Count, auction: HeldAuction): void {
  const taken = takenBy(all.taken);
  const fresh = all.taken.filter(({ award }) => award.endsWith(`.${auction.n}`));
  for (const [cell, amount] of taken) {
    const [of = "", slot = ""] = cell.split("@");
    if (!of.includes("~")) expect(amount, cell).toBeLessThanOrEqual(everOffered(all, of, Number(slot)));
  }
  for (const { of, slot } of fresh) {
    const most = of.includes("~") ? (all.gbps.get(of) ?? 0) * 360 : sellable(all, of, slot, auction.gate);
    expect(taken.get(`${of}@${slot}`), `${of}@${slot}`).toBeLessThanOrEqual(most);
  }
}

function checkNeverOversold(history: History): void {
  const all: Count = {
    pools: new Map(),
    open: new Map(),
    ever: [],
    draws: [],
    reclaims: [],
    specs: new Map(),
    working: new Map(),
    lost: new Set(),
    suspended: new Set(),
    gbps: new Map(),
    taken: [],
    runs: new Map(),
  };
  for (const step of stepsOf(history)) {
    if ("page" in step) {
      for (const { events } of step.page) for (const event of events) count(all, event);
      continue;
    }
    checkReclaimed(all, step.auction);
    checkOnSale(all, step.auction);
    checkRuns(all, step.auction);
    for (const { award } of step.auction.awards) countAward(all, award);
    checkSold(all, step.auction);
  }
}

/** What a child must know of its parent, told by the feed alone. */
interface Known {
  /** The award in force, and its end. */
  readonly leases: Map<string, { readonly run: string; readonly to: number }>;
  /** End of those that completed; undefined of those that ended otherwise. */
  readonly ends: Map<string, number | undefined>;
}

function learn({ leases, ends }: Known, { type, data }: DomainEvent): void {
  switch (type) {
    // Whoever asks for a child may know of its parent's end before the feed does.
    case "JobRequested":
      if (data.spec.parent !== undefined && data.parentEnd !== undefined)
        ends.set(data.spec.parent, data.parentEnd);
      return;
    case "JobCompleted":
      ends.set(data.job, data.slot);
      return;
    case "JobFailed":
    case "JobCancelled":
    case "JobRejected":
    case "JobExpired":
      ends.set(data.job, undefined);
      return;
    case "JobDisplaced":
      if (leases.get(data.job)?.run === data.placement) leases.delete(data.job);
      return;
  }
}

/** Each award of a child, other than a continuation, begins when its parent has an end that stands; gives their number. */
function checkChildren(history: History): number {
  const known: Known = { leases: new Map(), ends: new Map() };
  const specs = new Map(history.jobs.map(({ request }) => [request.job, request.spec]));
  const awarded = new Set<string>();
  let children = 0;
  for (const step of stepsOf(history)) {
    if ("page" in step) {
      for (const { events } of step.page) for (const event of events) learn(known, event);
      continue;
    }
    const { awards } = step.auction;
    for (const { award } of awards) {
      const run = award.continues ? (known.leases.get(award.job)?.run ?? "none") : award.placement;
      known.leases.set(award.job, { run, to: award.to });
    }
    for (const { award } of awards.filter((one) => !one.award.continues)) {
      const parent = specs.get(award.job)?.parent;
      if (parent === undefined) continue;
      children += 1;
      if (known.ends.has(parent)) {
        const end = known.ends.get(parent);
        // One that did not complete lets go only of those that had been awarded before.
        if (end === undefined) expect(awarded, award.placement).toContain(award.job);
        else expect(award.from, award.placement).toBeGreaterThanOrEqual(end);
        continue;
      }
      expect(specs.get(parent)?.extendLimit, award.placement).toBeUndefined();
      expect(known.leases.has(parent), award.placement).toBe(true);
      expect(award.from, award.placement).toBeGreaterThanOrEqual(known.leases.get(parent)?.to ?? Infinity);
    }
    for (const { award } of awards) awarded.add(award.job);
  }
  return children;
}

/** Jobs that were ever awarded, by owner and group. */
function awardedOfGroups({ jobs, auctions }: History): Map<string, Set<string>> {
  const requests = new Map(jobs.map(({ request }) => [request.job, request]));
  const winners = new Map<string, Set<string>>();
  for (const { award } of auctions.flatMap((auction) => auction.awards)) {
    const request = requests.get(award.job);
    if (request?.spec.group === undefined) continue;
    const group = `${request.owner} ${request.spec.group}`;
    winners.set(group, (winners.get(group) ?? new Set()).add(award.job));
  }
  return winners;
}

describe("whatever happens in a market", () => {
  test("of a group of jobs at most one is ever awarded", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const [group, jobs] of awardedOfGroups(live(plan))) expect(jobs.size, group).toBe(1);
      }),
      { numRuns: RUNS },
    );
  });

  test("a child is awarded with its parent or after it, and starts no earlier than its parent ends", () => {
    fc.assert(
      fc.property(plans, (plan) => void checkChildren(live(plan))),
      { numRuns: RUNS },
    );
  });

  test("nothing is sold twice, and what nobody has is on sale", () => {
    fc.assert(
      fc.property(plans, (plan) => checkNeverOversold(live(plan))),
      { numRuns: RUNS },
    );
  });

  test("each gate is a problem that can be cleared, by the rules, within the holds", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const { problem, result, events, awards } of live(plan).auctions) {
          expect(validateBook(problem)).toEqual([]);
          if (result !== undefined) expect(checkClearing(problem, result)).toEqual([]);
          for (const event of events) expect(parseEvent(event.type, event.data)).toEqual(event);
          for (const { award, hold } of awards) {
            const due = award.links.map(({ charge, transfer }) => BigInt(charge) + BigInt(transfer));
            const most = due.reduce((total, amount) => total + amount, BigInt(award.value));
            expect(most, award.placement).toBeLessThanOrEqual(BigInt(hold));
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("a service has from its floor to its ceiling in every slot of its award, in one pool", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { auctions, jobs } = live(plan);
        const specs = new Map(jobs.map(({ request }) => [request.job, request.spec]));
        for (const { award } of auctions.flatMap((one) => one.awards)) {
          const spec = specs.get(award.job);
          if (spec?.kind !== "service") continue;
          expect(new Set(award.fills.map(({ center, product }) => `${center}/${product}`)).size).toBe(1);
          for (let slot = award.from; slot < award.to; slot++) {
            const own = award.fills.filter(({ from, to }) => from <= slot && slot < to);
            const cards = sum(own.map((fill) => fill.cards));
            expect(cards).toBeGreaterThanOrEqual(spec.floor ?? Number.NaN);
            expect(cards).toBeLessThanOrEqual(spec.cards);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("links are held for all of a job's data, in the slots before its start that it asked for", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { auctions, jobs } = live(plan);
        const specs = new Map(jobs.map(({ request }) => [request.job, request.spec]));
        for (const { award } of auctions.flatMap((one) => one.awards)) {
          const { dataGB = 0, stageSlots = 0, home } = specs.get(award.job) ?? {};
          const away = award.fills.some(({ center }) => center !== home);
          if (award.continues || stageSlots === 0 || !away) continue;
          const staged = award.links.filter(({ to }) => to <= award.from);
          expect(staged.length).toBeGreaterThan(0);
          for (const { from, to, gigabits } of staged) {
            expect([from, to]).toEqual([award.from - stageSlots, award.from]);
            expect(gigabits * stageSlots).toBeGreaterThanOrEqual(dataGB * 8);
            expect((gigabits - 1) * stageSlots).toBeLessThan(dataGB * 8);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("no funds stay held for a job that has ended", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        expect(live(plan).stuck).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

const placementOf = ({ id, from, end }: Pick<Placement, "id" | "from" | "end">) => ({ id, from, end });

const over: readonly JobPhase[] = ["rejected", "completed", "failed", "cancelled", "expired"];

describe("a book", () => {
  test("knows of each job what the job's own stream tells of its time", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { book, jobs } = live(plan);
        for (const job of jobs.filter(({ phase }) => !over.includes(phase))) {
          const { usedBefore, awardedSlots, window } = job;
          const known = book.jobs.get(job.request.job);
          expect(known).toMatchObject({ usedBefore, awardedSlots });
          // A continuation that reaches a displaced job late makes its next stretch longer than its window knew; a service
          // is still sold what it lost of that, where the job saw nothing left and waits for a stretch of its own.
          if (job.request.spec.kind === "service")
            expect(known?.window.from).toBeLessThanOrEqual(window.from);
          else {
            expect(known?.window.from).toBe(window.from);
            expect(known?.window.to).toBeGreaterThanOrEqual(window.to);
          }
          const own = inForce(job);
          expect(known?.lease && placementOf(known.lease)).toEqual(own && placementOf(own));
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("is the same however the feed interleaves its streams", () => {
    fc.assert(
      fc.property(plans, numbers, (plan, order) => {
        const history = live(plan);
        const { seen } = followAll(stepsOf(history));
        expect(seen.map(({ problem, bidders }) => ({ problem, bidders }))).toEqual(
          history.auctions.map(({ problem, bidders }) => ({ problem, bidders })),
        );
        const other = reordered(history, picker(order));
        expect(followAll(stepsOf(other)).seen).toEqual(seen);
      }),
      { numRuns: RUNS },
    );
  });

  test("that is interrupted, comes back from a snapshot and follows on is the same", () => {
    fc.assert(
      fc.property(plans, fc.noShrink(fc.array(fc.nat(9), { maxLength: 150 })), (plan, moments) => {
        const history = live(plan);
        const steps = stepsOf(history);
        const straight = followAll(steps);
        expect(straight.book).toEqual(history.book);
        let book = initialBook();
        let kept = { text: snapshotOf(book), step: 0 };
        const left = [...moments];
        const seen = new Map<number, ReturnType<typeof follow>>();
        for (let step = 0; step < steps.length; ) {
          const moment = left.shift();
          if (moment === 0) {
            // Another process begins with what the last one kept.
            book = bookFromSnapshot(kept.text);
            step = kept.step;
          }
          if (moment === 1 || moment === 2) {
            kept = { text: snapshotOf(book), step };
            const back = bookFromSnapshot(kept.text);
            expect(back).toEqual(book);
            book = back;
          }
          const next = steps[step];
          if (next !== undefined) seen.set(step, follow(book, next));
          step += 1;
        }
        expect(book).toEqual(straight.book);
        const answers = [...seen].sort(([a], [b]) => a - b).flatMap(([, answer]) => answer ?? []);
        expect(answers).toEqual(straight.seen);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("the histories", () => {
  // Enough of them for each kind of happening to meet the others.
  const sample = fc.sample(plans, { seed: 5, numRuns: 3 * RUNS }).map(live);
  const awards = sample.flatMap(({ auctions }) => auctions.flatMap((one) => one.awards));
  const number = (is: (award: Award) => boolean) => awards.filter(({ award }) => is(award)).length;

  test("reach every event that the book follows", () => {
    const counts = (type: string) => sum(sample.map((history) => history.counts.get(type) ?? 0));
    const followed = [
      ...[
        "CapacityOffered",
        "ReserveDrawn",
        "CapacityReclaimed",
        "JobReclaimed",
        "OfferWithdrawn",
        "OfferExpired",
        "CapacitySensed",
        "CenterLost",
        "CenterSuspended",
        "CenterReinstated",
      ],
      ...["CenterReturned", "LinksDeclared", "FundsHeld", "HoldRefused", "HoldReleased", "JobRejected"],
      ...["JobPlaced", "JobContinued", "JobMetered", "JobReduced", "JobCompleted", "JobFailed"],
      ...["JobDisplaced", "JobCancelled", "JobExpired"],
    ];
    expect(followed.filter((type) => counts(type) < 3)).toEqual([]);
  });

  test("have awards, continuations, forward awards, split gangs and lines in plenty, and void auctions", () => {
    expect(awards.length).toBeGreaterThan(300);
    expect(number(({ continues }) => continues)).toBeGreaterThan(50);
    expect(number(({ session }) => session === "forward")).toBeGreaterThan(30);
    expect(number(({ links }) => links.length > 0)).toBeGreaterThan(20);
    expect(number(({ fills }) => new Set(fills.map(({ center }) => center)).size > 1)).toBeGreaterThan(20);
    const kinds = new Map(sample.flatMap(({ jobs }) => jobs.map((job) => [job, job.request.spec] as const)));
    const services = [...kinds].filter(([job, { kind }]) => kind === "service" && job.balances.length > 0);
    expect(services.length).toBeGreaterThan(20);
    const varied = services.filter(([job]) =>
      job.balances.some(({ award }) => new Set(award.fills.map((fill) => fill.cards)).size > 1),
    );
    expect(varied.length).toBeGreaterThan(3);
    expect(number(({ links, from }) => links.some((use) => use.to <= from))).toBeGreaterThan(5);
    const auctions = sample.flatMap((history) => history.auctions);
    expect(auctions.some(({ events }) => events.some(({ type }) => type === "AuctionVoided"))).toBe(true);
    expect(auctions.some(({ gate }) => gate.reruns !== undefined)).toBe(true);
  });

  test("have groups that were decided, children with their parents and behind them, and lengths of their own", () => {
    const groups = sample.flatMap((history) => [...awardedOfGroups(history).keys()]);
    expect(groups.length).toBeGreaterThan(20);
    expect(sum(sample.map(checkChildren))).toBeGreaterThan(20);
    const jobs = sample.flatMap((history) => history.jobs);
    const left = jobs.filter(({ phase, reason = "" }) => phase === "expired" && reason !== "");
    expect(left.some(({ reason }) => reason?.includes("of its group"))).toBe(true);
    expect(left.some(({ reason }) => reason?.includes("did not complete"))).toBe(true);
    const together = sample.flatMap(({ auctions }) =>
      auctions.filter(({ problem, result }) =>
        result?.accepted.some(({ b }) => problem.bids[b]?.parent !== undefined),
      ),
    );
    expect(together.length).toBeGreaterThan(3);
    const own = awards.filter(({ award }) => {
      const spec = jobs.find(({ request }) => request.job === award.job)?.request.spec;
      return spec?.products.some(
        ({ product, slots }) => slots !== undefined && award.fills[0]?.product === product,
      );
    });
    expect(own.length).toBeGreaterThan(3);
  });

  test("can be interleaved in another way", () => {
    const pick = picker([3, 1, 4, 1, 5, 9, 2, 6]);
    const changed = sample.filter(
      (history) =>
        JSON.stringify(reordered(history, pick).pages.flat()) !== JSON.stringify(history.pages.flat()),
    );
    expect(changed.length).toBeGreaterThan(sample.length / 2);
  });
});
