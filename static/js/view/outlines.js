// What the layer of outlines shows: lines between shown segments, and thin hatching on those of two colours.
//
// Only the pixels that differ from a neighbour in the finest map can lie on a line at any level. They are known, so that
// a new level costs a look at one pixel in ten.

import { rgba } from "../core/palette.js";
import { grown, overlaps } from "./layer.js";

/** @import { Shown } from "../core/mosaic.js" */
/** @import { Seam } from "../core/seams.js" */
/** @import { Borders, Segments } from "../core/segments.js" */
/** @import { LayerSource } from "./layer.js" */

const TEXELS = 256;
const LINE = rgba(255, 255, 255, 215);
const SHADOW = rgba(0, 0, 0, 120);
const HATCH = rgba(255, 255, 255, 150);
const HATCH_SHADOW = rgba(0, 0, 0, 85);
const HATCH_PERIOD = 10; // texels

/**
 * A tile that is being filled: texels of `step` image pixels from (left, top) on.
 * @typedef {{ out: Uint32Array, left: number, top: number, step: number }} Tile
 */

/**
 * @param {Shown} shown
 * @param {{ lines: boolean, hatch: boolean }} what
 * @returns {LayerSource}
 */
export function outlineSource(shown, what) {
  const { maps, seams } = shown.mosaic;
  const extent = {
    x0: Math.min(...maps.map(({ x }) => x)),
    y0: Math.min(...maps.map(({ y }) => y)),
    x1: Math.max(...maps.map(({ extent }) => extent.x1)),
    y1: Math.max(...maps.map(({ extent }) => extent.y1)),
  };
  return {
    minLevel: -5,
    lines: true,
    reach: 0,
    extent,
    has: (area) => maps.some((map) => overlaps(area, map.extent)),
    fill(out, left, top, step) {
      out.fill(0);
      const tile = { out, left, top, step };
      const span = TEXELS * step;
      const area = { x0: left, y0: top, x1: left + span, y1: top + span };
      for (const [index, map] of maps.entries()) {
        if (!overlaps(area, grown(map.extent, 1))) continue; // the shadow of a line may fall into the tile beside
        if (what.hatch) hatch(tile, map, shown.tables[index], shown.mixed);
        if (what.lines) lines(tile, map, shown.tables[index]);
      }
      if (!what.lines) return;
      for (const seam of seams) {
        const [one, other] = [maps.indexOf(seam.one), maps.indexOf(seam.other)];
        seamLine(tile, seam, shown.tables[one], shown.tables[other]);
      }
    },
  };
}

/**
 * @param {Tile} tile
 * @param {Segments} map
 * @param {Int32Array} table segment of the map → shown segment
 */
function lines(tile, map, table) {
  const { out, left, top, step } = tile;
  const { ids, width, height, borders } = map;
  const { starts, columns } = borders;
  const span = TEXELS * step;
  const fine = step < 1;
  const shift = fine ? 0 : Math.log2(step);
  // A tile of pixels larger than texels gets the shadows of the row and column before it, too.
  const [offsetX, offsetY] = [map.x - left, map.y - top];
  const firstRow = Math.max(-offsetY - (fine ? 1 : 0), 0);
  const lastRow = Math.min(span - offsetY, height);
  const firstColumn = -offsetX - (fine ? 1 : 0);
  const lastColumn = span - offsetX;
  for (let row = firstRow; row < lastRow; row++) {
    const end = starts[row + 1];
    const line = row * width;
    const texels = ((row + offsetY) >> shift) * TEXELS;
    for (let index = fromColumn(borders, row, firstColumn); index < end && columns[index] < lastColumn; index++) {
      const column = columns[index];
      const at = line + column;
      const id = table[ids[at]];
      const right = column + 1 < width && table[ids[at + 1]] !== id;
      const below = row + 1 < height && table[ids[at + width]] !== id;
      if (!right && !below) continue;
      if (fine) putPixel(tile, column + map.x, row + map.y, right, below);
      else out[texels + ((column + offsetX) >> shift)] = LINE;
    }
  }
}

