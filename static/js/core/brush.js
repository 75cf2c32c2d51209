// The brush: which pixels a stroke covers, exactly. No DOM.
//
// The rule, in half pixels so that every step is integer arithmetic and can be computed again elsewhere:
//  1. The pointer at image position (x, y) is snapped: to the centre of its pixel for an odd diameter,
//     2·floor(x) + 1; to the nearest corner of pixels for an even one, 2·floor(x + ½). The same for y.
//  2. Pixel (i, j) has its centre at (2i + 1, 2j + 1).
//  3. Between two samples P and Q a pixel is painted if and only if the distance of its centre to the segment PQ is
//     at most d half pixels (the radius; d is the diameter in pixels). A first touch is the segment PP.
//     With the pressure of a pen, d is that of the sample Q; both ends are snapped for it.
// So diameter 1 paints the one pixel under the pointer, 2 paints 2 × 2, 3 paints 3 × 3, and no speed leaves a gap.

const LARGEST = 1024; // image pixels; a brush of the screen over a whole slide

/**
 * A diameter in image pixels. One of the screen is finer in the image the closer one looks.
 * @param {number} diameter
 * @param {"image" | "screen"} unit
 * @param {number} scale screen pixels an image pixel
 */
export function inImage(diameter, unit, scale) {
  return unit === "image" ? diameter : Math.min(Math.max(Math.round(diameter / scale), 1), LARGEST);
}

/**
 * @param {number} position image position in pixels
 * @param {number} diameter
 * @returns {number} half pixels
 */
export function snap(position, diameter) {
  return diameter % 2 ? 2 * Math.floor(position) + 1 : 2 * Math.floor(position + 0.5);
}

/**
 * Calls `span(y, x0, x1)` for each row, x1 exclusive; all inputs are snapped half pixels.
 * @param {number} px
 * @param {number} py
 * @param {number} qx
 * @param {number} qy
 * @param {number} diameter
 * @param {(y: number, x0: number, x1: number) => void} span
 */
export function capsule(px, py, qx, qy, diameter, span) {
  const bounds = capsuleBounds(px, py, qx, qy, diameter);
  const dx = qx - px;
  const dy = qy - py;
  const lengthSquared = dx * dx + dy * dy;
  const band = Math.floor(Math.sqrt(diameter * diameter * lengthSquared));
  for (let y = bounds.y0; y < bounds.y1; y++) {
    const v = 2 * y + 1 - py;
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const [center, w] of /** @type {const} */ ([
      [px, v],
      [qx, 2 * y + 1 - qy],
    ])) {
      if (Math.abs(w) > diameter) continue;
      const half = Math.floor(Math.sqrt(diameter * diameter - w * w));
      first = Math.min(first, center - half);
      last = Math.max(last, center + half);
    }
    const [low, high] = bandRange(dx, dy, v, lengthSquared, band);
    first = Math.min(first, px + low);
    last = Math.max(last, px + high);
    const x0 = Math.ceil((first - 1) / 2);
    const x1 = Math.floor((last - 1) / 2) + 1;
    if (x1 > x0) span(y, x0, x1);
  }
}

/**
 * The integers u, relative to P, whose points (u, v) lie beside the segment and within the band around it. The
 * capsule is convex, so both ends may be widened to the discs without a look at what lies between.
 * @param {number} dx
 * @param {number} dy
 * @param {number} v
 * @param {number} lengthSquared
 * @param {number} band largest |dx·v − dy·u|
 * @returns {[number, number]} first and last; first > last when there is none
 */
function bandRange(dx, dy, v, lengthSquared, band) {
  if (lengthSquared === 0) return NONE;
  const across = solve(dy, dx * v - band, dx * v + band);
  const along = solve(dx, -dy * v, lengthSquared - dy * v);
  const low = Math.max(across[0], along[0]);
  const high = Math.min(across[1], along[1]);
  return low <= high ? [low, high] : NONE;
}

/**
 * The integers u with low ≤ factor·u ≤ high.
 * @param {number} factor
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function solve(factor, low, high) {
  if (factor > 0) return [Math.ceil(low / factor), Math.floor(high / factor)];
  if (factor < 0) return [Math.ceil(high / factor), Math.floor(low / factor)];
  return low <= 0 && 0 <= high ? ALL : NONE;
}

/** @type {[number, number]} */
const ALL = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
/** @type {[number, number]} */
const NONE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/**
 * A rectangle of pixels that holds the capsule.
 * @param {number} px
 * @param {number} py
 * @param {number} qx
 * @param {number} qy
 * @param {number} diameter
 * @returns {Rect}
 */
export function capsuleBounds(px, py, qx, qy, diameter) {
  return {
    x0: Math.ceil((Math.min(px, qx) - diameter - 1) / 2),
    y0: Math.ceil((Math.min(py, qy) - diameter - 1) / 2),
    x1: Math.floor((Math.max(px, qx) + diameter - 1) / 2) + 1,
    y1: Math.floor((Math.max(py, qy) + diameter - 1) / 2) + 1,
  };
}
