import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Award, Fill } from "../../events/catalog/award.ts";
import { ChargeLine, type JobEvent } from "../../events/catalog/job.ts";
import { type CenterId, type PlacementId, ProductId } from "../../events/catalog/values.ts";
import { carryOutSteps } from "../../test/given-when-then.ts";
import { awardOf, fill, linkUse, mills as millsOf, request, wuhan, xian } from "../../test/training-job.ts";
import { jobDecider } from "../job.ts";
import type { JobKind } from "../job-kinds.ts";
import { mills, millsText } from "../money.ts";
import { awardLengths } from "../stretch.ts";
import { instant, periodOf, slotOf, slotStart } from "../time.ts";
import type { JobCommand } from "./commands.ts";
import { inForce, type JobState, type KnownJob } from "./state.ts";

type Kind = JobKind;
type ChargePosted = Extract<JobEvent, { type: "ChargePosted" }>["data"];

const acts = [
  "admit",
  "reject",
  "place",
  "continue",
  "accept",
  "refuse",
  "start",
  "meter",
  "finish",
  "cancel",
  "displace",
  "reclaim",
  "stretchEnded",
  "expire",
  "closeDay",
  "chargeRelease",
  "correct",
] as const;

/** One choice of a life: what is tried, how much later (s), and which of what there is. */
interface Choice {
  readonly act: (typeof acts)[number];
  readonly later: number;
  readonly pick: number;
}

/** Mostly what leads on, sometimes what does not. */
const choice: fc.Arbitrary<Choice> = fc.record({
  act: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...acts) },
    { weight: 1, arbitrary: fc.constant("finish" as const) },
    {
      weight: 8,
      arbitrary: fc.constantFrom("place", "accept", "start", "meter", "continue", "stretchEnded" as const),
    },
  ),
  later: fc.oneof(fc.constantFrom(0, 1, 60), fc.integer({ min: 0, max: 1500 })),
  pick: fc.nat(11),
});

/** Most lives begin as most jobs do: awarded, accepted and started at each center. */
const beginning: readonly Choice[] = [
  { act: "admit", later: 1, pick: 1 },
  { act: "place", later: 1, pick: 1 },
  { act: "accept", later: 1, pick: 2 },
  { act: "accept", later: 1, pick: 1 },
  { act: "start", later: 400, pick: 2 },
  { act: "start", later: 1, pick: 1 },
];

