import type * as z from "zod";
import type { Region } from "../../events/catalog/values.ts";
import { CenterView } from "../../market/views/centers.ts";
import { centersKey } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";
import { problem } from "../kit/problems.ts";

/** Every center of the network, as the lists know it. */
export async function publishedCenters({ views }: Pick<Access, "views">): Promise<CenterView[]> {
  return (await views.list({ pk: centersKey }, CenterView)).map(({ data }) => data);
}

/** A region that no center serves is a slip of the pen: nothing would ever run there. @throws ProblemError 422. */
export function assertRegionsKnown(
  centers: readonly Pick<CenterView, "region" | "homeRegions">[],
  regions: readonly z.infer<typeof Region>[],
): void {
  const known = new Set(centers.flatMap(({ region, homeRegions }) => [region, ...homeRegions]));
  const unknown = regions.findIndex((region) => !known.has(region));
  if (unknown >= 0)
    throw problem(
      422,
      "region-unknown",
      "No center serves this region: GET /market/centers lists region and homeRegions.",
      `/regions/${unknown}`,
    );
}
