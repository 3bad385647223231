import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Caller, createClient, createSlots } from "../../agent/client.ts";
import { startReplay } from "../../agent/replay/replay.ts";
import { openingMs, type Scenario } from "../../agent/scenario/scenario.ts";
import { SLOT_SECONDS } from "../../agent/scenario/scenario-job.ts";
import { operations } from "../../functions/contract/operations.ts";
import { type Exchange, startExchange } from "../../infra/local/exchange.ts";
import { scenarioOf } from "../cost/workload.ts";
import { forwardBids, type PostedJob, spotBids } from "./forward-bids.ts";
import { solveAlone } from "./same-book.ts";
import { createWatch, type Stamps } from "./watched-exchange.ts";

/** What one forward auction of many bids took, seconds of real time. */
export interface ForwardAuction {
  readonly bids: number;
  readonly postSeconds: number;
  readonly jobsPlaced: number;
  /** Gap of the result: (bound - welfare) / bound. */
  readonly gap: number;
  readonly pages: number;
  /** From the instant of the gate to what the log holds. */
  readonly gateClosed: number;
  readonly solved: number;
  readonly lastPlaced: number;
  readonly cleared: number;
  /** The spot auction of the same instant: it is closed only when the forward one has its seal. */
  readonly spotClosed: number;
  readonly spotCleared: number;
  /** Until nothing was left to do: views, bus, workflows of the placed jobs. */
  readonly settled: number;
  /** Busiest functions: seconds that their invocations took one after another, waits included. */
  readonly functions: readonly {
    readonly name: string;
    readonly calls: number;
    readonly seconds: number;
  }[];
  /** The engine alone, on the same book. */
  readonly engine: number;
  /** Messages that nobody could handle; must be 0. */
  readonly deadLetters: number;
}

/** Slot from the opening in which the forward gate closes: 00:48. */
const gateSlot = 8;
const forwardLead = 2;
const spotJobs = 20;

/** Posts bids to a local exchange whose market stands still, then lets the forward gate come. */
export async function runForwardAuction(bids: number, inFlight: number): Promise<ForwardAuction> {
  const dataDir = mkdtempSync(join(tmpdir(), "suanwang-auction-"));
  const scenario: Scenario = { ...scenarioOf([]), deposit: "10000000000000" };
  const watch = createWatch();
  const opening = openingMs(scenario);
  const exchange = await startExchange({ dataDir, port: 0, startAt: opening, hostedBy: watch.hostedBy });
  try {
    const slotMs = SLOT_SECONDS * 1000;
    await openMarket(exchange, scenario);
    await exchange.time.jumpTo(opening + gateSlot * slotMs - 1_000);
    const first = opening / slotMs + gateSlot;
    const jobs = [
      ...spotBids(scenario, spotJobs, first + 1),
      ...forwardBids(scenario, bids, first + forwardLead),
    ];
    const began = performance.now();
    await postAll(exchange, jobs, inFlight);
    // The book is what the feed holds: all that was posted must be there before the gate.
    await exchange.time.jumpTo(opening + gateSlot * slotMs - 1);
    const gate = performance.now();
    const before = new Map(watch.functions);
    await exchange.time.jumpTo(opening + gateSlot * slotMs + 1);
    const settled = performance.now();
    const spans = { gate, settled, postSeconds: (gate - began) / 1000 };
    const functions = busiest(watch.functions, before);
    return await readOutcome(exchange, watch, functions, spans);
  } finally {
    await exchange.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function openMarket({ url, issuer, time }: Exchange, scenario: Scenario): Promise<void> {
  const token = (owner: string, role: string) => issuer.mint({ owner, roles: [role], seconds: 86_400 });
  const fail = (error: unknown) => {
    throw error;
  };
  await startReplay({ scenario, baseUrl: url, clock: time, token, fail });
}

async function postAll({ url, issuer }: Exchange, jobs: readonly PostedJob[], inFlight: number) {
  const slots = createSlots(inFlight);
  const clients = new Map<string, Caller>();
  for (const tenant of new Set(jobs.map((job) => job.tenant))) {
    const token = await issuer.mint({ owner: tenant, roles: ["tenant"], seconds: 86_400 });
    clients.set(tenant, createClient(url, token, slots));
  }
  await Promise.all(
    jobs.map(async ({ tenant, body }) => {
      const answer = await clients.get(tenant)?.call(operations.postJob, { body, key: body.name ?? "" });
      if (answer?.status !== "open") throw new Error(`${body.name} is ${answer?.status}: ${answer?.reason}`);
    }),
  );
}

interface Spans {
  readonly gate: number;
  readonly settled: number;
  readonly postSeconds: number;
}

async function readOutcome(
  exchange: Exchange,
  stamps: Stamps,
  functions: ForwardAuction["functions"],
  { gate, settled, postSeconds }: Spans,
): Promise<ForwardAuction> {
  const reader = async (owner: string, role: "operator" | "finance") =>
    createClient(
      exchange.url,
      await exchange.issuer.mint({ owner, roles: [role], seconds: 600 }),
      createSlots(4),
    );
  const [operator, finance] = await Promise.all([
    reader("observatory", "operator"),
    reader("clearing-house", "finance"),
  ]);
  const { items } = await operator.call(operations.listAuctions, { query: { limit: 2 } });
  const [spot, forward] = items;
  if (spot?.session !== "spot" || forward?.session !== "forward")
    throw new Error(`the gate brought no forward auction with a spot one after it: ${JSON.stringify(items)}`);
  const after = (auction: number, event: string) => {
    const stamp = stamps.auctions.get(`${auction} ${event}`);
    if (stamp === undefined) throw new Error(`auction ${auction} has no ${event}`);
    return (stamp - gate) / 1000;
  };
  const placed = stamps.placed.get(forward.auction);
  if (placed === undefined) throw new Error("the forward auction placed nobody");
  const { welfare = "0", bound = "0" } = forward;
  return {
    bids: forward.bids ?? 0,
    postSeconds,
    jobsPlaced: placed.jobs,
    gap: Number(BigInt(bound) - BigInt(welfare)) / Number(bound),
    pages: stamps.pages.get(forward.auction) ?? 0,
    gateClosed: after(forward.auction, "GateClosed"),
    solved: after(forward.auction, "AuctionSolved"),
    lastPlaced: (placed.last - gate) / 1000,
    cleared: after(forward.auction, "AuctionCleared"),
    spotClosed: after(spot.auction, "GateClosed"),
    spotCleared: after(spot.auction, "AuctionCleared"),
    settled: (settled - gate) / 1000,
    functions,
    engine: await solveAlone(finance, forward.auction),
    deadLetters: exchange.deadLetters(),
  };
}

function busiest(after: Stamps["functions"], before: Stamps["functions"]): ForwardAuction["functions"] {
  return [...after]
    .map(([name, { ms, calls }]) => {
      const earlier = before.get(name) ?? { ms: 0, calls: 0 };
      return { name, calls: calls - earlier.calls, seconds: (ms - earlier.ms) / 1000 };
    })
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 8);
}
