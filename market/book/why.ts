import * as z from "zod";
import { type JobId, Price, ProductId } from "../../events/catalog/values.ts";
import { createExplain, type Explanation } from "../clearing/explain.ts";
import { type Result, soldCards } from "../clearing/instance.ts";
import { rules } from "../rules.ts";
import type { Instance } from "./instance.ts";

/** What an auction answered to a bid. */
export const JobAnswer = z.object({
  reason: z.enum(["won", "price", "capacity", "region", "latency", "link", "window", "paradox"]),
  /** The lowest limit that would have won, fen per card-hour, where the limit was too low. */
  limitToWin: Price.optional(),
  product: ProductId.optional(),
});
export type JobAnswer = z.infer<typeof JobAnswer>;

/** What every bid of an auction is told: by job, nobody learns of another's. */
export function answersOf(instance: Instance, result: Result): { job: JobId; answer: JobAnswer }[] {
  const explain = createExplain(instance.book, result);
  return instance.bidders.map(({ job }, index) => ({
    job: job.job,
    answer: answer(instance, explain(index)),
  }));
}

function answer({ book, grain }: Instance, explanation: Explanation | null): JobAnswer {
  if (explanation === null) return { reason: "won" };
  if (explanation.reason !== "price") return { reason: explanation.reason };
  const product = ProductId.parse(book.products[explanation.product]?.name);
  const limitToWin = Math.ceil(explanation.limit / grain);
  return limitToWin > rules.priceCapFen
    ? { reason: "price", product }
    : { reason: "price", product, limitToWin };
}

/** A price at which somebody buys has reached the cap: the auction is void once. */
export function voided({ book, grain }: Instance, result: Result): boolean {
  const sold = soldCards(book, result);
  return Object.entries(result.prices).some(([pool, row]) =>
    row.some((price, unit) => price >= rules.priceCapFen * grain && (sold[pool]?.[unit] ?? 0) > 0),
  );
}
