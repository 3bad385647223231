import type * as z from "zod";
import type { CapacityOffered, OfferEvent, OfferStep, ReserveDrawn } from "../events/catalog/offer.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { lapsedUntil, lapseSlots } from "./home-reserve.ts";
import { cardsLeft, type Reclaimed } from "./reclaimed.ts";
import { rules } from "./rules.ts";
import { instant, slotOf, slotStart } from "./time.ts";

export type OfferSpec = z.infer<typeof CapacityOffered.data>;
/** Cards of a home reserve that its center uses itself in each slot of `[from, to)`. */
export type Draw = Omit<z.infer<typeof ReserveDrawn.data>, "offer">;

export type OfferCommand =
  /** `poolCards`: cards of the center's pool; `at`: ms since the Unix epoch. */
  | { readonly type: "Post"; readonly offer: OfferSpec; readonly poolCards: number; readonly at: number }
  /** The center uses cards of its home reserve itself; `at`: ms since the Unix epoch. */
  | { readonly type: "Draw"; readonly draw: Draw; readonly at: number }
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
  /** In the order in which they were drawn. */
  readonly draws: readonly Draw[];
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
    if (event.type === "CapacityOffered")
      return { phase: "open", offer: event.data, draws: [], reclaims: [] };
    if (state.phase === "unknown") return state;
    if (event.type === "ReserveDrawn") {
      const { offer: _, ...draw } = event.data;
      return { ...state, draws: [...state.draws, draw] };
    }
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
    case "Draw":
      return drawFrom(state, command.draw, slotOf(command.at));
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
  return wrongSteps(offer) ?? wrongRun(offer) ?? accept({ type: "CapacityOffered", data: offer });
}

/** Steps are the same cards and the same reserve as the offer's own, said more exactly. */
function wrongSteps({ cards, reserve, steps }: OfferSpec): Decision<OfferEvent> | undefined {
  const [first] = steps ?? [];
  if (steps === undefined || first === undefined) return undefined;
  const flat = steps.findIndex((step, n) => n > 0 && step.reserve <= (steps[n - 1]?.reserve ?? 0));
  if (flat >= 0)
    return reject(
      "steps-not-rising",
      "Each step asks more than the one before: put equal ones together, the cheapest first.",
      `/steps/${flat}/reserve`,
    );
  if (first.reserve !== reserve)
    return reject("steps-reserve", `The first step asks ${first.reserve}: say so in reserve.`, "/reserve");
  const sum = steps.reduce((total, step) => total + step.cards, 0);
  if (sum !== cards) return reject("steps-cards", `The steps have ${sum} cards: say so in cards.`, "/cards");
  return undefined;
}

/** A run that no gate could ever sell is a mistake. */
function wrongRun({ from, to, minRun = 1, homeReserve }: OfferSpec): Decision<OfferEvent> | undefined {
  const field = "/minRun";
  if (minRun > to - from)
    return reject("min-run-too-long", `The offer has ${to - from} slots: ask for a shorter run.`, field);
  if (homeReserve === true && minRun > lapseSlots)
    return reject(
      "min-run-too-long",
      `A home reserve is on sale for its last ${lapseSlots} slots only: ask for no longer run.`,
      field,
    );
  return undefined;
}

/** Cards of an offer by what they ask, cheapest first. */
export function stepsOf({ cards, reserve, steps }: Pick<OfferSpec, "cards" | "reserve" | "steps">) {
  return steps ?? ([{ cards, reserve }] satisfies OfferStep[]);
}

/** The steps of an offer's cards from number `low` up to number `high`, counted from the cheapest. */
export function stepsBetween(steps: readonly OfferStep[], low: number, high: number): OfferStep[] {
  let below = 0;
  return steps.flatMap(({ cards, reserve }) => {
    const own = Math.min(high, below + cards) - Math.max(low, below);
    below += cards;
    return own > 0 ? [{ cards: own, reserve }] : [];
  });
}

function drawFrom(state: KnownOffer, wanted: Draw, now: number): Decision<OfferEvent> {
  const { phase, offer, draws } = state;
  const { draw, from, to, cards } = wanted;
  if (draws.some((known) => known.draw === draw)) return nothing;
  if (offer.homeReserve !== true)
    return conflict("offer-not-reserve", "Only a home reserve is drawn from: offer one with homeReserve.");
  if (phase === "withdrawn")
    return conflict("offer-withdrawn", "The reserve was withdrawn: offer a new one.");
  if (phase === "expired")
    return conflict("offer-expired", `The offer ended at ${instant(slotStart(offer.to))}.`);
  if (draws.length >= rules.reserveDrawsMax)
    return conflict(
      "draws-too-many",
      `A reserve is drawn from ${rules.reserveDrawsMax} times at most: withdraw it and offer its rest anew.`,
    );
  if (to <= from) return reject("window-reversed", "A draw ends after it begins.", "/to");
  if (from < offer.from || to > offer.to)
    return reject(
      "draw-outside-offer",
      `The reserve covers slots ${offer.from} to ${offer.to}: draw within them.`,
      from < offer.from ? "/from" : "/to",
    );
  // The gate of this slot may still be about to close: the one after it is the first that surely sees the draw.
  const free = lapsedUntil(now + 1);
  if (from < free)
    return reject(
      "reserve-lapsed",
      `The next gate sells the slots before ${free}: draw from ${free} on.`,
      "/from",
    );
  const left = leastLeft(state, wanted);
  if (cards > left)
    return reject("draw-beyond-reserve", `${left} cards are left in all of these slots.`, "/cards");
  return accept({ type: "ReserveDrawn", data: { offer: offer.offer, ...wanted } });
}

/** Cards that are neither drawn nor taken back, in the slot of a range in which the fewest are. */
function leastLeft({ offer, draws, reclaims }: KnownOffer, { from, to }: Pick<Draw, "from" | "to">): number {
  const within = draws.filter((one) => one.from < to && one.to > from);
  // The fewest are left where some draw or reclaim begins, or at the range's own begin.
  const begins = [...within, ...reclaims].map((one) => Math.max(from, one.from)).filter((slot) => slot < to);
  const leftIn = (slot: number) =>
    within.reduce(
      (left, one) => (one.from <= slot && slot < one.to ? left - one.cards : left),
      cardsLeft(offer.cards, reclaims, slot),
    );
  return Math.max(0, Math.min(...[from, ...begins].map(leftIn)));
}
