import { streams } from "../../events/catalog/streams.ts";
import type { CenterId } from "../../events/catalog/values.ts";
import { knownState } from "../../events/store/execute.ts";
import { centerDecider } from "../../market/center.ts";
import type { Caller } from "../kit/caller.ts";
import type { Access } from "../kit/host.ts";
import { notFound } from "../kit/problems.ts";

/** @throws ProblemError 404, the same for what is absent and for what is another's. */
export async function visibleCenter(
  { store }: Pick<Access, "store">,
  center: CenterId,
  { owner }: Pick<Caller, "owner">,
  seesAll: boolean,
): Promise<void> {
  const state = await knownState(store, centerDecider, streams.center(center));
  if (state.phase === "unknown" || (!seesAll && state.spec.owner !== owner)) throw notFound("center", center);
}
