// Polygons: which pixels lie inside, exactly. No DOM.
//
// The rule, in whole numbers so that it can be computed again elsewhere:
//  1. A corner at image position (x, y) is snapped to the nearest corner of pixels, floor(x + ½) and floor(y + ½).
//  2. Pixel (i, j) has its centre at (i + ½, j + ½). No snapped corner is ever level with a centre.
//  3. A pixel is inside if and only if the line from its centre to the left, the centre included, meets an odd number of
//     edges (even-odd). So a centre that lies just on an edge belongs to what is to the right of the edge, polygons that
//     share an edge share no pixel, and leave none out.

/** @param {Point} point image position @returns {Point} */
export function corner({ x, y }) {
  return { x: Math.floor(x + 0.5), y: Math.floor(y + 0.5) };
}

/**
 * The runs of pixels inside, row by row.
 * @param {Point[]} corners snapped; the last one is joined to the first
 * @param {number} height rows of the image
 * @returns {Generator<[y: number, x0: number, x1: number]>} x1 exclusive
 */
export function* insideRuns(corners, height) {
  const top = Math.max(Math.min(...ys(corners)), 0);
  const bottom = Math.min(Math.max(...ys(corners)), height);
  /** The first pixel to the right of each edge. @type {number[][]} */
  const starts = Array.from({ length: Math.max(bottom - top, 0) }, () => []);
  for (const [at, to] of corners.entries()) cross(corners.at(at - 1) ?? to, to, top, bottom, starts);
  for (const [row, crossed] of starts.entries()) {
    crossed.sort((a, b) => a - b);
    for (let at = 0; at + 1 < crossed.length; at += 2) {
      if (crossed[at] < crossed[at + 1]) yield [top + row, crossed[at], crossed[at + 1]];
    }
  }
}

/**
 * Notes where an edge crosses each row of centres.
 * @param {Point} from
 * @param {Point} to
 * @param {number} top
 * @param {number} bottom
 * @param {number[][]} starts
 */
function cross(from, to, top, bottom, starts) {
  const [upper, lower] = from.y < to.y ? [from, to] : [to, from];
  const dx = lower.x - upper.x;
  const dy = lower.y - upper.y;
  for (let y = Math.max(upper.y, top); y < Math.min(lower.y, bottom); y++) {
    // x of the edge at the height of the centres, less the half pixel from a centre to its pixel's left side.
    const numerator = 2 * upper.x * dy + (2 * (y - upper.y) + 1) * dx - dy;
    starts[y - top].push(Math.ceil(numerator / (2 * dy)));
  }
}

/** @param {Point[]} points */
function ys(points) {
  return points.map(({ y }) => y);
}