const life = fc.record({
  kind: fc.constantFrom<Kind>("block", "split", "div", "service"),
  staged: fc.boolean(),
  retries: fc.nat(2),
  extends: fc.boolean(),
  taxRate: fc.constantFrom(0, 0, 1, 600, 9_999),
  choices: fc
    .tuple(fc.nat(beginning.length), fc.array(choice, { maxLength: 40 }))
    .map(([length, rest]) => [...beginning.slice(0, length), ...rest]),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

/** Slot in which the next days' close falls among the job's slots, so that lives cross it. */
const firstSlot = 4_909_438;

function requestOf({ kind, retries, staged, taxRate, extends: goesOn }: Life) {
  const split = kind === "split" ? { split: { chunk: 4, bandwidthGbps: 10, syncLatencyMs: 20 } } : {};
  const limit = goesOn ? { extendLimit: 240 } : {};
  const shape = kind === "service" ? { floor: 4, to: firstSlot + 10 } : { to: firstSlot + 60 };
  const data =
    staged && kind !== "div" ? { dataGB: 9, ...(kind === "service" ? {} : { stageSlots: 2 }) } : {};
  const times = { from: firstSlot, maxSlots: 40, ...shape };
  return {
    ...request({ kind, retries, reclaimable: true, ...times, ...split, ...limit, ...data }),
    taxRate,
    at: slotStart(firstSlot - 2),
  };
}

/** Commands of a life: each follows from a choice and from what has become of the job. */
function stepsOf(drawn: Life): ((state: JobState) => JobCommand)[] {
  let now = slotStart(firstSlot - 2);
  let auction = 0;
  const asked = requestOf(drawn);
  const steps = drawn.choices.map((chosen) => (state: JobState): JobCommand => {
    if (state.phase === "unknown") return asked;
    now += chosen.later * 1000;
    auction += 1;
    return commandOf(chosen, state, drawn.kind, auction, now);
  });
  return [() => asked, ...steps];
}

function commandOf(
  { act, pick }: Choice,
  job: KnownJob,
  kind: Kind,
  auction: number,
  at: number,
): JobCommand {
  const last = job.placements.at(-1);
  const placement = (job.placements[pick % 3] ?? last)?.id ?? awardOf(1).placement;
  const center = pick % 2 === 0 ? xian : wuhan;
  const run = Math.max(1, (last?.run ?? 0) + (pick % 3 === 0 ? 1 : 0));
  switch (act) {
    case "admit":
      return { type: "Admit", hold: job.request.hold, at };
    case "reject":
      // Seldom, or no life would begin.
      return pick === 0
        ? { type: "Reject", reason: "no funds", at }
        : { type: "Admit", hold: job.request.hold, at };
    case "place":
      return job.phase === "requested"
        ? { type: "Admit", hold: job.request.hold, at }
        : placeNext(job, kind, auction, pick, at);
    case "continue":
      return continueNext(job, kind, auction, pick, at);
    case "accept":
      return { type: "Accept", placement: last?.id ?? placement, center, at };
    case "refuse":
      return { type: "Refuse", placement, center, at };
    case "start":
      return { type: "Start", placement: last?.id ?? placement, center, run, at };
    case "meter":
      return meterNext(job, placement, center, pick, at);
    case "finish": {
      const outcome =
        (["completed", "failed", "notStartable", "completed"] as const)[pick % 4] ?? "completed";
      return { type: "Finish", placement, center, run: Math.max(1, last?.run ?? 1), outcome, at };
    }
    case "cancel":
      return { type: "Cancel", at };
    case "displace": {
      const cause = (["notAccepted", "notStarted", "centerLost"] as const)[pick % 3] ?? "centerLost";
      return { type: "Displace", placement, cause, center, at };
    }
    case "reclaim": {
      const slot = slotOf(at) - 1 + pick;
      return { type: "Reclaim", placement: last?.id ?? placement, center, slot, at };
    }
    case "stretchEnded":
      return { type: "StretchEnded", placement: last?.id ?? placement, at };
    case "expire":
      return { type: "Expire", slot: slotOf(at) + pick * 10, at };
    case "closeDay":
      return { type: "CloseDay", period: periodOf(slotOf(at) - 1), at };
    case "chargeRelease":
      return release(job, pick, slotOf(at), at);
    case "correct":
      return correctOne(job, pick, auction, at);
    default:
      return act satisfies never;
  }
}

function fillsOf(kind: Kind, from: number, slots: number, pick: number): Fill[] {
  const price = 100 + pick;
  const to = from + slots;
  if (kind === "block") return [fill({ from, to, price, cards: 8 })];
  if (kind === "service") {
    const more = from + Math.ceil(slots / 2);
    const floor = fill({ from, to: more, price, cards: 4 });
    return more < to ? [floor, fill({ from: more, to, price: price + 3, cards: 4 + (pick % 5) })] : [floor];
  }
  const other = fill({ center: wuhan, from, to, price: price + 7, cards: 4 });
  const own = fill({ from, to, price, cards: 4 });
  return kind === "split" || pick % 2 === 0
    ? [own, other]
    : [{ ...own, to: from + Math.ceil(slots / 2) }, other];
}

/** What an award costs at most: its own value, its links, something above both but seldom, and the tax on all of it. */
function holdFor(
  { request: { taxRate = 0 } }: KnownJob,
  fills: readonly Fill[],
  links: number,
  pick: number,
) {
  const value = fills.reduce((sum, { cards, price, from, to }) => sum + cards * price * (to - from), 0);
  const net = value + links + pick * 100;
  return millsOf(net + Math.ceil((net * taxRate) / 10_000));
}

function placeNext(job: KnownJob, kind: Kind, auction: number, pick: number, at: number): JobCommand {
  const stage = job.request.spec.stageSlots ?? 0;
  const from = slotOf(at) + stage + (pick % 3) - (pick === 11 ? 2 : 0);
  const fills = fillsOf(kind, from, Math.max(1, awardLengths(job.request.spec, job).longest), pick);
  const to = Math.max(...fills.map((one) => one.to));
  const sync = kind === "split" ? [linkUse({ from, to, charge: millsOf(997), transfer: millsOf(0) })] : [];
  const moved = { charge: millsOf(997), transfer: millsOf(40) };
  const staged = stage > 0 ? [linkUse({ from: from - stage, to: from, ...moved })] : [];
  const links = [...staged, ...sync];
  const stretch = job.balances.length + 1;
  const award = awardOf(auction, fills, { stretch, links });
  return { type: "Place", award, hold: holdFor(job, fills, links.length * 1037, pick), at };
}

function continueNext(job: KnownJob, kind: Kind, auction: number, pick: number, at: number): JobCommand {
  const from = job.placements.at(-1)?.end ?? slotOf(at);
  const fills = fillsOf(kind === "div" ? "block" : kind, from, 10, pick);
  const award = awardOf(auction, fills, { stretch: job.balances.length + 1, continues: true });
  return { type: "Continue", award, hold: holdFor(job, fills, 0, pick), at };
}

function meterNext(
  job: KnownJob,
  placement: PlacementId,
  center: CenterId,
  pick: number,
  at: number,
): JobCommand {
  const found = job.placements.find(({ id }) => id === placement);
  const run = Math.max(1, found?.run ?? 1);
  const from = found?.meteredTo.get(`${run}/${center}`) ?? instant(at - 360_000);
  const usage = { center, from, to: instant(at), cardSeconds: pick * 300 };
  const checkpoint = pick % 2 === 0 ? { checkpointAt: instant(at - pick * 60_000) } : {};
  // Seldom fewer than awarded, or most lives would end there.
  const fewest = pick % 4 === 3 ? { cards: pick % 5 } : {};
  return { type: "Meter", placement, center, run, usage, ...fewest, ...checkpoint, at };
}

/** Finance gives back some of a charge's line, or all of it and more. */
function correctOne(job: KnownJob, pick: number, auction: number, at: number): JobCommand {
  const charges = job.balances.flatMap(({ charges: own }) => [...own]);
  const [charge, charged] = charges[pick % Math.max(1, charges.length)] ?? ["none", undefined];
  const moved = [...(charged?.moved ?? [])];
  const [key, amount] = moved[pick % Math.max(1, moved.length)] ?? ["compute tenant:lab center:xian", 7n];
  const [kind = "compute", to = "", from = ""] = key.split(" ");
  const back = millsText((amount * BigInt(pick % 5)) / 3n + 1n);
  const line = ChargeLine.parse({ kind, row: 3, from, to, mills: back });
  const cause = pick % 2 === 0 ? "resolution" : "uncollectible";
  return { type: "Correct", id: `c-${auction}`, charge, cause, lines: [line], at };
}

/** What was given back is followed slot by slot; a card more or less was bought again. */
function release(job: KnownJob, pick: number, before: number, at: number): JobCommand {
  const balance = job.balances[pick % Math.max(1, job.balances.length)];
  const placement = balance?.award.placement ?? awardOf(1).placement;
  const resold = (balance?.award.fills ?? []).flatMap((own) =>
    Array.from({ length: own.to - own.from }, (_, index) => ({
      center: own.center,
      product: ProductId.parse(own.product),
      slot: own.from + index,
      cards: pick % 9,
    })),
  );
  const notOnSale = pick % 3 === 0 ? [before - pick, before - 1] : [];
  return { type: "ChargeRelease", placement, before, waiver: { resold, notOnSale }, at };
}

const chargesOf = (events: readonly JobEvent[]): ChargePosted[] =>
  events.flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []));

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

