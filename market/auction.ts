import type * as z from "zod";
import type {
  AuctionEvent,
  AuctionSolved,
  AwardsPublished,
  CurvePoint,
  GateClosed,
} from "../events/catalog/auction.ts";
import type { Award } from "../events/catalog/award.ts";
import { accept, conflict, type Decider, type Decision, nothing } from "./decider.ts";
import { mills, millsText } from "./money.ts";
import { instant } from "./time.ts";

type GateData = z.infer<typeof GateClosed.data>;
type SolvedData = z.infer<typeof AuctionSolved.data>;
type Point = z.infer<typeof CurvePoint>;

/** What a gate sells. */
export type GateOnSale = Pick<GateData, "session" | "gate" | "from" | "to" | "reruns">;

interface Close extends GateOnSale {
  readonly auction: number;
  /** Last page of the feed that the book has seen. */
  readonly position: number;
  readonly at: number;
}

export type AuctionCommand =
  | ({ readonly type: "Close" } & Close)
  /** Nobody bids: the gate closes and the auction is sealed in one commit. */
  | ({ readonly type: "CloseEmpty"; readonly supply: readonly Point[] } & Close)
  | ({ readonly type: "Solve" } & Omit<SolvedData, "auction">)
  | ({ readonly type: "Publish" } & Omit<z.infer<typeof AwardsPublished.data>, "auction">)
  | {
      readonly type: "Clear";
      readonly at: number;
      readonly demand: readonly Point[];
      readonly supply: readonly Point[];
    }
  | { readonly type: "Void"; readonly reason: "priceCap" | "checkFailed"; readonly at: number };

/** Sums over the pages published so far. */
interface Published {
  readonly published: number;
  readonly awards: number;
  readonly cardSlots: number;
  /** Mills. */
  readonly value: bigint;
}

export type ClosedAuction = GateData & { readonly phase: "closed" };
export type SolvedAuction = GateData & Omit<SolvedData, "auction"> & Published & { readonly phase: "solved" };
export type EndedAuction = GateData & { readonly phase: "cleared" | "voided" };
export type KnownAuction = ClosedAuction | SolvedAuction | EndedAuction;
export type AuctionState = { readonly phase: "open" } | KnownAuction;

type Decided = Decision<AuctionEvent>;

/** One clearing run, from its gate to its seal: stream `auction-N`. */
export const auctionDecider: Decider<AuctionState, AuctionCommand, AuctionEvent> = {
  initial: { phase: "open" },
  decide: decideAuction,
  evolve: evolveAuction,
};

function decideAuction(command: AuctionCommand, state: AuctionState): Decided {
  if (command.type === "Close" || command.type === "CloseEmpty")
    return state.phase === "open" ? accept(...closing(command)) : nothing;
  if (state.phase === "open") return conflict("gate-open", "The gate has not closed.");
  const { auction } = state;
  switch (command.type) {
    case "Solve": {
      const { type: _, ...solved } = command;
      // The first result wins; any other attempt publishes that one.
      return state.phase === "closed"
        ? accept({ type: "AuctionSolved", data: { auction, ...solved } })
        : nothing;
    }
    case "Publish":
      return publish(command, state);
    case "Clear":
      return seal(command, state);
    case "Void": {
      if (state.phase !== "closed") return nothing;
      const { session, gate } = state;
      const data = { auction, session, gate, at: instant(command.at), reason: command.reason };
      return accept({ type: "AuctionVoided", data });
    }
    default:
      return command satisfies never;
  }
}

function closing(command: Extract<AuctionCommand, { type: "Close" | "CloseEmpty" }>): AuctionEvent[] {
  const { auction, session, position, gate, from, to, reruns } = command;
  const at = instant(command.at);
  const data = {
    auction,
    session,
    position,
    at,
    gate,
    from,
    to,
    ...(reruns === undefined ? {} : { reruns }),
  };
  const closed: AuctionEvent = { type: "GateClosed", data };
  if (command.type === "Close") return [closed];
  const none = millsText(0n);
  const nothingSold = { bids: 0, awards: 0, cardSlots: 0, value: none, welfare: none, bound: none };
  const curves = { demand: [], supply: [...command.supply] };
  return [
    closed,
    { type: "AuctionCleared", data: { auction, session, gate, at, ...nothingSold, ...curves } },
  ];
}

function publish(command: Extract<AuctionCommand, { type: "Publish" }>, state: KnownAuction): Decided {
  if (state.phase === "closed") return conflict("not-solved", "The auction has no result yet.");
  if (state.phase !== "solved" || command.page < state.published) return nothing;
  if (command.page > state.published || command.page >= state.pages)
    return conflict("page-out-of-order", `Page ${state.published} of ${state.pages} is next.`, "/page");
  const { type: _, ...page } = command;
  return accept({ type: "AwardsPublished", data: { auction: state.auction, ...page } });
}

function seal(command: Extract<AuctionCommand, { type: "Clear" }>, state: KnownAuction): Decided {
  if (state.phase === "closed") return conflict("not-solved", "The auction has no result yet.");
  if (state.phase !== "solved") return nothing;
  if (state.published < state.pages)
    return conflict("pages-missing", `${state.published} of ${state.pages} pages are published.`);
  const { auction, session, gate, bids, awards, cardSlots, welfare, bound } = state;
  const sums = { bids, awards, cardSlots, value: millsText(state.value), welfare, bound };
  const curves = { demand: [...command.demand], supply: [...command.supply] };
  const data = { auction, session, gate, at: instant(command.at), ...sums, ...curves };
  return accept({ type: "AuctionCleared", data });
}

function evolveAuction(state: AuctionState, event: AuctionEvent): AuctionState {
  if (event.type === "GateClosed") return { ...event.data, phase: "closed" };
  if (state.phase === "open") return state;
  switch (event.type) {
    case "AuctionSolved":
      return { ...state, ...event.data, phase: "solved", published: 0, awards: 0, cardSlots: 0, value: 0n };
    case "AwardsPublished":
      return state.phase === "solved" ? withPage(state, event.data.awards) : state;
    case "AuctionCleared":
      return { ...gateOf(state), phase: "cleared" };
    case "AuctionVoided":
      return { ...gateOf(state), phase: "voided" };
    default:
      return event satisfies never;
  }
}

function gateOf({ auction, session, position, at, gate, from, to, reruns }: KnownAuction): GateData {
  return { auction, session, position, at, gate, from, to, ...(reruns === undefined ? {} : { reruns }) };
}

function withPage(state: SolvedAuction, awards: readonly Award[]): SolvedAuction {
  const fills = awards.flatMap((award) => award.fills);
  return {
    ...state,
    published: state.published + 1,
    awards: state.awards + awards.length,
    cardSlots: fills.reduce((sum, { cards, from, to }) => sum + cards * (to - from), state.cardSlots),
    value: awards.reduce((sum, award) => sum + mills(award.value), state.value),
  };
}
