import { expect, test } from "vitest";
import { awardedCards } from "./awarded-cards.ts";

test("cards of two centers in the same slots are cards together", () => {
  const fills = [
    { from: 10, to: 14, cards: 40 },
    { from: 10, to: 14, cards: 24 },
  ];
  expect(awardedCards(fills)).toEqual({ least: 64, most: 64 });
});

test("of fills one after the other, at other prices or with other cards, none is added to the next", () => {
  const fills = [
    { from: 10, to: 12, cards: 8 },
    { from: 12, to: 13, cards: 8 },
    { from: 13, to: 15, cards: 12 },
  ];
  expect(awardedCards(fills)).toEqual({ least: 8, most: 12 });
});

test("a price that changes at one of two centers counts the other's cards once", () => {
  const fills = [
    { from: 10, to: 14, cards: 40 },
    { from: 10, to: 12, cards: 24 },
    { from: 12, to: 14, cards: 24 },
  ];
  expect(awardedCards(fills)).toEqual({ least: 64, most: 64 });
});
