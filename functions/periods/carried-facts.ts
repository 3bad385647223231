import type { Period } from "../../events/catalog/values.ts";
import type { MatchFact } from "../../market/settlement/match-facts.ts";
import type { Access } from "../kit/host.ts";
import { bucketOf, partsOf } from "./close-parts.ts";
import { loadPeriod } from "./open-period.ts";
import { Carried, places, readResults, saveResult } from "./partial-results.ts";

/** The match of the next day needs them, however late it comes. */
const keptDays = 400;

/** A bucket of all those of a day. */
export interface OwnBucket {
  readonly bucket: number;
  readonly buckets: number;
}

export async function saveCarried(
  access: Access,
  period: Period,
  bucket: number,
  facts: readonly MatchFact[],
): Promise<void> {
  await saveResult(access, places.carried(period, bucket), facts, keptDays);
}

/**
 * What the match of a closed day left to a bucket of the next, which may have been cut into other buckets.
 * @throws Error if it was lost
 */
export async function carriedFrom(access: Access, period: Period, own: OwnBucket): Promise<MatchFact[]> {
  const state = await loadPeriod(access, period);
  // Before the first day there was none, and one that was closed without a cut-off was closed without a match.
  if (state.phase === "unknown" || state.cutOff === undefined) return [];
  const parts = partsOf(state.cutOff.position - state.afterPosition);
  const all = await readResults(access, places.carried(period, 0).pk, parts, Carried);
  return all.flat().filter(({ key }) => bucketOf(key, own.buckets) === own.bucket);
}
