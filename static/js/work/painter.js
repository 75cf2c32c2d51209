// The only way to change labels: strokes, undo, clear. Tells who draws which area changed.

import { capsule, capsuleBounds } from "../core/brush.js";
import { History } from "../core/history.js";
import { FREE, guardOf } from "../core/rules.js";

/** @import { Rules } from "../core/rules.js" */
/** @import { Shape } from "../core/shape.js" */
/** @import { LabelMap, Tiles } from "../core/tiles.js" */

const NOTHING = new Uint8Array(256); // no value may be written over
const SLICE_MS = 12; // of long work at a time, so that the page gets its frames

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
   * @param {() => Rules} rules that hold for the next stroke
   */
  constructor(map, touch, rules = () => FREE) {
    super();
    this.map = map;
    this.touch = touch;
    this.rules = rules;
    this.history = new History(map);
    /** Whether long work goes on by itself. */
    this.working = false;
    /** Whether nothing is changed here any more. */
    this.resting = false;
  }

  get busy() {
    return this.map.stroke !== null;
  }

  get mayChange() {
    return !this.busy && !this.resting;
  }

  /** From now on nothing is changed here: the work goes on elsewhere. */
  rest() {
    this.resting = true;
  }

  /** Begins a stroke of the pointer. @param {number} value that it paints, 0 to erase */
  begin(value) {
    this.map.beginStroke(this.resting ? NOTHING : guardOf(this.rules(), value));
  }

  /** Begins what a command does: only locked categories are in its way. */
  beginCommand() {
    this.map.beginStroke(this.resting ? NOTHING : guardOf({ ...this.rules(), rule: "anywhere" }, 0));
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
    this.working = false;
    this.touchTiles(this.map.cancelStroke()?.keys() ?? []);
    this.settled("stroke", new Map());
  }

  /**
   * Goes on with what has begun, a slice at a time, and ends it as one step of undo.
   * @param {Iterable<unknown>} work stops often
   * @param {"stroke" | "change"} kind
   * @returns {Promise<number>} how many tiles were written, 0 when it was cancelled
   */
  async work(work, kind) {
    const { stroke } = this.map;
    this.working = true;
    let until = performance.now() + SLICE_MS;
    for (const _ of work) {
      if (performance.now() < until) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (this.map.stroke !== stroke) return 0;
      until = performance.now() + SLICE_MS;
    }
    this.working = false;
    this.touchTiles(stroke?.keys() ?? []);
    this.keep(kind);
    return stroke?.size ?? 0;
  }

  /**
   * Changes labels at once, as one step of undo.
   * @param {(map: LabelMap) => void} change writes spans
   */
  change(change) {
    if (!this.mayChange) return;
    this.beginCommand();
    change(this.map);
    this.touchTiles(this.map.stroke?.keys() ?? []);
    this.keep("change");
  }

  clear() {
    this.change((map) => map.clear());
  }

  /** Brings back tiles, as one step of undo. @param {Tiles} tiles */
  restore(tiles) {
    if (!this.mayChange) return;
    this.history.push(tiles);
    this.map.swap(tiles);
    this.moved("restore", tiles);
  }

  /** Undoes what came before the oldest step there is. @param {Tiles} tiles as they were then */
  undoTo(tiles) {
    if (!this.mayChange || this.history.past.length) return;
    if (tiles.size) this.history.past.push(tiles);
    this.undo();
  }

  undo() {
    if (this.mayChange) this.moved("undo", this.history.undo());
  }

  redo() {
    if (this.mayChange) this.moved("redo", this.history.redo());
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
