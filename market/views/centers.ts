import * as z from "zod";
import { type CenterEvent, CenterJoined, LinkSpec } from "../../events/catalog/center.ts";
import { type CenterId, MillsText } from "../../events/catalog/values.ts";
import { change, put, type ViewChange, viewKeys } from "./view.ts";

export const CenterView = z.object({
  ...CenterJoined.data.shape,
  links: z.array(LinkSpec),
  guarantee: MillsText,
  status: z.enum(["joined", "lost"]),
  version: z.int().min(1),
});
export type CenterView = z.infer<typeof CenterView>;

const nothingPosted = MillsText.parse("0");

export function projectCenter(event: CenterEvent, version: number): readonly ViewChange[] {
  const patch = (center: CenterId, fields: Partial<CenterView>) => [
    change(viewKeys.center(center), CenterView, (view) =>
      view === undefined ? view : { ...view, ...fields, version },
    ),
  ];
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
    case "GuaranteeDrawn":
      return patch(event.data.center, { guarantee: event.data.left });
    case "CenterSuspended":
    case "CenterReinstated":
      return [];
    case "CenterLost":
      return patch(event.data.center, { status: "lost" });
    case "CenterReturned":
      return patch(event.data.center, { status: "joined" });
    default:
      return event satisfies never;
  }
}
