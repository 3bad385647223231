import { energyAt } from "../clearing/instance.ts";
import { productOf } from "../products.ts";
import { rules } from "../rules.ts";
import { SLOT_SECONDS } from "../time.ts";
import type { BookCenter } from "./book-state.ts";

/**
 * The most that a card of a pool may ask for itself and be on sale, by hour of the day: energy and carbon come on top of
 * it, and both together must not exceed the price cap.
 * @param grain slots of one unit on sale
 * @returns mills per card and unit
 */
export function mostAsked(
  { puePermille, energy, carbon }: BookCenter["spec"],
  product: string,
  grain: number,
): number[] {
  const site = { region: 0, pue: puePermille / 1000, energy, ...(carbon === undefined ? {} : { carbon }) };
  const kw = productOf(product)?.kw ?? 0;
  const products = [{ name: product, kw }];
  const facts = { slotSeconds: SLOT_SECONDS * grain, tick: grain, products, centers: [site] };
  return energy.map((_, hour) => rules.priceCapFen * grain - energyAt(facts, { c: 0, p: 0 }, hour));
}
