// Where two label maps of one image differ. No DOM.

import { PLANE, TILE } from "./tiles.js";

/** @import { LabelMap } from "./tiles.js" */

const NOTHING = new Uint8Array(2 * PLANE);

/**
 * How many pixels have another label, and the smallest rectangle that holds them.
 * @param {LabelMap} one
 * @param {LabelMap} other
 * @returns {{ pixels: number, bounds: Rect | null }}
 */
export function difference(one, other) {
  let pixels = 0;
  /** @type {Rect | null} */
  let bounds = null;
  for (const key of new Set([...one.tiles.keys(), ...other.tiles.keys()])) {
    const [a, b] = [one.tiles.get(key) ?? NOTHING, other.tiles.get(key) ?? NOTHING];
    const { x0, y0 } = one.bounds(key);
    for (let at = 0; at < PLANE; at++) {
      if (a[at] === b[at]) continue;
      pixels++;
      const [x, y] = [x0 + (at & (TILE - 1)), y0 + (at >> 8)];
      if (!bounds) bounds = { x0: x, y0: y, x1: x + 1, y1: y + 1 };
      else grow(bounds, x, y);
    }
  }
  return { pixels, bounds };
}

/**
 * @param {Rect} rect
 * @param {number} x
 * @param {number} y
 */
function grow(rect, x, y) {
  rect.x0 = Math.min(rect.x0, x);
  rect.y0 = Math.min(rect.y0, y);
  rect.x1 = Math.max(rect.x1, x + 1);
  rect.y1 = Math.max(rect.y1, y + 1);
}
