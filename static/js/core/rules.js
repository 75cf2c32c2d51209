// The painting rules: what a stroke may write over. No DOM.

/**
 * @typedef {object} Rules
 * @property {"anywhere" | "unlabelled" | "over"} rule where painting changes pixels
 * @property {number} over the only category that may be painted over, where the rule is "over"
 * @property {number[]} locked categories that are neither painted over nor erased
 */

export const RULES = /** @type {const} */ (["anywhere", "unlabelled", "over"]);

/** @type {Rules} */
export const FREE = { rule: "anywhere", over: 0, locked: [] };

/**
 * Which values a stroke may write over, 1 by value; null for all. "Only on unlabelled" does not hold the eraser back: there
 * it would never do anything.
 * @param {Rules} rules
 * @param {number} value what the stroke writes, 0 to erase
 * @returns {Uint8Array | null}
 */
export function guardOf({ rule, over, locked }, value) {
  const anywhere = rule === "anywhere" || (rule === "unlabelled" && value === 0);
  if (anywhere && !locked.length) return null;
  const guard = new Uint8Array(256);
  if (anywhere) guard.fill(1);
  else guard[rule === "over" ? over : 0] = 1;
  for (const category of locked) guard[category] = 0;
  return guard;
}
