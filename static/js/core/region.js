// Where on the image the next superpixel map is calculated. No DOM.

const LARGEST = 2048;
const STEP = 128;

/**
 * What is visible, widened to multiples of 128 px so that a small pan asks for the same region again, and at most
 * 2048 px a side around the middle. An image that fits is taken whole.
 * @param {number} width of the image
 * @param {number} height
 * @param {Rect} visible in image pixels
 */
export function superpixelRegion(width, height, visible) {
  const [x, right] = range(width, visible.x0, visible.x1);
  const [y, bottom] = range(height, visible.y0, visible.y1);
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * @param {number} size
 * @param {number} from
 * @param {number} to
 * @returns {[number, number]}
 */
function range(size, from, to) {
  if (size <= LARGEST) return [0, size];
  const start = Math.min(Math.floor(Math.max(from, 0) / STEP) * STEP, size - STEP);
  const end = Math.max(Math.min(Math.ceil(to / STEP) * STEP, size), start + STEP);
  if (end - start <= LARGEST) return [start, end];
  const middle = Math.round(((start + end) / 2 - LARGEST / 2) / STEP) * STEP;
  return [middle, middle + LARGEST];
}
