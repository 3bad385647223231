import { streams } from "../../events/catalog/streams.ts";
import type { OfferId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { type KnownOffer, type OfferState, offerDecider } from "../../market/offer.ts";
import type { Offer } from "../contract/offers.ts";
import type { Caller } from "../kit/caller.ts";
import type { Access } from "../kit/host.ts";
import { notFound, problem } from "../kit/problems.ts";

export function offerResource(state: OfferState, version: number): { body: Offer; version: number } {
  if (state.phase === "unknown") throw problem(500, "internal-error", "The offer is gone.");
  const reclaimed = state.reclaims.length === 0 ? {} : { reclaimed: [...state.reclaims] };
  return { body: { ...state.offer, ...reclaimed, status: state.phase, version }, version };
}

/** @throws ProblemError 404, the same for what is absent and for what is another's. */
export async function visibleOffer(
  { store }: Pick<Access, "store">,
  offer: OfferId,
  { owner }: Pick<Caller, "owner">,
  all: boolean,
): Promise<{ state: KnownOffer; version: number }> {
  const { state, version } = await loadState(store, offerDecider, streams.offer(offer));
  if (state.phase === "unknown" || (!all && state.offer.owner !== owner)) throw notFound("offer", offer);
  return { state, version };
}
