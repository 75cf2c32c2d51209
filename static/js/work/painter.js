// The only way to change labels: strokes, undo, clear. Tells who draws which area changed.

import { capsule, capsuleBounds } from "../core/brush.js";
import { History } from "../core/history.js";

/** @import { LabelMap, Tiles } from "../core/tiles.js" */
/** @import { Shape } from "../core/shape.js" */

/**
 * What a `settled` event tells in `detail`.
 * @typedef {object} Settled
 * @property {"stroke" | "change" | "restore" | "undo" | "redo"} kind a stroke is one of the pointer; a change, of a
 *   command; restore brings back what was saved
 * @property {Tiles} before what changed: tile key → the tile as it was
 */

/** Sends `settled` after each stroke, change, undo or redo. */
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
    this.keep("stroke");
  }

  cancel() {
    this.touchTiles(this.map.cancelStroke()?.keys() ?? []);
    this.settled("stroke", new Map());
  }

  /**
   * Changes labels at once, as one step of undo.
   * @param {(map: LabelMap) => void} change writes spans
   */
  change(change) {
    if (this.busy) return;
    this.begin();
    change(this.map);
    this.touchTiles(this.map.stroke?.keys() ?? []);
    this.keep("change");
  }

  clear() {
    this.change((map) => map.clear());
  }

  /** Brings back tiles, as one step of undo. @param {Tiles} tiles */
  restore(tiles) {
    if (this.busy) return;
    this.history.push(tiles);
    this.map.swap(tiles);
    this.moved("restore", tiles);
  }

  /** Undoes what came before the oldest step there is. @param {Tiles} tiles as they were then */
  undoTo(tiles) {
    if (this.busy || this.history.past.length) return;
    if (tiles.size) this.history.past.push(tiles);
    this.undo();
  }

  undo() {
    if (!this.busy) this.moved("undo", this.history.undo());
  }

  redo() {
    if (!this.busy) this.moved("redo", this.history.redo());
  }

  /** @param {"stroke" | "change"} kind */
  keep(kind) {
    const before = this.map.endStroke();
    this.history.push(before);
    this.settled(kind, before ?? new Map());
  }

  /**
   * @param {"restore" | "undo" | "redo"} kind
   * @param {Tiles} before
   */
  moved(kind, before) {
    this.touchTiles(before.keys());
    this.settled(kind, before);
  }

  /** @param {Iterable<number>} keys */
  touchTiles(keys) {
    for (const key of keys) this.touch(this.map.bounds(key));
  }

  /**
   * @param {Settled["kind"]} kind
   * @param {Tiles} before
   */
  settled(kind, before) {
    this.dispatchEvent(new CustomEvent("settled", { detail: { kind, before } }));
  }
}
