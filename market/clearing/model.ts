export const BLOCK = 0;
export const SPLIT = 1;
export const DIV = 2;

/** A way whose pool offers the whole gang nowhere, or only where it would lose: it serves only as a part of a split. */
export const NEVER_ALONE = -2;

/**
 * A book in columns. A cell is pool x T + slot; its offers are steps of rising cost, `stepStart[cell]` up to
 * `stepStart[cell + 1]`. Bids stand in the order of ties (rank, then id), so nothing depends on the order of input.
 * The ways of a bid, `wayStart[bid]` up to `wayStart[bid + 1]`, are the pools that may serve it, the start being free
 * within the window; its pairs are two ways of one product with a link between them.
 */
export interface Model {
  readonly T: number;
  readonly tick: number;
  readonly slotSeconds: number;
  readonly pools: number;
  readonly links: number;
  readonly poolCenter: Int32Array;
  readonly poolProduct: Int32Array;
  readonly stepStart: Int32Array;
  readonly stepCards: Float64Array;
  readonly stepCost: Float64Array;
  /** Cards offered in each cell; and those of them that their center cannot reclaim. */
  readonly capacity: Float64Array;
  readonly firmCapacity: Float64Array;
  /** Some cards may be reclaimed. */
  readonly anyReclaimable: boolean;
  /** Cost of the first card of each cell; 0 where nothing is offered. */
  readonly cheapest: Float64Array;
  /** Gigabits per slot of each link. */
  readonly linkCapacity: Float64Array;

  /** Rows of bids: a service has two, its floor (a block) and right after it what it takes beyond (a div). */
  readonly bids: number;
  /** Index in the book. */
  readonly index: Int32Array;
  readonly kind: Uint8Array;
  readonly g: Int32Array;
  /** Cards of all gangs that have a way, together. */
  readonly gangCards: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Div only: parts of the budget in all, of which a card-slot of a way takes `wayUnit`. */
  readonly budget: Float64Array;
  /** 1: it may hold cards that may be reclaimed. */
  readonly reclaimable: Uint8Array;
  /** Row of `groups`, whose members exclude one another; -1: none. */
  readonly group: Int32Array;
  readonly groups: readonly (readonly number[])[];
  /** The bid without which it gets nothing, -1: none; and the other way round. */
  readonly parent: Int32Array;
  readonly children: ReadonlyMap<number, readonly number[]>;

  readonly wayStart: Int32Array;
  readonly wayPool: Int32Array;
  readonly wayD: Int32Array;
  readonly wayLimit: Float64Array;
  /** Limit x g x d less transfer, mills; of a div bid 0. */
  readonly wayNet: Float64Array;
  /** Link of the staging, -1 if none; its gigabits in each slot; slots before the start, 0: in the start slot. */
  readonly wayLink: Int32Array;
  readonly wayGigabits: Float64Array;
  readonly wayStage: Int32Array;
  readonly wayUnit: Float64Array;
  /** Row of `rooms`; -1: the whole gang may start anywhere; NEVER_ALONE: nowhere. */
  readonly wayRoom: Int32Array;
  /** Slots in a row, from each slot on, in which so many cards are offered; 0 where the gang would lose at any prices. */
  readonly rooms: readonly Int32Array[];
  /** Row of `spans`: the pool and the slots of the way. */
  readonly waySpan: Int32Array;
  readonly spanPool: Int32Array;
  readonly spanD: Int32Array;

  readonly pairStart: Int32Array;
  readonly pairFirst: Int32Array;
  readonly pairSecond: Int32Array;
  readonly pairLink: Int32Array;
  /** Reserved on the link in every slot. */
  readonly pairGigabits: Float64Array;
  readonly pairChunk: Int32Array;
  readonly pairNet: Float64Array;
}

/** Cards of each cell that a bid could have if it came alone. */
export function offeredTo({ capacity, firmCapacity, reclaimable }: Model, bid: number): Float64Array {
  return reclaimable[bid] === 1 ? capacity : firmCapacity;
}

/** Of a cell there are more cards than a bid could have, for it takes firm ones only: beyond these it competes with nobody. */
export function isBarredFrom(model: Model, bid: number, cell: number): boolean {
  return (offeredTo(model, bid)[cell] ?? 0) < (model.capacity[cell] ?? 0);
}
