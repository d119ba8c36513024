/** Random numbers that a seed repeats. */

/** A sequence of random numbers. */
export interface Random {
  /** An integer from 0 up to, but without, `limit`. */
  below(limit: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** The sequence of a seed, by Marsaglia's xorshift. */
export function createRandom(seed: number): Random {
  // Spreads seeds that are close to each other. The state must not be 0.
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  function below(limit: number): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  }
  return { below, pick: (items) => items[below(items.length)]! };
}
