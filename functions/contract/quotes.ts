import * as z from "zod";
import { JobSpec } from "../../events/catalog/job.ts";
import { CenterId, MillsText, Price, ProductId, Slot } from "../../events/catalog/values.ts";
import { defineOperation } from "./operation.ts";
import { AsOf } from "./paging.ts";

export const QuoteRequest = z.strictObject({
  session: JobSpec.shape.session,
  products: JobSpec.shape.products,
  cards: JobSpec.shape.cards,
  floor: JobSpec.shape.floor.describe(
    "Of a service: it is quoted at its floor over all that is left of its window, and holds its ceiling, `cards`",
  ),
  slots: JobSpec.shape.slots,
  stageSlots: JobSpec.shape.stageSlots,
  from: JobSpec.shape.from,
  to: JobSpec.shape.to,
  regions: JobSpec.shape.regions,
  reclaimable: JobSpec.shape.reclaimable,
});

/** The best start that a pool's published prices and offers show. */
export const PoolQuote = z.object({
  center: CenterId,
  product: ProductId,
  from: Slot,
  to: Slot,
  basis: z
    .enum(["traded", "offered"])
    .describe(
      "traded: last published prices; offered: no trade yet in some slot, reserve of the cheapest offers with enough cards",
    ),
  averagePrice: Price.describe("Fen per card-hour over the slots, rounded up"),
  cost: MillsText.describe("Price x cards x slots at these prices; transfer, links and tax not included"),
  limitSuffices: z.boolean().describe("The limit would have met the published prices"),
});
export type PoolQuote = z.infer<typeof PoolQuote>;

export const Quote = z.object({
  hold: MillsText.describe(
    "Funds that such a job holds before it bids, without tax: of an account with a `taxRate` the job holds that share more, rounded up",
  ),
  pools: z.array(PoolQuote).describe("Cheapest first; pools that offer fewer cards throughout are left out"),
  asOf: AsOf,
});
export type Quote = z.infer<typeof Quote>;

export const postQuote = defineOperation({
  id: "postQuote",
  method: "POST",
  path: "/quotes",
  tag: "quotes",
  summary: "What a job of this shape would likely pay",
  description: "Reads published prices and offers only, never the book, and changes nothing: no promise.",
  roles: ["tenant", "operator"],
  names: { "/products/*/product": "published" },
  body: QuoteRequest,
  success: { status: 200, says: "The quote.", body: Quote },
  problems: [422],
});
