import type * as z from "zod";
import type { CenterEvent, CenterJoined, LinkSpec } from "../events/catalog/center.ts";
import type { DepositId, MillsText, PayoutId } from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { mills, millsText } from "./money.ts";
import { productOf } from "./products.ts";
import { instant, slotOf } from "./time.ts";

export type CenterSpec = z.infer<typeof CenterJoined.data>;

export type CenterCommand =
  | { readonly type: "Join"; readonly spec: CenterSpec }
  | { readonly type: "DeclareLinks"; readonly links: readonly LinkSpec[] }
  /** Adds what came in for the guarantee, in mills, once; one that is whole again ends a suspension. */
  | {
      readonly type: "PostGuarantee";
      readonly deposit: DepositId;
      readonly mills: MillsText;
      readonly at: number;
    }
  /**
   * Asks for all but so many mills of it, once the day is closed, for all of it stands for the day's debts; as much as
   * there is ends the request before.
   */
  | { readonly type: "RequestGuaranteeReduction"; readonly mills: MillsText; readonly at: number }
  /** The day in which a smaller one was asked for is closed; `requested`: when it last was in that day, ISO 8601. */
  | { readonly type: "ReduceGuarantee"; readonly requested: string }
  /** Takes what a payout could not offset from the guarantee, once: mills, no more than what is left of it. */
  | { readonly type: "DrawGuarantee"; readonly payout: PayoutId; readonly mills: MillsText }
  /** A payout drew on the guarantee or left something uncollected: off the market, once for each payout. */
  | { readonly type: "Suspend"; readonly payout: PayoutId; readonly at: number }
  /** Its lease ran out; `at`: ms since the Unix epoch. */
  | { readonly type: "Lose"; readonly at: number }
  | { readonly type: "Return"; readonly at: number };

export interface KnownCenter {
  readonly phase: "joined" | "lost";
  readonly spec: CenterSpec;
  readonly links: readonly LinkSpec[];
  /** What is left of what it posted. */
  readonly guarantee: MillsText | undefined;
  /** What it posted last, draws aside. */
  readonly posted: MillsText | undefined;
  /** What came in for it. */
  readonly deposits: ReadonlySet<DepositId>;
  /** What the center wants to be left of it, and since when (ISO 8601); absent: no less. */
  readonly reduction?: { readonly mills: MillsText; readonly at: string } | undefined;
  /** Payouts that drew on it, and those that suspended it. */
  readonly drawnFor: ReadonlySet<PayoutId>;
  readonly suspendedFor: ReadonlySet<PayoutId>;
  /** Off the market until it posts at least `needs` mills, and more than nothing; absent: it is not suspended. */
  readonly suspended?: { readonly needs: bigint };
}

/** lost: its lease ran out, suspended or not; suspended: its guarantee is not whole. Both are off the market. */
export type CenterStatus = "joined" | "lost" | "suspended";

export function statusOf({ phase, suspended }: Pick<KnownCenter, "phase" | "suspended">): CenterStatus {
  return phase === "joined" && suspended !== undefined ? "suspended" : phase;
}

export type CenterState = { readonly phase: "unknown" } | KnownCenter;

type Decided = Decision<CenterEvent>;

const noMills = millsText(0n);

/** A center of the network: stream `center-ID`. */
export const centerDecider: Decider<CenterState, CenterCommand, CenterEvent> = {
  initial: { phase: "unknown" },
  decide: decideCenter,
  evolve: evolveCenter,
};

function decideCenter(command: CenterCommand, state: CenterState): Decided {
  if (command.type === "Join") return join(command.spec, state);
  if (state.phase === "unknown") return conflict("center-unknown", "There is no such center.");
  const { center } = state.spec;
  switch (command.type) {
    case "DeclareLinks":
      return declareLinks(command.links, state);
    case "PostGuarantee":
      return postGuarantee(command, state);
    case "RequestGuaranteeReduction":
      return requestReduction(command, state);
    case "ReduceGuarantee":
      return reduceGuarantee(command, state);
    case "DrawGuarantee":
      return drawGuarantee(command, state);
    case "Suspend":
      if (state.suspendedFor.has(command.payout)) return nothing;
      return accept({
        type: "CenterSuspended",
        data: { center, ...momentOf(command.at), payout: command.payout },
      });
    case "Lose":
      if (state.phase === "lost") return nothing;
      return accept({ type: "CenterLost", data: { center, ...momentOf(command.at) } });
    case "Return":
      if (state.phase === "joined") return nothing;
      return accept({ type: "CenterReturned", data: { center, ...momentOf(command.at) } });
    default:
      return command satisfies never;
  }
}

const momentOf = (at: number) => ({ at: instant(at), slot: slotOf(at) });

function join(spec: CenterSpec, state: CenterState): Decided {
  if (state.phase !== "unknown") {
    const same = JSON.stringify(spec) === JSON.stringify(state.spec);
    return same ? nothing : conflict("center-exists", "A center of this name has joined already.", "/center");
  }
  const unknown = spec.pools.findIndex(({ product }) => productOf(product) === undefined);
  if (unknown >= 0)
    return reject(
      "product-unknown",
      "GET /market/products lists what is traded.",
      `/pools/${unknown}/product`,
    );
  const named = new Set(spec.pools.map(({ product }) => product));
  if (named.size < spec.pools.length)
    return reject("product-twice", "A center has one pool of a product: add their cards up.", "/pools");
  return accept({ type: "CenterJoined", data: spec });
}

