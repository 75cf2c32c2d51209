// What the layers show: labels in their colours, and the outlines of superpixels.

import { rgba } from "../core/palette.js";
import { TILE } from "../core/tiles.js";
import { overlaps } from "./layer.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Segments } from "../core/segments.js" */
/** @import { LayerSource } from "./layer.js" */

const TEXELS = 256;
const LINE = rgba(255, 255, 255, 215);
const SHADOW = rgba(0, 0, 0, 120);

/**
 * @param {LabelMap} map
 * @param {Uint32Array} colors category value → pixel
 * @returns {LayerSource}
 */
export function labelSource(map, colors) {
  return {
    minLevel: 0,
    lines: false,
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

/**
 * A light line with a dark one beside it, between segments, so that it shows on any stain.
 * @param {Segments} segments
 * @returns {LayerSource}
 */
export function outlineSource(segments) {
  const { x, y, width, height } = segments;
  const extent = { x0: x, y0: y, x1: x + width, y1: y + height };
  return {
    minLevel: -5,
    lines: true,
    extent,
    has: (area) => overlaps(area, extent),
    fill(out, left, top, step) {
      out.fill(0);
      if (step > 1) fillByTexel(out, segments, left, top, step);
      else fillByPixel(out, segments, left, top, 1 / step);
    },
  };
}

/**
 * @param {Uint32Array} out
 * @param {Segments} segments
 * @param {number} left
 * @param {number} top
 * @param {number} step
 */
function fillByTexel(out, segments, left, top, step) {
  for (let ty = 0; ty < TEXELS; ty++) {
    for (let tx = 0; tx < TEXELS; tx++) {
      const px = left + tx * step;
      const py = top + ty * step;
      const id = segments.idAt(px, py);
      if (id < 0) continue;
      if (id !== segments.idAt(px + step, py) || id !== segments.idAt(px, py + step)) out[ty * TEXELS + tx] = LINE;
    }
  }
}

/**
 * @param {Uint32Array} out
 * @param {Segments} segments
 * @param {number} left
 * @param {number} top
 * @param {number} texels an image pixel
 */
function fillByPixel(out, segments, left, top, texels) {
  const count = TEXELS / texels;
  /** @type {(row: number, column: number, color: number) => void} */
  const put = (row, column, color) => {
    if (row < TEXELS && column < TEXELS && out[row * TEXELS + column] !== LINE) out[row * TEXELS + column] = color;
  };
  // From one pixel outside, for the shadows that fall into this tile.
  for (let row = -1; row < count; row++) {
    for (let column = -1; column < count; column++) {
      const id = segments.idAt(left + column, top + row);
      const right = (column + 1) * texels;
      const bottom = (row + 1) * texels;
      if (id !== segments.idAt(left + column + 1, top + row) && row >= 0) {
        for (let i = bottom - texels; i < bottom; i++) {
          if (column >= 0) put(i, right - 1, LINE);
          put(i, right, SHADOW);
        }
      }
      if (id !== segments.idAt(left + column, top + row + 1) && column >= 0) {
        for (let i = right - texels; i < right; i++) {
          if (row >= 0) put(bottom - 1, i, LINE);
          put(bottom, i, SHADOW);
        }
      }
    }
  }
}