function netOf({ lines, account }: ChargePosted): bigint {
  const tenant = `tenant:${account}`;
  return sum(
    lines.map(({ from, to, mills: amount }) => {
      if (from === tenant) return mills(amount);
      return to === tenant ? -mills(amount) : 0n;
    }),
  );
}

function checkMoney(events: readonly JobEvent[], state: JobState): void {
  const charges = chargesOf(events);
  expect(new Set(charges.map(({ charge }) => charge)).size).toBe(charges.length);
  for (const posted of charges) {
    expect(netOf(posted)).toBe(mills(posted.tenantPays));
    expect(mills(posted.releases) >= 0n).toBe(true);
    for (const line of posted.lines) expect(mills(line.mills) > 0n).toBe(true);
  }
  if (state.phase === "unknown") return;
  for (const { award, hold, final } of state.balances) {
    const own = charges.filter(({ placement }) => placement === award.placement);
    const used = sum(own.flatMap(({ tenantPays, releases }) => [mills(tenantPays), mills(releases)]));
    expect(used <= hold).toBe(true);
    // Only the last charge is final, and then nothing is held any more.
    expect(own.map((posted) => posted.final)).toEqual(
      own.map((_, index) => final && index === own.length - 1),
    );
    if (final) expect(used).toBe(hold);
    for (const { center } of award.fills) checkSlots(own, center, award.fills);
    checkLinks(own, award.links);
    checkTax(own, state.request.taxRate ?? 0);
  }
  checkGivenBack(events, state);
}

