// The only way to change labels: strokes, undo, clear. Tells who draws which area changed.

import { capsule, capsuleBounds } from "../core/brush.js";
import { History } from "../core/history.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Shape } from "../core/shape.js" */

/** Sends `settled` after each stroke, undo or redo. */
export class Painter extends EventTarget {
  /**
   * @param {LabelMap} map
   * @param {(area: Rect) => void} touch called for each area that changed
   */
  constructor(map, touch) {
    super();
    this.map = map;
    this.touch = touch;
    this.history = new History(map);
  }

  get busy() {
    return this.map.stroke !== null;
  }

  begin() {
    this.map.beginStroke();
  }

  /**
   * @param {Point} from snapped, half pixels
   * @param {Point} to
   * @param {number} diameter
   * @param {number} value
   * @param {number} provenance
   */
  capsule(from, to, diameter, value, provenance) {
    capsule(from.x, from.y, to.x, to.y, diameter, (y, x0, x1) => this.map.span(y, x0, x1, value, provenance));
    this.touch(capsuleBounds(from.x, from.y, to.x, to.y, diameter));
  }

  /**
   * @param {Shape} shape
   * @param {number} value
   */
  segment(shape, value) {
    shape.forEachRun((y, x0, x1, provenance) => this.map.span(y, x0, x1, value, provenance));
    this.touch(shape.bounds);
  }

  commit() {
    this.history.push(this.map.endStroke());
    this.settled();
  }

  cancel() {
    this.touchTiles(this.map.cancelStroke()?.keys() ?? []);
    this.settled();
  }

  clear() {
    if (this.busy) return;
    this.begin();
    this.map.clear();
    this.touchTiles(this.map.stroke?.keys() ?? []);
    this.commit();
  }

  undo() {
    if (this.busy) return;
    this.touchTiles(this.history.undo());
    this.settled();
  }

  redo() {
    if (this.busy) return;
    this.touchTiles(this.history.redo());
    this.settled();
  }

  /** @param {Iterable<number>} keys */
  touchTiles(keys) {
    for (const key of keys) this.touch(this.map.bounds(key));
  }

  settled() {
    this.dispatchEvent(new Event("settled"));
  }
}
