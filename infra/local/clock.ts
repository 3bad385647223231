/**
 * Market time. `at` calls back once when market time reaches the instant (ms since epoch); returns a cancel
 * function. `hold` marks work under way: a jumping clock may not jump while a hold is open. The function that
 * `hold` returns ends it.
 */
export interface MarketClock {
  now(): number;
  at(instantMs: number, due: () => void): () => void;
  hold(): () => void;
}
