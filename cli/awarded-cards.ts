interface Fill {
  readonly from: number;
  readonly to: number;
  readonly cards: number;
}

/** The fewest and the most cards that an award has in any slot in which it has some, over all of its centers. */
export function awardedCards(fills: readonly Fill[]): { readonly least: number; readonly most: number } {
  const cardsIn = (slot: number) =>
    fills.reduce((sum, { from, to, cards }) => (from <= slot && slot < to ? sum + cards : sum), 0);
  // Cards change only where a fill begins or ends.
  const edges = fills.flatMap(({ from, to }) => [from, to]);
  const counts = edges.map(cardsIn).filter((cards) => cards > 0);
  return { least: Math.min(...counts), most: Math.max(...counts) };
}