type Line = ChargePosted["lines"][number];

/** What went from one to the other in lines of some kinds, less what came back. */
function netBetween(
  lines: readonly Line[],
  kinds: readonly string[],
  from: (party: string) => boolean,
): bigint {
  const own = lines.filter(({ kind }) => kinds.includes(kind));
  return sum(own.map((line) => (from(line.from) ? mills(line.mills) : -mills(line.mills))));
}

/** No more comes back than was paid: of a charge, by kind, and of a run; penalties stay within what an award is worth. */
function checkGivenBack(events: readonly JobEvent[], state: KnownJob): void {
  const corrections = events.flatMap((event) => (event.type === "CorrectionPosted" ? [event.data] : []));
  expect(new Set(corrections.map(({ correction }) => correction)).size).toBe(corrections.length);
  const linesOf = (charge: ChargePosted) => [
    ...charge.lines,
    ...corrections.filter(({ corrects }) => corrects === charge.charge).flatMap(({ lines }) => lines),
  ];
  const isTenant = (party: string) => party.startsWith("tenant:");
  const charges = chargesOf(events);
  for (const charge of charges)
    for (const center of [xian, wuhan]) {
      const own = linesOf(charge).filter(({ from, to }) => [from, to].includes(`center:${center}`));
      expect(netBetween(own, ["compute"], isTenant) >= 0n).toBe(true);
    }
  for (const { id, ended } of state.placements) {
    // While a divisible job goes on, a credit may come before the charge.
    if (ended === undefined) continue;
    const own = charges.filter(({ placement }) => state.placementOf.get(placement) === id).flatMap(linesOf);
    const paid = netBetween(own, ["compute", "link", "rent"], isTenant);
    const credited = netBetween(own, ["credit"], (party) => !isTenant(party));
    expect(credited <= paid).toBe(true);
  }
  for (const { award } of state.balances) {
    const own = charges.filter(({ placement }) => placement === award.placement).flatMap(linesOf);
    // Between two centers of a gang the first to pay is the one at fault.
    const penalties = netBetween(own, ["penalty"], (party) => !isTenant(party));
    expect(penalties <= mills(award.value)).toBe(true);
  }
}

/** Taxes on an award add up to the tax on all that was paid for, less what was given back; penalties bear none. */
function checkTax(charges: readonly ChargePosted[], rate: number): void {
  const paid = (isTax: boolean) =>
    sum(
      charges.map((posted) =>
        netOf({
          ...posted,
          lines: posted.lines.filter(({ kind }) => kind !== "penalty" && (kind === "tax") === isTax),
        }),
      ),
    );
  expect(paid(true)).toBe((paid(false) * BigInt(rate)) / 10_000n);
}

/** No card and slot of a center is charged twice. */
function checkSlots(charges: readonly ChargePosted[], center: CenterId, fills: readonly Fill[]): void {
  const lines = charges.flatMap(({ lines: all }) => all).filter((line) => line.center === center);
  const paid = sum(lines.filter(({ kind }) => kind === "compute").map((line) => mills(line.mills)));
  const own = fills.filter((one) => one.center === center);
  const worth = own.reduce((total, { cards, price, from, to }) => total + cards * price * (to - from), 0);
  expect(paid <= BigInt(worth)).toBe(true);
}

