// How much of the image each category has. No DOM.
//
// A tile that was counted keeps its histogram for as long as it exists: undo and redo bring back tiles that are known.

import { PLANE } from "./tiles.js";

/** @import { LabelMap } from "./tiles.js" */

export class Shares {
  /** @param {LabelMap} map */
  constructor(map) {
    this.map = map;
    /** Pixels of each category; 0 is not counted, it is the rest. */
    this.pixels = new Float64Array(256);
    /** @type {WeakMap<Uint8Array, Uint32Array>} */
    this.histograms = new WeakMap();
    /** What each place adds to the sum. @type {Map<number, Uint8Array>} */
    this.counted = new Map();
    /** Places to look at again. @type {Set<number>} */
    this.waiting = new Set();
  }

  /** Notes that tiles changed. @param {Iterable<number>} keys */
  touch(keys) {
    for (const key of keys) this.waiting.add(key);
  }

  /**
   * Counts until everything is counted, or there is no time left.
   * @param {() => boolean} hasTime asked after each tile
   * @returns {boolean} whether nothing is left to do
   */
  count(hasTime = () => true) {
    for (const key of this.waiting) {
      this.waiting.delete(key);
      this.recount(key);
      if (!hasTime()) break;
    }
    return this.waiting.size === 0;
  }

  /** @param {number} key */
  recount(key) {
    const { map, counted } = this;
    // A running stroke writes into its tiles; what was there before it is what counts until it has ended.
    const tile = map.stroke?.has(key) ? map.stroke.get(key) : map.tiles.get(key);
    const before = counted.get(key);
    if (tile === before) return;
    if (before) this.add(before, -1);
    if (tile) this.add(tile, 1);
    if (tile) counted.set(key, tile);
    else counted.delete(key);
  }

  /**
   * @param {Uint8Array} tile
   * @param {1 | -1} sign
   */
  add(tile, sign) {
    const histogram = this.histogramOf(tile);
    for (let value = 1; value < 256; value++) this.pixels[value] += sign * histogram[value];
  }

  /** @param {Uint8Array} tile */
  histogramOf(tile) {
    let histogram = this.histograms.get(tile);
    if (!histogram) {
      histogram = new Uint32Array(256);
      for (let at = 0; at < PLANE; at++) histogram[tile[at]]++;
      this.histograms.set(tile, histogram);
    }
    return histogram;
  }

  /** @param {number[]} values @returns {number} 0 … 1 */
  of(values) {
    return values.reduce((sum, value) => sum + this.pixels[value], 0) / (this.map.width * this.map.height);
  }

  get unlabelled() {
    const pixels = this.map.width * this.map.height;
    return (pixels - this.pixels.reduce((sum, each) => sum + each)) / pixels;
  }
}

/**
 * A share in words. Only nothing is 0 %, and only all is 100 %.
 * @param {number} share 0 … 1
 */
export function percentage(share) {
  const percent = share * 100;
  if (percent <= 0) return "0 %";
  if (percent < 0.1) return "< 0.1 %";
  if (percent > 99.9 && percent < 100) return "> 99.9 %";
  return `${percent.toFixed(percent === 100 ? 0 : 1)} %`;
}
