import { rules } from "./rules.ts";
import { SLOTS_PER_HOUR } from "./time.ts";

/** Slots before delivery at which what a center keeps for its home region lapses into spot. */
export const lapseSlots = rules.homeReserveLapseHours * SLOTS_PER_HOUR;

/** First slot of home reserves that the spot gate of a slot does not sell yet. Forward gates sell none at all. */
export function lapsedUntil(gate: number): number {
  return gate + lapseSlots + 1;
}
