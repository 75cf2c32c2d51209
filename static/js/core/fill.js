// Flood fill and the closing of holes, tile by tile. No DOM.
//
// Both are generators that stop after each tile, so that whoever runs them can let the page go on in between: a region may
// have 67 million pixels. A tile that lies in the region as a whole is one step, and where nothing was ever painted it takes
// no memory either.
//
// A region of equal labels is 4-connected. The region whose holes are closed is 8-connected, and its surroundings are
// 4-connected: an outline one pixel wide is closed for both.

import { PLANE, TILE } from "./tiles.js";

/** @import { LabelMap } from "./tiles.js" */

/**
 * What a flood runs over.
 * @typedef {object} Ground
 * @property {number} columns tiles a row
 * @property {Rect} area beyond which it does not run
 * @property {Uint8Array} open 1 by value: where it runs
 * @property {(key: number) => Uint8Array | undefined} read the values of a tile, undefined where all are 0
 * @property {(key: number) => Uint8Array} write the tile to mark in, once there is something to mark
 * @property {(tile: Uint8Array, start: number, end: number) => void} mark makes values that are not open
 * @property {(key: number) => void} markAll does so with a whole tile
 */

/**
 * Gives the pixels of equal label around a point another one.
 * @param {LabelMap} map within a stroke
 * @param {number} x
 * @param {number} y
 * @param {number} value
 * @param {number} provenance
 */
export function* fillRegion(map, x, y, value, provenance) {
  const label = map.get(x, y);
  if (label === value) return;
  if (map.guard?.[label] === 0) {
    map.heldBack = true;
    return;
  }
  const credit = value === 0 ? 0 : provenance;
  yield* flood(
    {
      columns: map.columns,
      area: { x0: 0, y0: 0, x1: map.width, y1: map.height },
      open: tableOf(label),
      read: (key) => map.tiles.get(key),
      write: (key) => /** @type {Uint8Array} */ (map.writable(key, false)),
      mark(tile, start, end) {
        tile.fill(value, start, end);
        tile.fill(credit, PLANE + start, PLANE + end);
      },
      markAll: (key) => map.fillTile(key, value, credit),
    },
    [[y, x, x]],
    false,
  );
}

const [OTHER, SAME, REGION, OUTSIDE] = [0, 1, 2, 3];

/**
 * Labels what is unlabelled inside the region around a point: what cannot be reached from the edge of the image without
 * crossing the region. Other labels in there stay.
 * @param {LabelMap} map within a stroke
 * @param {number} x
 * @param {number} y
 * @param {number} provenance
 */
export function* closeHoles(map, x, y, provenance) {
  const value = map.get(x, y);
  if (value === 0) return;
  /** What was found out so far. @type {Map<number, Uint8Array>} */
  const found = new Map();
  const wholeRegion = new Uint8Array(PLANE).fill(REGION);
  const wholeOutside = new Uint8Array(PLANE).fill(OUTSIDE);
  const around = { x0: map.width, y0: map.height, x1: 0, y1: 0 };

  /** @param {number} key */
  function read(key) {
    const tile = found.get(key) ?? map.tiles.get(key);
    if (!tile || tile.length === PLANE) return tile;
    const own = new Uint8Array(PLANE);
    for (let at = 0; at < PLANE; at++) if (tile[at] === value) own[at] = SAME;
    found.set(key, own);
    return own;
  }

  /** @param {number} key */
  function write(key) {
    const tile = read(key) ?? new Uint8Array(PLANE);
    found.set(key, tile);
    return tile;
  }

  /** @param {number} key */
  function include(key) {
    const { x0, y0, x1, y1 } = map.bounds(key);
    around.x0 = Math.min(around.x0, x0);
    around.y0 = Math.min(around.y0, y0);
    around.x1 = Math.max(around.x1, x1);
    around.y1 = Math.max(around.y1, y1);
  }

  const region = {
    columns: map.columns,
    area: { x0: 0, y0: 0, x1: map.width, y1: map.height },
    open: tableOf(SAME),
    read,
    write(/** @type {number} */ key) {
      include(key);
      return write(key);
    },
    mark: (/** @type {Uint8Array} */ tile, /** @type {number} */ start, /** @type {number} */ end) =>
      tile.fill(REGION, start, end),
    markAll(/** @type {number} */ key) {
      include(key);
      found.set(key, wholeRegion);
    },
  };
  yield* flood(region, [[y, x, x]], true);
  const { x0, y0, x1, y1 } = around;
  /** @type {Ground} */
  const surroundings = {
    ...region,
    area: around,
    open: tableOf(OTHER, SAME),
    write,
    mark: (tile, start, end) => tile.fill(OUTSIDE, start, end),
    markAll: (key) => found.set(key, wholeOutside),
  };
  /** @type {[number, number, number][]} */
  const rim = [
    [y0, x0, x1 - 1],
    [y1 - 1, x0, x1 - 1],
  ];
  for (let row = y0; row < y1; row++) rim.push([row, x0, x0], [row, x1 - 1, x1 - 1]);
  yield* flood(surroundings, rim, false);
  for (let top = y0; top < y1; top += TILE) {
    for (let left = x0; left < x1; left += TILE) {
      const key = (top >> 8) * map.columns + (left >> 8);
      const tile = found.get(key);
      if (tile === wholeRegion || tile === wholeOutside) continue;
      fillHoles(map, key, tile, value, provenance);
      yield;
    }
  }
}

