// What the layer of labels shows: each category in its colour.

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
