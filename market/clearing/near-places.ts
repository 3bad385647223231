import { leastFrom, type PriceTables } from "./guide.ts";
import { DIV, type Model, NEVER_ALONE } from "./model.ts";
import { stagingPrice } from "./staging.ts";

/** Places in single pools at which gangs lose little at the guide: those of a bid from `first[bid]` on. */
export interface NearPlaces {
  readonly first: Int32Array;
  readonly way: Int32Array;
  readonly start: Int32Array;
}

/** Places of one gang at most. */
const MOST = 60;

interface Found {
  readonly ways: number[];
  readonly starts: number[];
  /** Mills, at the guide. */
  readonly gains: number[];
}

/**
 * @param surplus of each bid at the guide, mills
 * @param most mills: places where a bid loses more than so much against its best choice are left out
 */
export function nearPlaces(
  model: Model,
  guide: PriceTables,
  surplus: Float64Array,
  most: number,
): NearPlaces {
  const first = new Int32Array(model.bids + 1);
  const ways: number[] = [];
  const starts: number[] = [];
  for (let bid = 0; bid < model.bids; bid++) {
    first[bid] = ways.length;
    if (model.kind[bid] === DIV) continue;
    const found = placesOf(model, guide, bid, (surplus[bid] ?? 0) - most);
    const least = leastOfMost(found.gains);
    for (let i = 0; i < found.ways.length; i++) {
      if ((found.gains[i] ?? 0) < least) continue;
      ways.push(found.ways[i] ?? 0);
      starts.push(found.starts[i] ?? 0);
    }
  }
  first[model.bids] = ways.length;
  return { first, way: Int32Array.from(ways), start: Int32Array.from(starts) };
}

/** The least gain among as many of the best as are kept. */
function leastOfMost(gains: readonly number[]): number {
  return gains.length <= MOST ? -Infinity : (Float64Array.from(gains).sort().at(-MOST) ?? -Infinity);
}

/** Places at which a gang gains more than `least` mills at the guide. */
function placesOf(model: Model, guide: PriceTables, bid: number, least: number): Found {
  const { T, wayStart, wayPool, wayD, wayNet, wayRoom, waySpan, rooms } = model;
  const { sums, links } = guide;
  const found: Found = { ways: [], starts: [], gains: [] };
  const g = model.g[bid] ?? 0;
  const from = model.from[bid] ?? 0;
  for (let way = wayStart[bid] ?? 0, end = wayStart[bid + 1] ?? 0; way < end; way++) {
    const d = wayD[way] ?? 0;
    const last = (model.to[bid] ?? 0) - d;
    const net = wayNet[way] ?? 0;
    if (wayRoom[way] === NEVER_ALONE || net - leastFrom(guide, waySpan[way] ?? 0, from, last) * g <= least)
      continue;
    const room = rooms[wayRoom[way] ?? -1];
    const at = (wayPool[way] ?? 0) * (T + 1);
    for (let start = from; start <= last; start++) {
      if (room && (room[start] ?? 0) < d) continue;
      const price = ((sums[at + start + d] ?? 0) - (sums[at + start] ?? 0)) * g;
      const gain = net - price - stagingPrice(model, links, way, start);
      if (gain <= least) continue;
      found.ways.push(way);
      found.starts.push(start);
      found.gains.push(gain);
    }
  }
  return found;
}
