import * as z from "zod";
import { BidReason, type JobId, Price, ProductId, Slot } from "../../events/catalog/values.ts";
import { createExplain, type Explanation } from "../clearing/explain.ts";
import { type Result, soldCards } from "../clearing/instance.ts";
import { rules } from "../rules.ts";
import type { BookState } from "./book-state.ts";
import type { Instance } from "./instance.ts";
import { leftOut } from "./left-out.ts";

/** Neighbouring slots `[from, to)`. */
export const SlotRange = z.object({ from: Slot, to: Slot });

/** Ranges of slots that an answer names at most; the first ones, for they bind first. */
const rangesMost = 12;

/** What an auction answered to a bid, or to a job that it could not let bid. */
export const JobAnswer = z.object({
  reason: BidReason,
  /** The lowest limit that would have won at the published prices, fen per card-hour; absent: none would have. */
  limitToWin: Price.optional(),
  product: ProductId.optional(),
  /** Slots of the shortage: too few cards, or too little of the link; or of too short a run. */
  slots: z.array(SlotRange).max(rangesMost).optional(),
});
export type JobAnswer = z.infer<typeof JobAnswer>;

export interface AnsweredJob {
  readonly job: JobId;
  readonly answer: JobAnswer;
}

/** What every bid of an auction is told: by job, nobody learns of another's. */
export function answersOf(instance: Instance, result: Result): AnsweredJob[] {
  const explain = createExplain(instance.book, result);
  return instance.bidders.map(({ job }, index) => ({
    job: job.job,
    answer: answer(instance, explain(index)),
  }));
}

/** What the jobs are told that had to stay away. */
export function leftOutAnswers(book: BookState, instance: Instance): AnsweredJob[] {
  return leftOut(book, instance).map(({ job, reason }) => ({ job, answer: { reason } }));
}

function answer(instance: Instance, explanation: Explanation | null): JobAnswer {
  if (explanation === null) return { reason: "won" };
  const { reason, slots, winning } = explanation;
  return {
    reason,
    ...(winning === null ? {} : winningLimit(instance, winning)),
    ...(slots.length === 0 ? {} : { slots: slotRanges(instance, slots) }),
  };
}

/** A limit above the cap is none; its product is told all the same. */
function winningLimit(
  { book, grain }: Instance,
  winning: NonNullable<Explanation["winning"]>,
): Pick<JobAnswer, "limitToWin" | "product"> {
  const product = ProductId.parse(book.products[winning.product]?.name);
  const limitToWin = Math.ceil(winning.limit / grain);
  return limitToWin > rules.priceCapFen ? { product } : { product, limitToWin };
}

function slotRanges({ gate, grain }: Instance, units: readonly number[]): z.infer<typeof SlotRange>[] {
  const ranges: { from: number; to: number }[] = [];
  for (const unit of units) {
    const from = gate.from + unit * grain;
    const last = ranges.at(-1);
    if (last?.to === from) last.to = from + grain;
    else ranges.push({ from, to: from + grain });
  }
  return ranges.slice(0, rangesMost);
}

/** A price at which somebody buys has reached the cap: the auction is void once. */
export function voided({ book, grain }: Instance, result: Result): boolean {
  const sold = soldCards(book, result);
  return Object.entries(result.prices).some(([pool, row]) =>
    row.some((price, unit) => price >= rules.priceCapFen * grain && (sold[pool]?.[unit] ?? 0) > 0),
  );
}
