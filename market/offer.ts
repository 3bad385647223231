import type * as z from "zod";
import type { CapacityOffered, OfferEvent } from "../events/catalog/offer.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { cardsLeft, type Reclaimed } from "./reclaimed.ts";
import { instant, slotOf, slotStart } from "./time.ts";

export type OfferSpec = z.infer<typeof CapacityOffered.data>;

export type OfferCommand =
  /** `poolCards`: cards of the center's pool; `at`: ms since the Unix epoch. */
  | { readonly type: "Post"; readonly offer: OfferSpec; readonly poolCards: number; readonly at: number }
  /** The center takes cards back from slot `from` on, sold or not; `cards` left out: all that it has left. */
  | {
      readonly type: "Reclaim";
      readonly from: number;
      readonly cards?: number | undefined;
      readonly at: number;
    }
  /** The unsold rest leaves the market from the next gate on. */
  | { readonly type: "Withdraw" }
  /** No gate of `slot` or later can sell it any more. */
  | { readonly type: "Expire"; readonly slot: number };

export interface KnownOffer {
  readonly phase: "open" | "withdrawn" | "expired";
  readonly offer: OfferSpec;
  /** What the center took back, oldest first. */
  readonly reclaims: readonly Reclaimed[];
}

export type OfferState = { readonly phase: "unknown" } | KnownOffer;

/** Longest time that one offer covers, in slots: a year, so that a slip of the pen is seen. */
const longest = 366 * 240;

/** Capacity for sale: stream `offer-ID`. */
export const offerDecider: Decider<OfferState, OfferCommand, OfferEvent> = {
  initial: { phase: "unknown" },
  decide: decideOffer,
  evolve(state, event) {
    if (event.type === "CapacityOffered") return { phase: "open", offer: event.data, reclaims: [] };
    if (state.phase === "unknown") return state;
    if (event.type === "CapacityReclaimed") {
      const { from, left } = event.data;
      return { ...state, reclaims: [...state.reclaims, { from, left }] };
    }
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
    case "Reclaim":
      return reclaim(command, state);
    case "Expire":
      return state.phase === "open" && to <= command.slot + 1
        ? accept({ type: "OfferExpired", data: { offer } })
        : nothing;
    default:
      return command satisfies never;
  }
}

/** An offer that was withdrawn can still be reclaimed, for its awards stand. */
function reclaim(
  { from: asked, cards, at }: Extract<OfferCommand, { type: "Reclaim" }>,
  { phase, offer, reclaims }: KnownOffer,
): Decision<OfferEvent> {
  const { reclaimNotice } = offer;
  if (phase === "expired")
    return conflict("offer-expired", `The offer ended at ${instant(slotStart(offer.to))}.`);
  if (reclaimNotice === undefined)
    return conflict(
      "offer-firm",
      `The offer was sold as firm. Withdraw what is unsold; to take sold cards back ${atPenalty}.`,
    );
  const earliest = slotOf(at) + 1 + reclaimNotice;
  if (asked < earliest)
    return reject(
      "notice-too-short",
      `The offer was sold with a notice of ${reclaimNotice} slots: reclaim from slot ${earliest} on. To take sold cards back earlier ${atPenalty}.`,
      "/from",
    );
  if (asked >= offer.to)
    return reject("window-passed", `The offer ends before slot ${offer.to} by itself.`, "/from");
  const from = Math.max(asked, offer.from);
  const before = cardsLeft(offer.cards, reclaims, from);
  const taken = cards ?? before;
  if (before === 0) return conflict("nothing-left", `From slot ${from} on all cards are reclaimed already.`);
  if (taken > before)
    return reject("cards-beyond-offer", `The offer has ${before} cards from slot ${from} on.`, "/cards");
  const { offer: id, center, product, to } = offer;
  const data = { offer: id, center, product, from, to, cards: taken, left: before - taken };
  return accept({ type: "CapacityReclaimed", data });
}

const atPenalty = "refuse their placements, at the penalty of rows 8 to 10 of the market rules";

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
