/** Cells that a bid may take, by falling merit; of equal ones the first that came in. Rows beyond `count` mean nothing. */
export interface RankedCells {
  count: number;
  merit: Float64Array;
  /** By which of the bid's ways. */
  way: Int32Array;
  cell: Int32Array;
  cards: Float64Array;
  /** Mills for each card. */
  cost: Float64Array;
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
    cost: new Float64Array(rows),
  };
}

/** Puts a cell behind all of the same or greater merit. */
export function rank(
  ranked: RankedCells,
  merit: number,
  way: number,
  cell: number,
  cards: number,
  cost: number,
): void {
  if (ranked.count === ranked.cell.length) grow(ranked);
  let at = ranked.count++;
  for (; at > 0 && (ranked.merit[at - 1] ?? 0) < merit; at--) copyRow(ranked, at - 1, at);
  ranked.merit[at] = merit;
  ranked.way[at] = way;
  ranked.cell[at] = cell;
  ranked.cards[at] = cards;
  ranked.cost[at] = cost;
}

function copyRow({ merit, way, cell, cards, cost }: RankedCells, from: number, to: number): void {
  merit[to] = merit[from] ?? 0;
  way[to] = way[from] ?? 0;
  cell[to] = cell[from] ?? 0;
  cards[to] = cards[from] ?? 0;
  cost[to] = cost[from] ?? 0;
}

function grow(ranked: RankedCells): void {
  const { count, merit, way, cell, cards, cost } = ranked;
  Object.assign(ranked, withRoom(count * 2), { count });
  ranked.merit.set(merit);
  ranked.way.set(way);
  ranked.cell.set(cell);
  ranked.cards.set(cards);
  ranked.cost.set(cost);
}
