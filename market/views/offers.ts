import * as z from "zod";
import { CapacityOffered, type CapacityReclaimed, type OfferEvent } from "../../events/catalog/offer.ts";
import { OfferId, Slot } from "../../events/catalog/values.ts";
import { projectSupply } from "./supply.ts";
import { type At, change, put, remove, type ViewChange, viewKeys } from "./view.ts";

export const OfferView = z.object({
  ...CapacityOffered.data.shape,
  /** What its center took back, oldest first: `left` cards at most from slot `from` on. */
  reclaimed: z.array(z.object({ from: Slot, left: z.int().min(0) })).optional(),
  status: z.enum(["open", "withdrawn", "expired"]),
  version: z.int().min(1),
});
export type OfferView = z.infer<typeof OfferView>;

/** Entry of an owner's list: the offer itself is the item of its stream. */
export const OfferEntry = z.object({ offer: OfferId });

/** @param before the offer's own item as the commits before this one left it. */
export function projectOffer(
  event: OfferEvent,
  at: At,
  before: OfferView | undefined,
): readonly ViewChange[] {
  const { version, time } = at;
  switch (event.type) {
    case "CapacityOffered": {
      const { data } = event;
      const view: OfferView = { ...data, status: "open", version };
      return [
        put(viewKeys.openOffer(data.to, data.offer), view),
        put(viewKeys.offerOf(data.owner, time, data.offer), { offer: data.offer }),
        put(viewKeys.offer(data.offer), view),
        projectSupply(data, 1, at),
      ];
    }
    case "CapacityReclaimed":
      return before === undefined ? [] : reclaim(event.data, at, before);
    case "OfferWithdrawn":
      return [
        ...close(event.data.offer, "withdrawn", version, before),
        ...(before === undefined ? [] : [projectSupply(before, -1, at)]),
      ];
    case "OfferExpired":
      return close(event.data.offer, "expired", version, before);
    default:
      return event satisfies never;
  }
}

function reclaim(
  { from, to, cards, left }: z.infer<typeof CapacityReclaimed.data>,
  at: At,
  before: OfferView,
): readonly ViewChange[] {
  const reclaimed = [...(before.reclaimed ?? []), { from, left }];
  const view: OfferView = { ...before, reclaimed, version: at.version };
  // What a withdrawn offer had left to sell is gone already.
  const open =
    before.status === "open"
      ? [
          put(viewKeys.openOffer(before.to, before.offer), view),
          projectSupply({ ...before, from, to, cards }, -1, at),
        ]
      : [];
  return [put(viewKeys.offer(before.offer), view), ...open];
}

function close(
  offer: OfferId,
  status: "withdrawn" | "expired",
  version: number,
  before: OfferView | undefined,
): readonly ViewChange[] {
  return [
    ...(before === undefined ? [] : [remove(viewKeys.openOffer(before.to, offer))]),
    change(viewKeys.offer(offer), OfferView, (view) =>
      view === undefined ? view : { ...view, status, version },
    ),
  ];
}
