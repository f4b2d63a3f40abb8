// Random enough to choose by: a linear congruential generator with the numbers of Numerical Recipes, 7.1.

/** Number drawn last. */
let state: u32 = 0;

/** 32 bits, of which the upper are the better. */
export function nextRandom(): u32 {
  state = state * 1664525 + 1013904223;
  return state;
}
