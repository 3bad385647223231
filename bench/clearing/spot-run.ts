import { runScript } from "../child-script.ts";
import { type Spread, spreadOf } from "../spread.ts";

/** Spot auctions: a few bids every six minutes. */
export interface SpotRun {
  /** Seconds that each book was given. */
  readonly limit: number;
  /** Seconds until a book's result was as good as in the end. */
  readonly seconds: Spread;
  /** Books whose result is proven to be the optimum: welfare = bound. */
  readonly provenShare: number;
  readonly gap: Spread;
  readonly faults: readonly string[];
}

const PATIENCE_SECONDS = 60;

/** Small books in one process, one after another. @throws Error if not one of them was cleared */
export async function runSpot(count: number, limit: number): Promise<SpotRun> {
  const seconds: number[] = [];
  const gaps: number[] = [];
  const faults: string[] = [];
  const { failure } = await runScript(
    new URL("spot-child.ts", import.meta.url),
    [String(count), String(limit)],
    {
      seconds: 4 * count * limit + PATIENCE_SECONDS,
      take(message) {
        const fields = Object(message);
        seconds.push(Number(fields.seconds));
        gaps.push(Number(fields.gap));
        if (Array.isArray(fields.broken)) faults.push(...fields.broken.map(String));
      },
    },
  );
  if (failure !== null) faults.push(failure);
  if (seconds.length < count) faults.push(`${seconds.length} of ${count} books were cleared`);
  const provenShare = gaps.filter((gap) => gap === 0).length / count;
  return { limit, seconds: spreadOf(seconds), provenShare, gap: spreadOf(gaps), faults };
}
