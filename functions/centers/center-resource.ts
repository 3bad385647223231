import { streams } from "../../events/catalog/streams.ts";
import type { CenterId, OwnerId } from "../../events/catalog/values.ts";
import { MillsText } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { type CenterState, centerDecider, type KnownCenter } from "../../market/center.ts";
import type { Center } from "../contract/centers.ts";
import type { Access } from "../kit/host.ts";
import { notFound, problem } from "../kit/problems.ts";

const nothingPosted = MillsText.parse("0");

export function centerResource(state: CenterState, version: number): { body: Center; version: number } {
  if (state.phase === "unknown") throw problem(500, "internal-error", "The center is gone.");
  const { spec, links, guarantee = nothingPosted, phase } = state;
  return { body: { ...spec, links: [...links], guarantee, status: phase, version }, version };
}

/** A center of this owner. @throws ProblemError 404, the same for what is absent and for what is another's. */
export async function ownCenter(
  { store }: Pick<Access, "store">,
  center: CenterId,
  owner: OwnerId,
): Promise<{ state: KnownCenter; version: number }> {
  const { state, version } = await loadState(store, centerDecider, streams.center(center));
  if (state.phase === "unknown" || state.spec.owner !== owner) throw notFound("center", center);
  return { state, version };
}
