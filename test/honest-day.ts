import { expect } from "vitest";
import { z } from "zod";
import type { RawPage } from "../bench/audit/feed.ts";
import type { PlacementId } from "../events/catalog/values.ts";
import { operations } from "../functions/contract/operations.ts";
import { instant, periodOf, periodStart, SLOTS_PER_DAY, slotStart } from "../market/time.ts";
import { closeDays as closeAll } from "./close-days.ts";
import {
  acme,
  alpha,
  beta,
  bolt,
  finance,
  type InMemoryExchange,
  type Member,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  openCenter,
  product,
  startExchange,
  succeeds,
} from "./exchange-in-memory.ts";

const At = z.looseObject({ period: z.string().optional() });
const Page = z.object({ auction: z.int(), page: z.int(), pages: z.int() });

/** Awards of the honest day, by what becomes of them. */
export interface Day {
  readonly pages: readonly RawPage[];
  readonly placements: Readonly<Record<Name, PlacementId>>;
}

type Name =
  | "early"
  | "wide"
  | "lone"
  | "resold"
  | "dropped"
  | "quit"
  | "unready"
  | "refused"
  | "late"
  | "night"
  | "longer"
  | "taxed";

/** Every day that is over: one deposit is the last page's, another comes before the feed brings the cut: the next day's. */
async function closeDays(exchange: InMemoryExchange): Promise<void> {
  const cutPeriods = new Set<string>();
  await closeAll(exchange, async (name, input) => {
    const { period } = At.parse(input);
    if (name === "cut-off" && period !== undefined && !cutPeriods.has(period)) {
      cutPeriods.add(period);
      await exchange.pump();
      await deposit(exchange);
      await exchange.pump();
      await deposit(exchange);
    }
    return exchange.invoke(name, input);
  });
}

export async function deposit(exchange: InMemoryExchange): Promise<void> {
  const params = { account: bolt.owner };
  await succeeds(exchange.call(operations.depositFunds, finance, { params, body: { mills: "1" } }));
}

/** Of bolt's account, for the jobs that it asks for from now on. */
async function setTaxRate(exchange: InMemoryExchange, taxRate: number): Promise<void> {
  const params = { account: bolt.owner };
  await succeeds(exchange.call(operations.setTaxRate, finance, { params, body: { taxRate } }));
}

async function readPages(exchange: InMemoryExchange): Promise<RawPage[]> {
  const pages: RawPage[] = [];
  for (;;) {
    const query = { after: pages.length, limit: 16 };
    const answer = await succeeds(exchange.call(operations.readFeed, finance, { query }));
    if (answer.pages.length === 0) return pages;
    pages.push(...answer.pages.map(({ position, text }) => ({ position, text })));
  }
}

