import { beforeAll, describe, expect, test } from "vitest";
import { operations } from "../../functions/contract/operations.ts";
import { slotStart } from "../../market/time.ts";
import {
  acme,
  alpha,
  finance,
  newCenter,
  newJob,
  newOffer,
  openAccount,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { audit } from "./audit.ts";
import { type RawPage, readFeed } from "./feed.ts";
import { fatesOf } from "./leases.ts";
import type { RawEvent } from "./raw-events.ts";
import { reclaimedCardsAreBack } from "./reclaims.ts";

let pages: readonly RawPage[];
let events: readonly RawEvent[];
beforeAll(async () => {
  pages = await reclaimedDay();
  ({ events } = readFeed(pages));
});

const detailOf = (all: readonly RawEvent[]) => reclaimedCardsAreBack(all, fatesOf(all)).detail;

describe("a day on which cards were reclaimed", () => {
  test("passes every check, whole and after each page", () => {
    expect(audit(pages).filter(({ ok }) => !ok)).toEqual([]);
    expect(audit(pages).at(-1)?.detail).toBe("1 reclaims");
    for (let length = 0; length < pages.length; length++) {
      const failing = audit(pages.slice(0, length)).filter(({ ok }) => !ok);
      // Between two pages a charge may wait for its settlement, nothing else.
      expect(failing.filter(({ name }) => name !== "every charge paid once, out of funds held")).toEqual([]);
    }
  });

  test("is found out where cards were not given back", () => {
    const kept = events.filter(({ type }) => type !== "JobReclaimed" && type !== "JobDisplaced");
    expect(detailOf(kept)).toContain("16 of 8 cards of c-1/a100-80g that remain are sold in slot");
  });

  test("is found out where a job gave them back that takes firm ones only", () => {
    const firm = events.map((event): RawEvent => {
      if (event.type !== "JobRequested") return event;
      return { ...event, data: { ...event.data, spec: { ...event.data.spec, reclaimable: false } } };
    });
    expect(detailOf(firm)).toContain("takes firm cards only");
  });

  test("does not count a reclaim that no gate has seen", () => {
    const early = events.filter(({ type }) => type !== "JobReclaimed" && type !== "JobDisplaced");
    const reclaim = early.findIndex(({ type }) => type === "CapacityReclaimed");
    expect(detailOf(early.slice(0, reclaim + 1))).toBe("0 reclaims");
  });
});

/** Two jobs have all cards of a center, which takes half of them back. */
async function reclaimedDay(): Promise<RawPage[]> {
  const exchange = await startExchange();
  const opening = exchange.slot();
  await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter("c-1") }));
  const goTo = async (slot: number) => {
    exchange.clock.set(slotStart(slot) + 90_000);
    await succeeds(exchange.call(operations.renewLease, alpha, { params: { center: "c-1" } }));
    await exchange.pump();
    await exchange.runAuctions();
    await exchange.pump();
  };
  await succeeds(exchange.call(operations.renewLease, alpha, { params: { center: "c-1" } }));
  const body = newOffer(exchange, "c-1", { reclaimNotice: 2 });
  const { offer } = await succeeds(exchange.call(operations.postOffer, alpha, { body }));
  await openAccount(exchange, acme);
  const jobs = [];
  for (let n = 0; n < 2; n++) {
    const job = newJob(exchange, "c-1", { reclaimable: true });
    jobs.push((await succeeds(exchange.call(operations.postJob, acme, { body: job }))).job);
  }
  await goTo(opening);
  await goTo(opening + 1);
  for (const job of jobs) {
    const { awards } = await succeeds(exchange.call(operations.getJob, acme, { params: { job } }));
    const params = { placement: awards[0]?.placement ?? "none" };
    await succeeds(exchange.call(operations.acceptPlacement, alpha, { params, body: { center: "c-1" } }));
    await succeeds(
      exchange.call(operations.startPlacement, alpha, { params, body: { center: "c-1", run: 1 } }),
    );
  }
  const back = { from: opening + 4, cards: 8 };
  await succeeds(exchange.call(operations.reclaimOffer, alpha, { params: { offer }, body: back }));
  for (let slot = 2; slot < 8; slot++) await goTo(opening + slot);
  const found: RawPage[] = [];
  for (;;) {
    const query = { after: found.length, limit: 16 };
    const answer = await succeeds(exchange.call(operations.readFeed, finance, { query }));
    if (answer.pages.length === 0) return found;
    found.push(...answer.pages.map(({ position, text }) => ({ position, text })));
  }
}
