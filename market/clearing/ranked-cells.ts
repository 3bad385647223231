/**
 * Cells that a bid may take, in the order in which they were offered, and a heap of their rows: most bids take a few of
 * very many, so that sorting them all would cost most.
 */
export interface RankedCells {
  count: number;
  merit: Float64Array;
  /** By which of the bid's ways. */
  way: Int32Array;
  cell: Int32Array;
  cards: Float64Array;
  /** Rows that wait, so many: the best one first, the children of i at 2 i + 1 and 2 i + 2. Behind them those taken. */
  heap: Int32Array;
  waiting: number;
}

export function rankedCells(): RankedCells {
  return withRoom(256);
}

function withRoom(rows: number): RankedCells {
  return {
    count: 0,
    merit: new Float64Array(rows),
    way: new Int32Array(rows),
    cell: new Int32Array(rows),
    cards: new Float64Array(rows),
    heap: new Int32Array(rows),
    waiting: 0,
  };
}

export function addCell(ranked: RankedCells, merit: number, way: number, cell: number, cards: number): void {
  if (ranked.count === ranked.cell.length) grow(ranked);
  const at = ranked.count++;
  ranked.merit[at] = merit;
  ranked.way[at] = way;
  ranked.cell[at] = cell;
  ranked.cards[at] = cards;
}

/** To be called when all cells are in, before the first `nextBest`. */
export function rankCells(ranked: RankedCells): void {
  const { heap, count } = ranked;
  for (let row = 0; row < count; row++) heap[row] = row;
  ranked.waiting = count;
  for (let at = (count >> 1) - 1; at >= 0; at--) sink(ranked, at);
}

/** The row of the next cell by falling merit, of equal ones the first that came in; -1: none is left. */
export function nextBest(ranked: RankedCells): number {
  if (ranked.waiting === 0) return -1;
  const { heap } = ranked;
  const best = heap[0] ?? -1;
  ranked.waiting--;
  heap[0] = heap[ranked.waiting] ?? 0;
  heap[ranked.waiting] = best;
  sink(ranked, 0);
  return best;
}

function sink(ranked: RankedCells, from: number): void {
  const { heap, waiting } = ranked;
  const row = heap[from] ?? 0;
  let at = from;
  for (let child = 2 * at + 1; child < waiting; child = 2 * at + 1) {
    if (child + 1 < waiting && goesBefore(ranked, heap[child + 1] ?? 0, heap[child] ?? 0)) child++;
    const other = heap[child] ?? 0;
    if (!goesBefore(ranked, other, row)) break;
    heap[at] = other;
    at = child;
  }
  heap[at] = row;
}

function goesBefore({ merit }: RankedCells, one: number, other: number): boolean {
  const a = merit[one] ?? 0;
  const b = merit[other] ?? 0;
  return a > b || (a === b && one < other);
}

function grow(ranked: RankedCells): void {
  const { count, merit, way, cell, cards } = ranked;
  Object.assign(ranked, withRoom(count * 2), { count });
  ranked.merit.set(merit);
  ranked.way.set(way);
  ranked.cell.set(cell);
  ranked.cards.set(cards);
}