/** Links and the moving of data are paid once, in however many charges. */
function checkLinks(charges: readonly ChargePosted[], links: Award["links"]): void {
  const lines = charges.flatMap(({ lines: all }) => all);
  const paidFor = (...kinds: string[]) =>
    sum(lines.filter(({ kind }) => kinds.includes(kind)).map((line) => mills(line.mills)));
  expect(paidFor("link", "rent") <= sum(links.map(({ charge }) => mills(charge)))).toBe(true);
  expect(paidFor("transfer") <= sum(links.map(({ transfer }) => mills(transfer)))).toBe(true);
}

/** No center of a divisible job is paid for cards that it never said were ready, nor gives back what it was not paid. */
function checkReady(events: readonly JobEvent[], state: JobState): void {
  if (state.phase === "unknown" || state.request.spec.kind !== "div") return;
  const said = new Set<string>();
  for (const event of events) {
    if (event.type === "JobAccepted") said.add(`${event.data.placement} ${event.data.center}`);
    // One that meters what it runs has said so, too.
    if (event.type === "JobMetered") said.add(`${event.data.placement} ${event.data.usage.center}`);
    if (event.type !== "ChargePosted") continue;
    const placement = state.placementOf.get(event.data.placement);
    for (const { kind, center } of event.data.lines)
      if (kind === "compute" || kind === "credit") expect(said).toContain(`${placement} ${center}`);
  }
}

function checkPath(events: readonly JobEvent[]): void {
  const first = (type: JobEvent["type"]) => events.findIndex((event) => event.type === type);
  const completed = first("JobCompleted");
  if (completed >= 0) {
    expect(first("JobPlaced")).toBeGreaterThanOrEqual(0);
    expect(first("JobStarted")).toBeGreaterThan(first("JobPlaced"));
    expect(completed).toBeGreaterThan(first("JobStarted"));
  }
  const ends = events.filter(
    ({ type }) => type === "JobCompleted" || type === "JobFailed" || type === "JobRejected",
  );
  expect(ends.length).toBeLessThanOrEqual(1);
}

function checkPhase(state: JobState): void {
  if (state.phase === "unknown") return;
  const active = state.phase === "reserved" || state.phase === "accepted" || state.phase === "running";
  expect(inForce(state) !== undefined).toBe(active);
}

describe("any life of a job", () => {
  test("is of the catalog, is not changed by repeats, and leads to completed over placed and started", () => {
    const reached = new Map<string, number>();
    fc.assert(
      fc.property(life, (drawn) => {
        const { events } = carryOutSteps(jobDecider, stepsOf(drawn), checkPhase);
        checkPath(events);
        for (const { type } of events) reached.set(type, (reached.get(type) ?? 0) + 1);
      }),
      { numRuns: 4000, seed: 3 },
    );
    // A property over lives that never get anywhere would hold of anything.
    for (const type of [
      "JobContinued",
      "JobReduced",
      "JobReclaimed",
      "JobDisplaced",
      "JobCompleted",
      "JobFailed",
      "JobExpired",
      "CorrectionPosted",
    ])
      expect(reached.get(type) ?? 0, type).toBeGreaterThan(10);
  });

  test("is charged within its holds, each slot once, and what a charge says adds up", () => {
    fc.assert(
      fc.property(life, (drawn) => {
        const { events, state } = carryOutSteps(jobDecider, stepsOf(drawn));
        checkMoney(events, state);
        checkReady(events, state);
      }),
      { numRuns: 4000 },
    );
  });

  test("ends with nothing held, once it is over and what it released is settled", () => {
    fc.assert(
      fc.property(life, (drawn) => {
        const late = slotStart(firstSlot + 1000);
        const { events, state } = carryOutSteps(jobDecider, [
          ...stepsOf(drawn),
          () => ({ type: "Cancel", at: late }),
          ...Array.from(
            { length: 12 },
            (_, index) =>
              (now: JobState): JobCommand =>
                now.phase === "unknown"
                  ? { type: "Cancel", at: late }
                  : release(now, index, firstSlot + 10_000, late),
          ),
        ]);
        checkMoney(events, state);
        if (state.phase === "unknown" || state.balances.length > 12) return;
        expect(state.balances.filter(({ final }) => !final)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});
