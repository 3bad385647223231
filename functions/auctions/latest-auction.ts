import { streams } from "../../events/catalog/streams.ts";
import { loadState } from "../../events/store/execute.ts";
import { type AuctionState, auctionDecider } from "../../market/auction.ts";
import type { Access } from "../kit/host.ts";

export async function loadAuction({ store }: Pick<Access, "store">, n: number): Promise<AuctionState> {
  return (await loadState(store, auctionDecider, streams.auction(n))).state;
}

/**
 * Number of the last auction whose gate has closed; 0: none has. Auctions count without a gap, so it is found by
 * doubling steps from a number that is known to exist, then by halving.
 */
export async function latestAuction(access: Pick<Access, "store">, known: number): Promise<number> {
  const exists = async (n: number) => (await loadAuction(access, n)).phase !== "open";
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

/** Sealed or voided: the next gate may close. */
export function isEnded({ phase }: AuctionState): boolean {
  return phase === "cleared" || phase === "voided";
}
