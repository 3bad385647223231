/** A fixed row of pseudo-random numbers: the search looks about, and does so alike wherever it runs. */
export interface Draw {
  /** In [0, 1). */
  fraction(): number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
}

/** Xorshift32 (Marsaglia, "Xorshift RNGs", 2003). @param seed not 0 */
export function drawing(seed: number): Draw {
  let state = seed | 0;
  const fraction = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  return { fraction, below: (limit) => Math.floor(fraction() * limit) };
}
