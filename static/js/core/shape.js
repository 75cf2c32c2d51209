// One segment as a person sees it: nodes of one or more maps, joined across seams. No DOM.

/** @import { Segments } from "./segments.js" */

/**
 * @typedef {object} Part
 * @property {Segments} map
 * @property {number} node of the map's tree
 */

export class Shape {
  /** @param {Part[]} parts */
  constructor(parts) {
    this.parts = parts;
    this.bounds = parts.map(boundsOf).reduce(union);
  }

  /**
   * @param {number} x image pixel
   * @param {number} y
   */
  contains(x, y) {
    return this.parts.some((part) => holds(part, part.map.idAt(x, y)));
  }

  /** How strongly its worst part is of two colours, in units of its own map's threshold: alarming above 1. */
  get alarm() {
    return Math.max(...this.parts.map(({ map: { tree }, node }) => tree.straddle[node] / Math.max(tree.alarm, 1)));
  }

  /**
   * Calls `span(y, x0, x1, provenance)` in image pixels for each run, x1 exclusive.
   * @param {(y: number, x0: number, x1: number, provenance: number) => void} span
   */
  forEachRun(span) {
    for (const part of this.parts) runsOf(part, span);
  }

  /**
   * Pixels of the box that belong to the shape, row by row.
   * @param {Rect} box
   */
  mask({ x0, y0, x1, y1 }) {
    const width = x1 - x0;
    const mask = new Uint8Array(width * (y1 - y0));
    this.forEachRun((y, from, to) => {
      if (y >= y0 && y < y1 && from < x1 && to > x0) {
        const line = (y - y0) * width - x0;
        mask.fill(1, line + Math.max(from, x0), line + Math.min(to, x1));
      }
    });
    return mask;
  }

  /**
   * What is drawn of it: runs within it and runs of its rim, each as x0, x1 and y in image pixels, `step` pixels high.
   * @param {number} most rows or columns of pixels; of a larger shape only each `step`-th is looked at
   */
  drawnRuns(most) {
    const { x0: left, y0: top, x1, y1 } = this.bounds;
    const step = Math.ceil(Math.max(x1 - left, y1 - top) / most);
    const columns = Math.ceil((x1 - left) / step);
    const line = columns + 2; // nothing all around, so that every place has neighbours
    const grid = new Uint8Array(line * (Math.ceil((y1 - top) / step) + 2));
    this.forEachRun((y, from, to) => {
      if ((y - top) % step) return;
      const row = line * ((y - top) / step + 1) + 1;
      grid.fill(1, row + Math.ceil((from - left) / step), row + Math.ceil((to - left) / step));
    });
    /** @type {{ step: number, inner: number[], rim: number[] }} */
    const found = { step, inner: [], rim: [] };
    for (let y = top, row = line + 1; y < y1; y += step, row += line) {
      let start = 0;
      let runs = null;
      for (let column = 0; column <= columns; column++) {
        const at = row + column;
        const within = grid[at - 1] & grid[at + 1] & grid[at - line] & grid[at + line];
        const next = !grid[at] ? null : within ? found.inner : found.rim;
        if (next === runs) continue;
        runs?.push(left + step * start, Math.min(left + step * column, x1), y);
        start = column;
        runs = next;
      }
    }
    return found;
  }
}

/**
 * @param {Part} part
 * @param {number} segment −1 for none
 */
export function holds({ map: { tree }, node }, segment) {
  if (segment < 0) return false;
  const place = tree.first[segment] - tree.first[node];
  return place >= 0 && place < tree.sizes[node];
}

/**
 * @param {Part} part
 * @returns {Rect} in the image
 */
export function boundsOf({ map, node }) {
  const { tree, boxes } = map;
  const box = { x0: map.width, y0: map.height, x1: 0, y1: 0 };
  for (let place = tree.first[node]; place < tree.first[node] + tree.sizes[node]; place++) {
    const at = 4 * tree.order[place];
    box.x0 = Math.min(box.x0, boxes[at]);
    box.y0 = Math.min(box.y0, boxes[at + 1]);
    box.x1 = Math.max(box.x1, boxes[at + 2]);
    box.y1 = Math.max(box.y1, boxes[at + 3]);
  }
  return { x0: box.x0 + map.x, y0: box.y0 + map.y, x1: box.x1 + map.x, y1: box.y1 + map.y };
}

/**
 * @param {Part} part
 * @param {(y: number, x0: number, x1: number, provenance: number) => void} span
 */
function runsOf(part, span) {
  const { map, node } = part;
  const { first, sizes } = map.tree;
  const [from, size, provenance] = [first[node], sizes[node], map.creditOf(node)];
  const box = boundsOf(part);
  for (let y = box.y0; y < box.y1; y++) {
    const line = (y - map.y) * map.width - map.x;
    let start = -1;
    for (let x = box.x0; x <= box.x1; x++) {
      const place = x < box.x1 ? first[map.ids[line + x]] - from : -1;
      const inside = place >= 0 && place < size;
      if (inside && start < 0) start = x;
      if (!inside && start >= 0) {
        span(y, start, x, provenance);
        start = -1;
      }
    }
  }
}

/**
 * @param {Rect} one
 * @param {Rect} other
 * @returns {Rect}
 */
function union(one, other) {
  return {
    x0: Math.min(one.x0, other.x0),
    y0: Math.min(one.y0, other.y0),
    x1: Math.max(one.x1, other.x1),
    y1: Math.max(one.y1, other.y1),
  };
}