/**
 * @param {LabelMap} map
 * @param {number} key
 * @param {Uint8Array | undefined} found undefined where nothing was reached
 * @param {number} value
 * @param {number} provenance
 */
function fillHoles(map, key, found, value, provenance) {
  const { x0, y0, x1, y1 } = map.bounds(key);
  const labels = map.tiles.get(key);
  if (!found && !labels && isWhole(x1 - x0, y1 - y0)) return map.fillTile(key, value, provenance);
  for (let y = y0; y < y1; y++) {
    const row = (y & 255) << 8;
    for (let x = x0; x < x1; x++) {
      let end = x;
      while (end < x1 && !labels?.[row + end - x0] && (found?.[row + end - x0] ?? OTHER) < REGION) end++;
      if (end > x) map.span(y, x, end, value, provenance);
      x = end;
    }
  }
}

/**
 * Marks all that can be reached over open values. Stops after each tile.
 * @param {Ground} ground
 * @param {[y: number, first: number, last: number][]} start runs in which there may be open values
 * @param {boolean} corners whether pixels touch by their corners too
 */
export function* flood(ground, start, corners) {
  const { area, columns, open } = ground;
  const beside = corners ? 1 : 0;
  /** Runs to look at, by tile: row, first and last column, a byte each. @type {Map<number, number[]>} */
  const waiting = new Map();

  /**
   * @param {number} y
   * @param {number} first
   * @param {number} last
   */
  function look(y, first, last) {
    if (y < area.y0 || y >= area.y1) return;
    const from = Math.max(first, area.x0);
    const to = Math.min(last, area.x1 - 1);
    for (let column = from >> 8; column << 8 <= to; column++) {
      const left = column << 8;
      const run = ((y & 255) << 16) | (Math.max(from - left, 0) << 8) | Math.min(to - left, TILE - 1);
      const key = (y >> 8) * columns + column;
      const runs = waiting.get(key);
      if (runs) runs.push(run);
      else waiting.set(key, [run]);
    }
  }

  /** @param {number} key @param {number[]} runs */
  function visit(key, runs) {
    const left = (key % columns) * TILE;
    const top = Math.floor(key / columns) * TILE;
    const x0 = Math.max(area.x0 - left, 0);
    const x1 = Math.min(area.x1 - left, TILE);
    const height = Math.min(area.y1 - top, TILE) - Math.max(area.y0 - top, 0);
    let values = ground.read(key);
    if (isWhole(x1 - x0, height) && isOpen(values, open)) {
      runs.length = 0;
      ground.markAll(key);
      for (const y of [top - 1, top + TILE]) look(y, left - beside, left + TILE - 1 + beside);
      for (let y = top; y < top + TILE; y++) for (const x of [left - 1, left + TILE]) look(y, x, x);
      return;
    }
    let writes = false;
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
      const y = run >> 16;
      const row = y << 8;
      const last = run & 255;
      for (let x = (run >> 8) & 255; x <= last; x++) {
        if (!open[values ? values[row + x] : 0]) continue;
        if (!writes) values = ground.write(key);
        writes = true;
        const line = /** @type {Uint8Array} */ (values);
        let from = x;
        while (from > x0 && open[line[row + from - 1]]) from--;
        let to = x + 1;
        while (to < x1 && open[line[row + to]]) to++;
        ground.mark(line, row + from, row + to);
        look(top + y - 1, left + from - beside, left + to - 1 + beside);
        look(top + y + 1, left + from - beside, left + to - 1 + beside);
        if (from === 0) look(top + y, left - 1, left - 1);
        if (to === TILE) look(top + y, left + TILE, left + TILE);
        x = to;
      }
    }
  }

  for (const [y, first, last] of start) look(y, first, last);
  for (const [key, runs] of waiting) {
    visit(key, runs);
    waiting.delete(key);
    yield;
  }
}

/**
 * @param {number} width
 * @param {number} height
 */
function isWhole(width, height) {
  return width === TILE && height === TILE;
}

/**
 * @param {Uint8Array | undefined} values
 * @param {Uint8Array} open
 */
function isOpen(values, open) {
  if (!values) return open[0] === 1;
  for (let at = 0; at < PLANE; at++) if (!open[values[at]]) return false;
  return true;
}

/** @param {...number} values */
function tableOf(...values) {
  const table = new Uint8Array(256);
  for (const value of values) table[value] = 1;
  return table;
}
