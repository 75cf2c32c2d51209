// Granularity as a person thinks of it, the number of segments, and as trees know it, the cost of a merge. No DOM.

import { mergesAt } from "./mergetree.js";

/** @import { Tree } from "./mergetree.js" */

const COARSEST = 10; // segments a region

/** The scale of all loaded regions together: they share one cost, so that it means the same in each. */
export class Levels {
  /** @param {Tree[]} trees */
  constructor(trees) {
    this.regions = trees.length;
    this.segments = trees.reduce((sum, tree) => sum + tree.segments, 0);
    this.heights = new Float64Array(trees.reduce((sum, tree) => sum + tree.heights.length, 0));
    let offset = 0;
    for (const { heights } of trees) {
      this.heights.set(heights, offset);
      offset += heights.length;
    }
    this.heights.sort();
  }

  /** The fewest segments that the slider goes to. */
  get fewest() {
    return Math.min(this.segments, Math.max(COARSEST * this.regions, this.segments - this.heights.length));
  }

  /**
   * The level at which about so many segments are left.
   * @param {number} count
   */
  levelFor(count) {
    const merges = Math.min(Math.max(this.segments - Math.round(count), 0), this.heights.length);
    return merges ? this.heights[merges - 1] : 0;
  }

  /** @param {number} level */
  countAt(level) {
    return this.segments - mergesAt(this.heights, level);
  }

  /**
   * Place on the slider: 0 is what was delivered, 1 the coarsest; equal steps are equal ratios.
   * @param {number} level
   */
  position(level) {
    const range = Math.log(this.segments / this.fewest);
    return range ? Math.min(Math.log(this.segments / this.countAt(level)) / range, 1) : 0;
  }

  /** @param {number} position */
  levelAtPosition(position) {
    return this.levelFor(this.segments * (this.fewest / this.segments) ** position);
  }

  /**
   * A step on the slider, and at least one merge.
   * @param {number} level
   * @param {1 | -1} direction 1 is coarser
   */
  step(level, direction) {
    const count = this.countAt(level);
    const wanted = Math.round(count * STEP ** -direction);
    const next = wanted === count ? count - direction : wanted;
    return this.levelFor(Math.min(Math.max(next, this.fewest), this.segments));
  }
}

const STEP = 1.25;
