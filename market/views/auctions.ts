import * as z from "zod";
import { AuctionCleared, type AuctionEvent, CurvePoint, GateClosed } from "../../events/catalog/auction.ts";
import { AuctionNumber, MillsText } from "../../events/catalog/values.ts";
import { projectPrices } from "./prices.ts";
import { change, put, type ViewChange, viewKeys } from "./view.ts";

const { session, position, at, gate, from, to, reruns } = GateClosed.data.shape;
const { bids, awards, cardSlots, value } = AuctionCleared.data.shape;

export const AuctionView = z.object({
  auction: AuctionNumber,
  session,
  status: z.enum(["closed", "solved", "cleared", "voided"]),
  position,
  at,
  gate,
  from,
  to,
  reruns,
  bids: bids.optional(),
  awards: awards.optional(),
  cardSlots: cardSlots.optional(),
  value: value.optional(),
  welfare: MillsText.optional(),
  bound: MillsText.optional(),
  reason: z.string().optional(),
});
export type AuctionView = z.infer<typeof AuctionView>;

/** Anonymous demand and supply of a cleared auction. */
export const CurvesView = z.object({
  auction: AuctionNumber,
  demand: z.array(CurvePoint),
  supply: z.array(CurvePoint),
});
export type CurvesView = z.infer<typeof CurvesView>;

export function projectAuction(event: AuctionEvent): readonly ViewChange[] {
  const patch = (fields: Partial<AuctionView>) =>
    change(viewKeys.auction(event.data.auction), AuctionView, (view) =>
      view === undefined ? view : { ...view, ...fields },
    );
  switch (event.type) {
    case "GateClosed":
      return [put<AuctionView>(viewKeys.auction(event.data.auction), { ...event.data, status: "closed" })];
    case "AuctionSolved":
      return [
        patch({
          status: "solved",
          bids: event.data.bids,
          welfare: event.data.welfare,
          bound: event.data.bound,
        }),
      ];
    case "AwardsPublished":
      return projectPrices(event.data.auction, event.data.prices);
    case "AuctionCleared": {
      const { auction, demand, supply, bids, awards, cardSlots, value, welfare, bound } = event.data;
      return [
        patch({ status: "cleared", bids, awards, cardSlots, value, welfare, bound }),
        put<CurvesView>(viewKeys.curves(auction), { auction, demand, supply }),
      ];
    }
    case "AuctionVoided":
      return [patch({ status: "voided", reason: event.data.reason })];
    default:
      return event satisfies never;
  }
}