function declareLinks(links: readonly LinkSpec[], { spec, ...state }: KnownCenter): Decided {
  const itself = links.findIndex(({ to }) => to === spec.center);
  if (itself >= 0) return reject("link-to-itself", "A link leads to another center.", `/links/${itself}/to`);
  const targets = new Set(links.map(({ to }) => to));
  if (targets.size < links.length)
    return reject("link-twice", "Declare one link to each center: add their bandwidth up.", "/links");
  if (JSON.stringify(links) === JSON.stringify(state.links)) return nothing;
  return accept({ type: "LinksDeclared", data: { center: spec.center, links: [...links] } });
}

function postGuarantee(
  command: Extract<CenterCommand, { type: "PostGuarantee" }>,
  { spec: { center }, guarantee, suspended, deposits }: KnownCenter,
): Decided {
  const { deposit } = command;
  if (deposits.has(deposit)) return nothing;
  const received = mills(command.mills);
  if (received <= 0n)
    return reject("guarantee-not-positive", "Post what came in: more than 0 mills.", "/mills");
  const before = guarantee === undefined ? 0n : mills(guarantee);
  const total = before + received;
  const change = guarantee === undefined ? {} : { change: command.mills };
  const posted: CenterEvent = {
    type: "GuaranteePosted",
    data: { center, mills: millsText(total), ...change, deposit },
  };
  if (suspended === undefined || total < suspended.needs) return accept(posted);
  return accept<CenterEvent>(posted, { type: "CenterReinstated", data: { center, ...momentOf(command.at) } });
}

function requestReduction(
  command: Extract<CenterCommand, { type: "RequestGuaranteeReduction" }>,
  { spec: { center }, guarantee = noMills, reduction, suspended }: KnownCenter,
): Decided {
  const [left, posted] = [mills(command.mills), mills(guarantee)];
  if (left < 0n) return reject("guarantee-negative", "Ask for 0 mills or more to be left.", "/mills");
  if (left > posted)
    return conflict(
      "guarantee-not-received",
      `Ask for ${posted} mills or less to be left: more is posted by finance, once it has received it.`,
      "/mills",
    );
  if (left < posted && suspended !== undefined)
    return conflict(
      "guarantee-not-whole",
      `A suspended center takes none of its guarantee back: leave all ${posted} mills.`,
      "/mills",
    );
  if (command.mills === (reduction?.mills ?? guarantee)) return nothing;
  if (left === posted)
    return accept({ type: "GuaranteePosted", data: { center, mills: guarantee, change: noMills } });
  const data = { center, mills: command.mills, at: instant(command.at) };
  return accept({ type: "GuaranteeReductionRequested", data });
}

/** One that was asked for after that day waits for the close of its own. */
function reduceGuarantee(
  { requested }: Extract<CenterCommand, { type: "ReduceGuarantee" }>,
  { spec: { center }, guarantee, reduction }: KnownCenter,
): Decided {
  if (guarantee === undefined || reduction === undefined || reduction.at > requested) return nothing;
  const change = millsText(mills(reduction.mills) - mills(guarantee));
  return accept({ type: "GuaranteePosted", data: { center, mills: reduction.mills, change } });
}

function drawGuarantee(
  { payout, mills: drawn }: Extract<CenterCommand, { type: "DrawGuarantee" }>,
  { spec: { center }, guarantee, drawnFor }: KnownCenter,
): Decided {
  if (drawnFor.has(payout)) return nothing;
  const before = guarantee === undefined ? 0n : mills(guarantee);
  const amount = mills(drawn);
  if (amount <= 0n) return reject("draw-not-positive", "Draw 1 mill or more.", "/mills");
  if (amount > before)
    return conflict("guarantee-too-low", `The guarantee has ${before} mills left.`, "/mills");
  const left = millsText(before - amount);
  return accept({ type: "GuaranteeDrawn", data: { center, payout, mills: drawn, left } });
}

function evolveCenter(state: CenterState, event: CenterEvent): CenterState {
  if (event.type === "CenterJoined")
    return {
      phase: "joined",
      spec: event.data,
      links: [],
      guarantee: undefined,
      posted: undefined,
      deposits: new Set(),
      drawnFor: new Set(),
      suspendedFor: new Set(),
    };
  if (state.phase === "unknown") return state;
  switch (event.type) {
    case "LinksDeclared":
      return { ...state, links: event.data.links };
    case "GuaranteePosted": {
      const { mills: guarantee, deposit } = event.data;
      const deposits = deposit === undefined ? state.deposits : new Set([...state.deposits, deposit]);
      return { ...state, guarantee, posted: guarantee, reduction: undefined, deposits };
    }
    case "GuaranteeReductionRequested": {
      const { mills: left, at } = event.data;
      return { ...state, reduction: { mills: left, at } };
    }
    case "GuaranteeDrawn": {
      const { left, payout } = event.data;
      const drawnFor = new Set([...state.drawnFor, payout]);
      return { ...state, guarantee: left, reduction: undefined, drawnFor };
    }
    case "CenterSuspended": {
      const posted = state.posted === undefined ? 0n : mills(state.posted);
      // What it posted since the suspension before this one made up for a part of that.
      const before = state.suspended?.needs ?? 0n;
      const needs = before > posted ? before : posted;
      const suspendedFor = new Set([...state.suspendedFor, event.data.payout]);
      return { ...state, suspended: { needs }, reduction: undefined, suspendedFor };
    }
    case "CenterReinstated": {
      const { suspended: _, ...reinstated } = state;
      return reinstated;
    }
    case "CenterLost":
      return { ...state, phase: "lost" };
    case "CenterReturned":
      return { ...state, phase: "joined" };
    default:
      return event satisfies never;
  }
}

/** Cards of a product that a center has; 0: it has no such pool. */
export function cardsOf({ pools }: CenterSpec, product: string): number {
  return pools.find((pool) => pool.product === product)?.cards ?? 0;
}