/** Two centers and two tenants through a day and a night, and both days closed, by the exchange's own functions. */
export async function honestDay(): Promise<Day> {
  const exchange = await startExchange();
  const opening = exchange.slot();
  const midnight = periodStart(periodOf(opening)) + SLOTS_PER_DAY;
  const ownerOf = (center: string) => (center === "c-2" ? beta : alpha);
  const goTo = async (slot: number, alive: readonly string[] = ["c-1"]) => {
    exchange.clock.set(slotStart(slot));
    for (const center of alive)
      await succeeds(exchange.call(operations.renewLease, ownerOf(center), { params: { center } }));
  };
  const auction = async () => {
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
  };
  const post = async (tenant: Member, more: Readonly<Record<string, unknown>>) =>
    (await succeeds(exchange.call(operations.postJob, tenant, { body: newJob(exchange, "c-1", more) }))).job;
  const awardOf = async (tenant: Member, job: string) => {
    const { awards: own } = await succeeds(exchange.call(operations.getJob, tenant, { params: { job } }));
    const award = own.at(-1);
    if (award === undefined) throw new Error("the auction awarded nothing");
    return award.placement;
  };
  const begin = async (placement: PlacementId, centers: readonly string[] = ["c-1"]) => {
    const params = { placement };
    for (const center of centers) {
      const [owner, body] = [ownerOf(center), { center, run: 1 }];
      await succeeds(exchange.call(operations.acceptPlacement, owner, { params, body: { center } }));
      await succeeds(exchange.call(operations.startPlacement, owner, { params, body }));
    }
  };
  /** In mid-slot. */
  const complete = async (placement: PlacementId) => {
    exchange.clock.set(slotStart(exchange.slot()) + 30_000);
    const body = { center: "c-1", run: 1, outcome: "completed" };
    await succeeds(exchange.call(operations.finishPlacement, alpha, { params: { placement }, body }));
  };
  const cancel = async (tenant: Member, job: string) =>
    succeeds(exchange.call(operations.cancelJob, tenant, { params: { job } }));
  const meter = async (placement: PlacementId, from: number, to: number, count: number) => {
    const cardSeconds = ((to - from) / 1000) * count;
    const body = { center: "c-2", run: 1, from: instant(from), to: instant(to), cardSeconds };
    await succeeds(exchange.call(operations.meterPlacement, beta, { params: { placement }, body }));
  };

  await openCenter(exchange, alpha, "c-1");
  const frameworks = ["PyTorch", "MindSpore"];
  const small = { ...newCenter("c-2"), pools: [{ product, cards: 6, frameworks }] };
  await succeeds(exchange.call(operations.joinNetwork, beta, { body: small }));
  await goTo(opening, ["c-1", "c-2"]);
  const offer = newOffer(exchange, "c-2", { cards: 6, reserve: 200 });
  await succeeds(exchange.call(operations.postOffer, beta, { body: offer }));
  for (const owner of [acme, bolt]) await openAccount(exchange, owner);

  // Together they take all cards, and only c-2 can run `lone`.
  const window = { to: opening + 11 };
  const jobs = {
    early: await post(acme, window),
    wide: await post(bolt, { ...window, kind: "div", cards: 12 }),
    lone: await post(acme, { ...window, kind: "div", cards: 2, frameworks: ["MindSpore"] }),
  };
  await auction();
  const early = await awardOf(acme, jobs.early);
  const wide = await awardOf(bolt, jobs.wide);
  const lone = await awardOf(acme, jobs.lone);
  await goTo(opening + 1, ["c-1", "c-2"]);
  await begin(early);
  await begin(wide, ["c-1", "c-2"]);
  await begin(lone, ["c-2"]);

  await goTo(opening + 3);
  const resoldJob = await post(bolt, { slots: 5, to: opening + 9 });
  await complete(early);
  await auction();
  const resold = await awardOf(bolt, resoldJob);
  await goTo(opening + 4);
  await begin(resold);
  // Silence counts where the exchange was there to hear: a gate closes in every slot.
  await auction();

  await goTo(opening + 5);
  await auction();
  const failed = slotStart(opening + 5) + 30_000;
  exchange.clock.set(failed);
  await meter(wide, slotStart(opening + 5), failed, 4);
  await meter(lone, slotStart(opening + 5), failed, 2);
  await exchange.invoke("sweep-leases", {});
  await exchange.pump();
  await goTo(opening + 9);
  await complete(resold);
  await complete(wide);
  await exchange.pump();

  await goTo(opening + 20);
  const droppedJob = await post(acme, { to: opening + 31 });
  await auction();
  const dropped = await awardOf(acme, droppedJob);
  await cancel(acme, droppedJob);
  // Nobody buys its cards again at the next gates, so it owes the fee for their slots.
  for (const slot of [21, 22, 23]) {
    await goTo(opening + slot);
    await auction();
  }

  // One is withdrawn while it runs, the other before its center was ready for it.
  await goTo(opening + 30);
  const quitJob = await post(acme, { to: opening + 41 });
  const unreadyJob = await post(bolt, { to: opening + 41 });
  await auction();
  const quit = await awardOf(acme, quitJob);
  const unready = await awardOf(bolt, unreadyJob);
  await goTo(opening + 31);
  await begin(quit);
  await cancel(bolt, unreadyJob);
  await goTo(opening + 33);
  await cancel(acme, quitJob);

  await goTo(opening + 50);
  const refusedJob = await post(acme, { to: opening + 61 });
  await auction();
  const refused = await awardOf(acme, refusedJob);
  await goTo(opening + 51);
  await begin(refused);
  await goTo(opening + 53);
  const refusal = { params: { placement: refused }, body: { center: "c-1" } };
  await succeeds(exchange.call(operations.refusePlacement, alpha, refusal));
  await cancel(acme, refusedJob);

  // Its auction is sealed when two of its slots are past: it does not pay for them.
  await goTo(opening + 60);
  const lateJob = await post(bolt, { to: opening + 71 });
  await exchange.pump();
  const solving = await exchange.invoke("close-gate", {});
  let awarded = Page.parse(await exchange.invoke("solve-auction", solving));
  await goTo(opening + 62);
  while (awarded.page < awarded.pages) awarded = Page.parse(await exchange.invoke("publish-awards", awarded));
  await exchange.invoke("seal-auction", { auction: awarded.auction });
  const late = await awardOf(bolt, lateJob);
  await goTo(opening + 63);
  await begin(late);
  await goTo(opening + 65);
  await complete(late);
  await exchange.pump();

  // Its run ends while the auction awards that it goes on: the next gate sells those cards again.
  await goTo(opening + 70);
  const overtakenJob = await post(acme, { slots: 5, to: opening + 76, extendLimit: 400, maxSlots: 10 });
  await auction();
  const begun = await awardOf(acme, overtakenJob);
  await goTo(opening + 71);
  await begin(begun);
  await goTo(opening + 72);
  await exchange.pump();
  const closed = await exchange.invoke("close-gate", {});
  let going = Page.parse(await exchange.invoke("solve-auction", closed));
  await cancel(acme, overtakenJob);
  while (going.page < going.pages) going = Page.parse(await exchange.invoke("publish-awards", going));
  await exchange.invoke("seal-auction", { auction: going.auction });
  const overtaken = await awardOf(acme, overtakenJob);
  expect(overtaken).not.toBe(begun);
  await exchange.pump();
  await goTo(opening + 73);
  await setTaxRate(exchange, 600);
  const fillingJobs = [await post(bolt, { to: opening + 84 }), await post(bolt, { to: opening + 84 })];
  await auction();
  await goTo(opening + 74);
  for (const job of fillingJobs) await begin(await awardOf(bolt, job));
  const taxed = await awardOf(bolt, fillingJobs[0] ?? "none");
  await setTaxRate(exchange, 0);
  await goTo(opening + 85);
  await exchange.pump();

  await goTo(midnight - 6);
  const nightJob = await post(bolt, { to: midnight + 5, extendLimit: 400, maxSlots: 20 });
  await auction();
  const night = await awardOf(bolt, nightJob);
  await goTo(midnight - 5);
  await begin(night);
  await goTo(midnight);
  await exchange.pump();
  await closeDays(exchange);
  await goTo(midnight + 1);
  await auction();
  const longer = await awardOf(bolt, nightJob);
  await goTo(midnight + 8);
  await complete(night);
  await goTo(midnight + SLOTS_PER_DAY);
  await exchange.pump();
  await closeDays(exchange);
  const placements = {
    early,
    wide,
    lone,
    resold,
    dropped,
    quit,
    unready,
    refused,
    late,
    night,
    longer,
    taxed,
  };
  return { pages: await readPages(exchange), placements };
}
