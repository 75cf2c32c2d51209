// Random numbers that are the same in every run.

/** @param {number} seed */
export function randomness(seed) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    /** @param {number} low @param {number} high inclusive */
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    next,
  };
}
