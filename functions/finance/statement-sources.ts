import type { Period } from "../../events/catalog/values.ts";
import type { Party } from "../../market/settlement/statements.ts";
import { CorrectionView } from "../../market/views/statements.ts";
import { correctionsOf, sortable } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";
import { loadPeriod } from "../periods/open-period.ts";

/** Corrections that a document names at most. */
const correctionsMax = 1000;

/** Pages of the feed that a day's statements follow from, and the corrections among them that a party's names. */
export async function statementSources(
  access: Pick<Access, "store" | "views">,
  party: Party,
  period: Period,
) {
  const state = await loadPeriod(access, period);
  if (state.phase === "unknown" || state.cutOff === undefined)
    throw new Error(`${party} has a statement of ${period}, which was not cut off`);
  const { afterPosition: after, cutOff } = state;
  const { position, feedHash: hash } = cutOff;
  const range = { pk: correctionsOf(party), after: `${sortable(after)}~`, limit: correctionsMax };
  const found = await access.views.list(range, CorrectionView);
  const end = `${sortable(position)}~`;
  const corrections = found.filter(({ sk }) => sk < end).map(({ data }) => data);
  return { corrections, feed: { after, position, hash } };
}
