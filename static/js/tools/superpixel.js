// Superpixel tool: idle → filling. Each segment that the pointer crosses is filled once; the first may be one that was
// climbed to.

/** @import { Shown } from "../core/mosaic.js" */
/** @import { Shape } from "../core/shape.js" */
/** @import { Painter } from "../work/painter.js" */
/** @import { Store } from "../work/store.js" */

const ERASING = "#ffffff";

/**
 * @param {Painter} painter
 * @param {Store} store
 * @param {{ shown: Shown, shapeAt(point: Point): Shape | null, settle(): void, colorOf(value: number): string }} work
 * @returns {Tool}
 */
export function createSuperpixelTool(painter, store, work) {
  /** The running stroke. @type {{ last: Point, value: number, shown: Shown, first: Shape, filled: Set<number> } | null} */
  let stroke = null;

  /** @param {Point} point */
  function fillAt({ x, y }) {
    // Within the first segment there is nothing to fill, whatever is shown around it.
    if (!stroke || stroke.first.contains(x, y)) return;
    const id = stroke.shown.idAt(x, y);
    if (id < 0 || stroke.filled.has(id)) return;
    stroke.filled.add(id);
    painter.segment(stroke.shown.shape(id), stroke.value);
  }

  return {
    down(point, erase) {
      const first = work.shapeAt(point);
      if (!first) return;
      const value = erase ? 0 : store.state.category;
      stroke = { last: point, value, shown: work.shown, first, filled: new Set() };
      painter.begin(value);
      painter.segment(first, value);
      work.settle();
    },
    move(point) {
      if (!stroke) return;
      // A quick hand skips pixels between two samples; the segments between are meant as well.
      const { last } = stroke;
      const steps = Math.ceil(Math.max(Math.abs(point.x - last.x), Math.abs(point.y - last.y)));
      for (let step = 1; step <= steps; step++) {
        fillAt({ x: last.x + ((point.x - last.x) * step) / steps, y: last.y + ((point.y - last.y) * step) / steps });
      }
      stroke.last = point;
    },
    up() {
      if (!stroke) return;
      stroke = null;
      painter.commit();
    },
    cancel() {
      if (!stroke) return;
      stroke = null;
      painter.cancel();
    },
    cursor(point) {
      const { x, y } = point;
      if (!stroke) return cursorOf(work.shapeAt(point), store.state.category);
      const shape = stroke.first.contains(x, y) ? stroke.first : stroke.shown.shapeAt(x, y);
      return cursorOf(shape, stroke.value);
    },
  };

  /**
   * @param {Shape | null} shape
   * @param {number} value
   * @returns {Cursor}
   */
  function cursorOf(shape, value) {
    if (!shape) return { kind: "none" };
    return { kind: "segment", shape, color: value === 0 ? ERASING : work.colorOf(value) };
  }
}
