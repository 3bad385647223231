import * as z from "zod";
import {
  AuctionNumber,
  Cards,
  CenterId,
  JobId,
  LinkId,
  MillsText,
  PlacementId,
  Price,
  ProductId,
  Session,
  Slot,
} from "./values.ts";

/** Cards of one pool over `[from, to)` at one price; a gang's and a service's fills cover all its slots. */
export const Fill = z.object({
  center: CenterId,
  product: ProductId,
  from: Slot,
  to: Slot,
  cards: Cards,
  /** Clearing price, fen per card-hour: each card and slot costs as many mills. */
  price: Price,
});
export type Fill = z.infer<typeof Fill>;

/** What an award takes of one link; staged data go over it before the award's own first slot. */
export const LinkUse = z.object({
  link: LinkId,
  from: Slot,
  to: Slot,
  /** Whole gigabits in each slot of the range. */
  gigabits: z.int().min(0),
  /** Cleared link charge, in mills, for the whole range. */
  charge: MillsText,
  /** Transfer (GB moved x price per GB), in mills, once. */
  transfer: MillsText,
});
export type LinkUse = z.infer<typeof LinkUse>;

/** What an auction gave a job: immutable. */
export const Award = z.object({
  placement: PlacementId,
  job: JobId,
  auction: AuctionNumber,
  /** Session of that auction, which sets the release fee; absent: the job's own session. */
  session: Session.optional(),
  /** 1 for a job's first award, counted on over continuations and displacements. */
  stretch: z.int().min(1),
  /** The award extends the running one before it, in the same pool. */
  continues: z.boolean(),
  from: Slot,
  to: Slot,
  fills: z.array(Fill).min(1).max(2000),
  links: z.array(LinkUse).max(16),
  /** Sum of price x cards x slots over the fills, in mills. */
  value: MillsText,
});
export type Award = z.infer<typeof Award>;
