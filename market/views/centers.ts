import * as z from "zod";
import { type CenterEvent, CenterJoined, LinkSpec } from "../../events/catalog/center.ts";
import { type CenterId, MillsText } from "../../events/catalog/values.ts";
import { change, put, type ViewChange, viewKeys } from "./view.ts";

export const CenterView = z.object({
  ...CenterJoined.data.shape,
  links: z.array(LinkSpec),
  guarantee: MillsText,
  status: z.enum(["joined", "lost", "suspended"]),
  /** Also while it is lost. */
  suspended: z.boolean().optional(),
  version: z.int().min(1),
});
export type CenterView = z.infer<typeof CenterView>;

const nothingPosted = MillsText.parse("0");

export function projectCenter(event: CenterEvent, version: number): readonly ViewChange[] {
  const patched = (center: CenterId, fieldsOf: (view: CenterView) => Partial<CenterView>) => [
    change(viewKeys.center(center), CenterView, (view) =>
      view === undefined ? view : { ...view, ...fieldsOf(view), version },
    ),
  ];
  const patch = (center: CenterId, fields: Partial<CenterView>) => patched(center, () => fields);
  switch (event.type) {
    case "CenterJoined":
      return [
        put<CenterView>(viewKeys.center(event.data.center), {
          ...event.data,
          links: [],
          guarantee: nothingPosted,
          status: "joined",
          version,
        }),
      ];
    case "LinksDeclared":
      return patch(event.data.center, { links: event.data.links });
    case "GuaranteePosted":
      return patch(event.data.center, { guarantee: event.data.mills });
    case "GuaranteeReductionRequested":
      return patch(event.data.center, {});
    case "GuaranteeDrawn":
      return patch(event.data.center, { guarantee: event.data.left });
    case "CenterSuspended":
    case "CenterReinstated": {
      const suspended = event.type === "CenterSuspended";
      const onMarket = suspended ? "suspended" : "joined";
      return patched(event.data.center, ({ status }) => ({
        suspended,
        status: status === "lost" ? status : onMarket,
      }));
    }
    case "CenterLost":
      return patch(event.data.center, { status: "lost" });
    case "CenterReturned":
      return patched(event.data.center, ({ suspended }) => ({
        status: suspended === true ? "suspended" : "joined",
      }));
    default:
      return event satisfies never;
  }
}
