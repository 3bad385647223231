import { streams } from "../../events/catalog/streams.ts";
import { execute, knownState, loadState } from "../../events/store/execute.ts";
import {
  type AuctionCommand,
  type AuctionState,
  auctionDecider,
  type KnownAuction,
} from "../../market/auction.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

export async function loadAuction({ store }: Pick<Access, "store">, n: number): Promise<AuctionState> {
  return (await loadState(store, auctionDecider, streams.auction(n))).state;
}

/** Carries a command out; gives the auction as it is then, also where another attempt was first. */
export async function tellAuction(
  access: Pick<Access, "store" | "clock" | "env">,
  n: number,
  command: AuctionCommand,
  commandId: string,
): Promise<AuctionState> {
  const stream = streams.auction(n);
  const meta = exchangeCommand(access, commandId, stream);
  const outcome = await execute(access.store, auctionDecider, stream, command, meta);
  return "state" in outcome ? outcome.state : await loadAuction(access, n);
}

/**
 * Number of the last auction whose gate has closed; 0: none has. Auctions count without a gap, so it is found by
 * doubling steps from a number that is known to exist, then by halving.
 */
export async function latestAuction({ store }: Pick<Access, "store">, known: number): Promise<number> {
  const exists = async (n: number) =>
    (await knownState(store, auctionDecider, streams.auction(n))).phase !== "open";
  let low = known;
  let high = known + 1;
  for (let step = 1; await exists(high); step *= 2) {
    low = high;
    high += step;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await exists(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Auctions whose gates closed in slots `[from, to)`, in their order: a later one closes no earlier. */
export async function auctionsBetween(
  access: Pick<Access, "store" | "books">,
  from: number,
  to: number,
): Promise<{ auction: number; state: KnownAuction }[]> {
  const last = await latestAuction(access, access.books.known());
  let before = 0;
  let first = last + 1;
  while (first - before > 1) {
    const middle = Math.floor((before + first) / 2);
    const state = await loadAuction(access, middle);
    if (state.phase === "open" || state.gate >= from) first = middle;
    else before = middle;
  }
  const found: { auction: number; state: KnownAuction }[] = [];
  for (let auction = first; auction <= last; auction++) {
    const state = await loadAuction(access, auction);
    if (state.phase === "open" || state.gate >= to) break;
    found.push({ auction, state });
  }
  return found;
}

/** Sealed or voided, for good: the next gate may close. */
export async function hasEnded(access: Pick<Access, "store">, n: number): Promise<boolean> {
  const known = await knownState(access.store, auctionDecider, streams.auction(n));
  return isEnded(known) || isEnded(await loadAuction(access, n));
}

export function isEnded({ phase }: AuctionState): boolean {
  return phase === "cleared" || phase === "voided";
}
