import { streams } from "../../events/catalog/streams.ts";
import { CenterId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import { onLambda } from "../kit/lambda.ts";
import { subscriber } from "../kit/subscriber.ts";
import { displacePlacements } from "./displaced-placements.ts";

/** A center was lost: its placements go back to the book. */
export const create = subscriber(async (access, { id }) => {
  const center = CenterId.parse(id);
  const { state } = await loadState(access.store, centerDecider, streams.center(center));
  if (state.phase === "lost") await displacePlacements(access, center);
});
export const handler = onLambda(create);
