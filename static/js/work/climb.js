// Climbing the merge tree for the one segment under the pointer, before it is painted.

/** @import { Mosaic } from "../core/mosaic.js" */
/** @import { Shape } from "../core/shape.js" */

export class Climb {
  constructor() {
    /** @type {Shape | null} */
    this.shape = null;
    /** Levels on the way up, to come back by. @type {number[]} */
    this.way = [];
    this.level = 0;
  }

  /**
   * A step: 1 is one merge coarser, −1 is finer, down to the single segment.
   * @param {Mosaic} mosaic
   * @param {number} level of everything around
   * @param {Point} point
   * @param {1 | -1} direction
   * @returns {boolean} whether anything changed
   */
  step(mosaic, level, { x, y }, direction) {
    if (!this.holds({ x, y })) this.reset();
    const from = this.shape ? this.level : level;
    const shape = this.shape ?? mosaic.at(level).shapeAt(x, y);
    if (!shape) return false;
    const back = direction < 0 && this.way.length > 0;
    const next = direction > 0 ? mosaic.coarserLevel(shape) : (this.way.pop() ?? mosaic.finerLevel(shape, x, y));
    if (next === null) return false;
    if (direction > 0) this.way.push(from);
    else if (!back) this.way = [];
    this.level = next;
    this.shape = mosaic.segmentAt(x, y, next);
    return true;
  }

  /** @param {Point} point */
  holds({ x, y }) {
    return this.shape?.contains(x, y) ?? false;
  }

  reset() {
    this.shape = null;
    this.way = [];
  }
}