/**
 * Where in `columns` a row has the first border pixel that is not left of a column.
 * @param {Borders} borders
 * @param {number} row
 * @param {number} column
 */
function fromColumn({ starts, columns }, row, column) {
  let low = starts[row];
  let high = starts[row + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle] < column) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Where two maps meet, a line only between segments that were not joined.
 * @param {Tile} tile
 * @param {Seam} seam
 * @param {Int32Array} tableOne
 * @param {Int32Array} tableOther
 */
function seamLine(tile, { one, other, upright, from, to }, tableOne, tableOther) {
  const span = TEXELS * tile.step;
  const across = upright ? other.x - 1 : other.y - 1;
  const [near, along] = upright ? [tile.left, tile.top] : [tile.top, tile.left];
  if (across < near - 1 || across >= near + span) return;
  const put = tile.step >= 1 ? putTexel : putPixel;
  for (let at = Math.max(from, along - 1); at < Math.min(to, along + span); at++) {
    const a = upright ? (at - one.y) * one.width + one.width - 1 : (one.height - 1) * one.width + at - one.x;
    const b = upright ? (at - other.y) * other.width : at - other.x;
    if (tableOne[one.ids[a]] === tableOther[other.ids[b]]) continue;
    if (upright) put(tile, across, at, true, false);
    else put(tile, at, across, false, true);
  }
}

/**
 * A line one texel wide, where texels are whole pixels or several.
 * @param {Tile} tile
 * @param {number} x image pixel
 * @param {number} y
 */
function putTexel({ out, left, top, step }, x, y) {
  const tx = Math.floor((x - left) / step);
  const ty = Math.floor((y - top) / step);
  if (tx >= 0 && ty >= 0) out[ty * TEXELS + tx] = LINE;
}

/**
 * Where a pixel is several texels: a light line along its edge, with a dark one beside it, so that it shows on any stain.
 * @param {Tile} tile
 * @param {number} x image pixel
 * @param {number} y
 * @param {boolean} right whether the pixel to the right is another segment's
 * @param {boolean} below
 */
function putPixel({ out, left, top, step }, x, y, right, below) {
  const texels = 1 / step;
  const x1 = (x + 1 - left) * texels;
  const y1 = (y + 1 - top) * texels;
  for (let i = 1; i <= texels; i++) {
    if (right) {
      putOne(out, x1 - 1, y1 - i, LINE);
      putOne(out, x1, y1 - i, SHADOW);
    }
    if (below) {
      putOne(out, x1 - i, y1 - 1, LINE);
      putOne(out, x1 - i, y1, SHADOW);
    }
  }
}

/**
 * @param {Uint32Array} out
 * @param {number} tx
 * @param {number} ty
 * @param {number} color
 */
function putOne(out, tx, ty, color) {
  if (tx < 0 || ty < 0 || tx >= TEXELS || ty >= TEXELS) return;
  const at = ty * TEXELS + tx;
  if (out[at] !== LINE) out[at] = color;
}

/**
 * Diagonals across the segments of two colours; they run on from tile to tile.
 * @param {Tile} tile
 * @param {Segments} map
 * @param {Int32Array} table
 * @param {Uint8Array} mixed
 */
function hatch({ out, left, top, step }, map, table, mixed) {
  const { ids, width, height } = map;
  const phase = Math.round((left + top) / step) % HATCH_PERIOD;
  for (let ty = 0; ty < TEXELS; ty++) {
    const row = Math.floor(top + ty * step) - map.y;
    if (row < 0 || row >= height) continue;
    const start = (HATCH_PERIOD - ((ty + phase) % HATCH_PERIOD)) % HATCH_PERIOD;
    for (let tx = start; tx < TEXELS; tx += HATCH_PERIOD) {
      const column = Math.floor(left + tx * step) - map.x;
      if (column < 0 || column >= width || !mixed[table[ids[row * width + column]]]) continue;
      const at = ty * TEXELS + tx;
      out[at] = HATCH;
      if (tx + 1 < TEXELS) out[at + 1] = HATCH_SHADOW;
    }
  }
}
