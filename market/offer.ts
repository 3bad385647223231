import type * as z from "zod";
import type { CapacityOffered, OfferEvent } from "../events/catalog/offer.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { instant, slotOf, slotStart } from "./time.ts";

export type OfferSpec = z.infer<typeof CapacityOffered.data>;

export type OfferCommand =
  /** `poolCards`: cards of the center's pool; `at`: ms since the Unix epoch. */
  | { readonly type: "Post"; readonly offer: OfferSpec; readonly poolCards: number; readonly at: number }
  /** The unsold rest leaves the market from the next gate on. */
  | { readonly type: "Withdraw" }
  /** No gate of `slot` or later can sell it any more. */
  | { readonly type: "Expire"; readonly slot: number };

export interface KnownOffer {
  readonly phase: "open" | "withdrawn" | "expired";
  readonly offer: OfferSpec;
}

export type OfferState = { readonly phase: "unknown" } | KnownOffer;

/** Longest time that one offer covers, in slots: a year, so that a slip of the pen is seen. */
const longest = 366 * 240;

/** Capacity for sale: stream `offer-ID`. */
export const offerDecider: Decider<OfferState, OfferCommand, OfferEvent> = {
  initial: { phase: "unknown" },
  decide: decideOffer,
  evolve(state, event) {
    if (event.type === "CapacityOffered") return { phase: "open", offer: event.data };
    if (state.phase === "unknown") return state;
    return { ...state, phase: event.type === "OfferWithdrawn" ? "withdrawn" : "expired" };
  },
};

function decideOffer(command: OfferCommand, state: OfferState): Decision<OfferEvent> {
  if (command.type === "Post") return state.phase === "unknown" ? post(command) : nothing;
  if (state.phase === "unknown") return conflict("offer-unknown", "There is no such offer.");
  const { offer, to } = state.offer;
  switch (command.type) {
    case "Withdraw":
      if (state.phase === "expired")
        return conflict("offer-expired", `The offer ended at ${instant(slotStart(to))}.`);
      return state.phase === "withdrawn" ? nothing : accept({ type: "OfferWithdrawn", data: { offer } });
    case "Expire":
      return state.phase === "open" && to <= command.slot + 1
        ? accept({ type: "OfferExpired", data: { offer } })
        : nothing;
    default:
      return command satisfies never;
  }
}

function post({ offer, poolCards, at }: Extract<OfferCommand, { type: "Post" }>): Decision<OfferEvent> {
  const earliest = slotOf(at) + 1;
  if (offer.to <= offer.from) return reject("window-reversed", "An offer ends after it begins.", "/to");
  if (offer.to <= earliest)
    return reject("window-passed", `The next gate sells from slot ${earliest}: offer a later end.`, "/to");
  if (offer.to - offer.from > longest)
    return reject("window-too-long", `An offer covers at most ${longest} slots (a year).`, "/to");
  if (poolCards === 0) return reject("pool-unknown", "The center has no pool of this product.", "/product");
  if (offer.cards > poolCards)
    return reject("cards-beyond-pool", `The pool has ${poolCards} cards.`, "/cards");
  return accept({ type: "CapacityOffered", data: offer });
}
