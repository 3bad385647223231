import { streams } from "../../events/catalog/streams.ts";
import type { CenterId, OwnerId } from "../../events/catalog/values.ts";
import { MillsText } from "../../events/catalog/values.ts";
import { knownState, loadState } from "../../events/store/execute.ts";
import {
  type CenterSpec,
  type CenterState,
  centerDecider,
  type KnownCenter,
  statusOf,
} from "../../market/center.ts";
import type { Center } from "../contract/centers.ts";
import type { Access } from "../kit/host.ts";
import { notFound, problem } from "../kit/problems.ts";

const nothingPosted = MillsText.parse("0");

export function centerResource(state: CenterState, version: number): { body: Center; version: number } {
  if (state.phase === "unknown") throw problem(500, "internal-error", "The center is gone.");
  const { spec, links, guarantee = nothingPosted, reduction } = state;
  const next = reduction === undefined ? {} : { guaranteeNext: reduction.mills };
  const posted = { links: [...links], guarantee, ...next };
  return { body: { ...spec, ...posted, status: statusOf(state), version }, version };
}

/** A center of this owner as it joined. @throws ProblemError 404, the same for what is absent and for what is another's. */
export async function ownCenter(
  { store }: Pick<Access, "store">,
  center: CenterId,
  owner: OwnerId,
): Promise<CenterSpec> {
  return ownedBy(owner, center, await knownState(store, centerDecider, streams.center(center))).spec;
}

/** The same center as it stands now. */
export async function ownCenterNow(
  { store }: Pick<Access, "store">,
  center: CenterId,
  owner: OwnerId,
): Promise<KnownCenter> {
  return ownedBy(owner, center, (await loadState(store, centerDecider, streams.center(center))).state);
}

function ownedBy(owner: OwnerId, center: CenterId, state: CenterState): KnownCenter {
  if (state.phase === "unknown" || state.spec.owner !== owner) throw notFound("center", center);
  return state;
}
