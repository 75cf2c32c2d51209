// What the layer of labels shows: each category in its colour, as areas or as borders.

import { rgba } from "../core/palette.js";
import { TILE } from "../core/tiles.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { LayerSource } from "./layer.js" */

const TEXELS = 256;

/**
 * @param {LabelMap} map
 * @param {Uint32Array} colors category value → pixel
 * @returns {LayerSource}
 */
export function labelSource(map, colors) {
  return {
    minLevel: 0,
    lines: false,
    reach: 0,
    extent: { x0: 0, y0: 0, x1: map.width, y1: map.height },
    has: (area) => hasLabels(map, area),
    fill(out, left, top, step, { x0, y0, x1, y1 }) {
      for (let ty = y0; ty < y1; ty++) {
        const y = top + ty * step;
        for (let tx = x0; tx < x1; ) {
          const x = left + tx * step;
          const column = x >> 8;
          const end = Math.min(x1, Math.ceil(((column + 1) * TILE - left) / step));
          const inside = y < map.height && column < map.columns;
          const tile = inside ? map.tiles.get((y >> 8) * map.columns + column) : undefined;
          if (!tile) out.fill(0, ty * TEXELS + tx, ty * TEXELS + end);
          else {
            let at = ((y & 255) << 8) + (x & 255);
            for (let to = ty * TEXELS + tx; to < ty * TEXELS + end; to++, at += step) out[to] = colors[tile[at]];
          }
          tx = end;
        }
      }
    },
  };
}

const BORDER = 3; // texels on either side: two of the colour, a dark one behind them, so that it shows on any stain
const SHADOW = rgba(0, 0, 0, 110);

/**
 * Only the rim of each region, inside it, so that two neighbours show one colour each; the edge of the image is no border.
 * @param {LabelMap} map
 * @param {Uint32Array} colors category value → pixel
 * @returns {LayerSource}
 */
export function borderSource(map, colors) {
  const width = TEXELS + 2 * BORDER;
  const values = new Uint8Array(width * width);
  return {
    minLevel: -5,
    lines: true,
    reach: BORDER,
    extent: { x0: 0, y0: 0, x1: map.width, y1: map.height },
    has: (area) => hasLabels(map, area),
    fill(out, left, top, step, { x0, y0, x1, y1 }) {
      const right = Math.min(x1, Math.ceil((map.width - left) / step));
      for (let ty = y0 - BORDER; ty < y1 + BORDER; ty++) {
        const start = (ty + BORDER) * width + BORDER;
        readRow(
          map,
          values,
          start + x0 - BORDER,
          start + right + BORDER,
          left + (x0 - BORDER) * step,
          top + ty * step,
          step,
        );
      }
      for (let ty = y0; ty < y1; ty++) {
        const row = ty * TEXELS;
        out.fill(0, row + x0, row + x1);
        if (top + ty * step >= map.height) continue;
        let at = (ty + BORDER) * width + BORDER + x0;
        for (let to = row + x0; to < row + right; to++, at++) {
          const color = colors[values[at]];
          if (!color) continue;
          if (differs(values, at, 1, width) || differs(values, at, 2, width)) out[to] = color;
          else if (differs(values, at, BORDER, width)) out[to] = SHADOW;
        }
      }
    },
  };
}

/**
 * Whether a value differs from one of those so far away, across and down.
 * @param {Uint8Array} values
 * @param {number} at
 * @param {number} by
 * @param {number} width of a row
 */
function differs(values, at, by, width) {
  const value = values[at];
  const down = by * width;
  return (
    values[at - by] !== value || values[at + by] !== value || values[at - down] !== value || values[at + down] !== value
  );
}

/**
 * Reads the categories along a row; outside the image those of its edge.
 * @param {LabelMap} map
 * @param {Uint8Array} values
 * @param {number} from place in `values`
 * @param {number} to
 * @param {number} x image position
 * @param {number} y
 * @param {number} step
 */
function readRow(map, values, from, to, x, y, step) {
  const row = Math.min(Math.max(Math.floor(y), 0), map.height - 1);
  const line = (row & 255) << 8;
  const keys = (row >> 8) * map.columns;
  let column = -1;
  /** @type {Uint8Array | undefined} */
  let tile;
  for (let at = from, position = x; at < to; at++, position += step) {
    const px = Math.min(Math.max(Math.floor(position), 0), map.width - 1);
    if (px >> 8 !== column) {
      column = px >> 8;
      tile = map.tiles.get(keys + column);
    }
    values[at] = tile ? tile[line + (px & 255)] : 0;
  }
}

/**
 * @param {LabelMap} map
 * @param {Rect} area
 */
function hasLabels(map, area) {
  const right = Math.min(map.columns, Math.ceil(area.x1 / TILE));
  const bottom = Math.min(map.rows, Math.ceil(area.y1 / TILE));
  for (let row = Math.floor(area.y0 / TILE); row < bottom; row++) {
    for (let column = Math.floor(area.x0 / TILE); column < right; column++) {
      if (map.tiles.has(row * map.columns + column)) return true;
    }
  }
  return false;
}
