import { NEVER_ALONE } from "./model.ts";
import type { Supply } from "./supply.ts";

/** A gang in one of its pools: it may start in `[from, to - d]`. */
export interface Way {
  readonly pool: number;
  readonly g: number;
  readonly d: number;
  readonly from: number;
  readonly to: number;
  /** Value at the limit less transfer, mills. */
  readonly net: number;
}

/** A gang of one size in one pool. */
interface Room {
  /** Row of `rows`; -1: it fits in every slot. */
  readonly row: number;
  /** What a card pays at least in the slots before t, if the gang is all that is sold; undefined: what the first card costs. */
  readonly paid: Float64Array | undefined;
}

/**
 * Where gangs fit: starts from which the pool has cards enough, and at which the gang could pay the last of its own cards
 * even if nobody else bought anything. All cards of a slot have one price, so at other starts it would lose whatever the
 * prices are (rule 7), and no result may have it there.
 */
export class Rooms {
  readonly rows: Int32Array[];
  readonly #T: number;
  readonly #struckOut: boolean;
  readonly #supply: Supply;
  readonly #fewest: readonly number[];
  readonly #most: readonly number[];
  readonly #firstStep: readonly number[];
  readonly #known: Map<number, Room>[];

  /**
   * @param supply with the capacity that these gangs could have
   * @param struckOut whether starts at which a gang would lose are; else it may start wherever there are cards enough
   * @param rows to which those of these gangs are added
   */
  constructor(T: number, pools: number, supply: Supply, struckOut: boolean, rows: Int32Array[] = []) {
    const { capacity, stepStart, stepCards } = supply;
    this.rows = rows;
    this.#T = T;
    this.#struckOut = struckOut;
    this.#supply = supply;
    const firstSteps = capacity.map((cards, cell) => Math.min(cards, stepCards[stepStart[cell] ?? 0] ?? 0));
    const byPool = (all: Float64Array) =>
      Array.from({ length: pools }, (_, k) => all.subarray(k * T, (k + 1) * T));
    const least = (row: Float64Array) => row.reduce((a, b) => Math.min(a, b), Infinity);
    this.#fewest = byPool(capacity).map(least);
    this.#most = byPool(capacity).map((row) => row.reduce((a, b) => Math.max(a, b), 0));
    this.#firstStep = byPool(firstSteps).map(least);
    this.#known = Array.from({ length: pools }, () => new Map<number, Room>());
  }

  /** Row of `rows`; -1: it may start anywhere; NEVER_ALONE: nowhere. */
  roomOf(way: Way): number {
    const { pool, g } = way;
    if (g > (this.#most[pool] ?? 0)) return NEVER_ALONE;
    if (g <= (this.#firstStep[pool] ?? 0)) return -1;
    const room = this.#known[pool]?.get(g) ?? this.#open(pool, g);
    this.#known[pool]?.set(g, room);
    return room.paid === undefined ? room.row : this.#barred(way, room.row, room.paid);
  }

  #open(pool: number, g: number): Room {
    const { capacity } = this.#supply;
    const T = this.#T;
    if (g <= (this.#fewest[pool] ?? 0)) return { row: -1, paid: this.#paidAlone(pool, g) };
    const row = new Int32Array(T);
    for (let t = T - 1, run = 0; t >= 0; t--) {
      run = (capacity[pool * T + t] ?? 0) >= g ? run + 1 : 0;
      row[t] = run;
    }
    return { row: this.rows.push(row) - 1, paid: this.#paidAlone(pool, g) };
  }

  #paidAlone(pool: number, g: number): Float64Array | undefined {
    if (!this.#struckOut) return undefined;
    const { stepStart, stepCards, stepCost, capacity } = this.#supply;
    const paid = new Float64Array(this.#T + 1);
    let dearer = false;
    for (let t = 0; t < this.#T; t++) {
      const cell = pool * this.#T + t;
      let step = stepStart[cell] ?? 0;
      if ((capacity[cell] ?? 0) >= g)
        for (let left = g - (stepCards[step] ?? 0); left > 0; left -= stepCards[step] ?? 0) {
          step++;
          dearer = true;
        }
      paid[t + 1] = (paid[t] ?? 0) + (stepCost[step] ?? 0);
    }
    return dearer ? paid : undefined;
  }

  /** The row without the starts at which the way would lose; a row of its own if there are any. */
  #barred({ g, d, from, to, net }: Way, open: number, paid: Float64Array): number {
    const runs = this.rows[open];
    const own = runs?.slice() ?? new Int32Array(this.#T).fill(this.#T);
    let barred = false;
    let any = false;
    for (let start = from; start + d <= to; start++) {
      if ((own[start] ?? 0) < d) continue;
      const loses = ((paid[start + d] ?? 0) - (paid[start] ?? 0)) * g > net;
      if (loses) own[start] = 0;
      barred ||= loses;
      any ||= !loses;
    }
    if (!any) return NEVER_ALONE;
    return barred ? this.rows.push(own) - 1 : open;
  }
}
