// A label map as runs: maximal pieces of one value in a row. They tile it, so a run ends where the next begins. No DOM.

import { TILE } from "./tiles.js";

const MOST_RUNS = 40_000_000;

/**
 * @typedef {object} Runs
 * @property {Uint32Array} starts pixel index y · width + x where each run begins, and at the end where the last one ends
 * @property {Uint8Array} values of each run
 * @property {Uint32Array} rows the first run of each row, and at the end their number
 */

/**
 * @param {Map<number, Uint8Array>} tiles of 256 × 256 pixels, row by row; 0 where there is none
 * @param {number} width
 * @param {number} height
 * @returns {Runs}
 */
export function runsOf(tiles, width, height) {
  const columns = Math.ceil(width / TILE);
  const words = new Map([...tiles].map(([key, tile]) => [key, new Uint32Array(tile.buffer, tile.byteOffset, 16384)]));
  let starts = new Uint32Array(1 << 16);
  let values = new Uint8Array(1 << 16);
  const rows = new Uint32Array(height + 1);
  let count = 0;
  let value = -1;

  /** @param {number} at @param {number} next */
  function begin(at, next) {
    if (count === values.length - 1) {
      if (count > MOST_RUNS) throw new Error("These labels are mixed too finely to be checked here.");
      starts = grown(starts, new Uint32Array(2 * starts.length));
      values = grown(values, new Uint8Array(2 * values.length));
    }
    starts[count] = at;
    values[count++] = next;
    value = next;
  }

  for (let y = 0; y < height; y++) {
    rows[y] = count;
    value = -1;
    for (let column = 0; column < columns; column++) {
      const left = column * TILE;
      const right = Math.min(left + TILE, width);
      const key = (y >> 8) * columns + column;
      const tile = tiles.get(key);
      if (!tile) {
        if (value !== 0) begin(y * width + left, 0);
        continue;
      }
      const quads = /** @type {Uint32Array} */ (words.get(key));
      const offset = ((y & 255) << 8) - left;
      let same = (value * 0x01010101) >>> 0;
      for (let x = left; x < right; ) {
        // Four pixels at a time, where nothing changes.
        if (value >= 0 && (x & 3) === 0) {
          let quad = (offset + x) >> 2;
          const last = (offset + right) >> 2;
          while (quad < last && quads[quad] === same) quad++;
          x = (quad << 2) - offset;
          if (x === right) break;
        }
        const next = tile[offset + x];
        if (next !== value) {
          begin(y * width + x, next);
          same = (next * 0x01010101) >>> 0;
        }
        x++;
      }
    }
  }
  rows[height] = count;
  starts[count] = width * height;
  return { starts: starts.subarray(0, count + 1), values: values.subarray(0, count), rows };
}

/**
 * @template {Uint32Array | Uint8Array} T
 * @param {T} from
 * @param {T} to
 */
function grown(from, to) {
  to.set(from);
  return to;
}

/**
 * Calls for each two runs of neighbouring rows that touch, be it by a corner.
 * @param {{ starts: Uint32Array, rows: Uint32Array }} runs
 * @param {number} width
 * @param {(above: number, below: number) => void} meet
 */
export function eachContact({ starts, rows }, width, meet) {
  for (let y = 1; y < rows.length - 1; y++) {
    let above = rows[y - 1];
    let below = rows[y];
    while (above < rows[y] && below < rows[y + 1]) {
      meet(above, below);
      const ahead = starts[below + 1] - width - starts[above + 1];
      // Of two that end at one place each touches the one after the other by a corner.
      if (ahead === 0) {
        if (above + 1 < rows[y]) meet(above + 1, below);
        if (below + 1 < rows[y + 1]) meet(above, below + 1);
      }
      if (ahead >= 0) above++;
      if (ahead <= 0) below++;
    }
  }
}

/**
 * The run of row y that holds a pixel index.
 * @param {Runs} runs
 * @param {number} y
 * @param {number} at
 */
export function runAt({ starts, rows }, y, at) {
  let low = rows[y];
  let high = rows[y + 1] - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
