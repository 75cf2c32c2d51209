// Which parts of an image superpixel maps are made for. No DOM.

/** @typedef {{ x: number, y: number, width: number, height: number }} Region */

const LARGEST = 2048; // an image that fits is one region
const SIDE = 1024; // of the regions of larger ones
export const KEPT = 12; // regions at most

/**
 * @param {number} width of the image
 * @param {number} height
 */
export function isGrid(width, height) {
  return Math.max(width, height) > LARGEST;
}

/**
 * The regions of an image that are in view, nearest to the middle of the view first.
 * @param {number} width of the image
 * @param {number} height
 * @param {Rect} visible in image pixels
 * @returns {Region[]}
 */
export function regionsInView(width, height, visible) {
  if (!isGrid(width, height)) return [{ x: 0, y: 0, width, height }];
  const [left, right] = [Math.max(visible.x0, 0), Math.min(visible.x1, width)];
  const [top, bottom] = [Math.max(visible.y0, 0), Math.min(visible.y1, height)];
  const regions = [];
  for (let y = Math.floor(top / SIDE) * SIDE; y < bottom; y += SIDE) {
    for (let x = Math.floor(left / SIDE) * SIDE; x < right; x += SIDE) {
      regions.push({ x, y, width: Math.min(SIDE, width - x), height: Math.min(SIDE, height - y) });
    }
  }
  return nearestFirst(regions, visible);
}

/**
 * @template {Region} T
 * @param {T[]} regions
 * @param {Rect} visible
 */
export function nearestFirst(regions, visible) {
  const [x, y] = [(visible.x0 + visible.x1) / 2, (visible.y0 + visible.y1) / 2];
  const distance = (/** @type {Region} */ region) =>
    Math.hypot(region.x + region.width / 2 - x, region.y + region.height / 2 - y);
  return regions.toSorted((one, other) => distance(one) - distance(other));
}

/** @param {Region} region */
export function keyOf({ x, y }) {
  return `${x}/${y}`;
}
