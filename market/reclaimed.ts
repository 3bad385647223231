/** From slot `from` on an offer has `left` cards at most: the center took the others back. */
export interface Reclaimed {
  readonly from: number;
  readonly left: number;
}

/** Cards that an offer of so many has in a slot of its window. */
export function cardsLeft(cards: number, reclaims: readonly Reclaimed[], slot: number): number {
  return reclaims.reduce((left, one) => (one.from <= slot ? Math.min(left, one.left) : left), cards);
}
