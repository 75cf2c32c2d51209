// Superpixel tool: idle → filling. Each segment that the pointer crosses is filled once.

/** @import { Painter } from "../work/painter.js" */
/** @import { Segments } from "../core/segments.js" */
/** @import { Store } from "../work/store.js" */

const ERASING = "#ffffff";

/**
 * @param {Painter} painter
 * @param {Store} store
 * @param {{ current: Segments | null, colorOf(value: number): string }} work
 * @returns {Tool}
 */
export function createSuperpixelTool(painter, store, work) {
  /** The running stroke. @type {{ last: Point, value: number, segments: Segments, filled: Set<number> } | null} */
  let stroke = null;

  /** @param {Point} point */
  function fillAt(point) {
    if (!stroke) return;
    const id = stroke.segments.idAt(point.x, point.y);
    if (id < 0 || stroke.filled.has(id)) return;
    stroke.filled.add(id);
    painter.segment(stroke.segments, id, stroke.value);
  }

  return {
    down(point, erase) {
      if (!work.current) return;
      const value = erase ? 0 : store.state.category;
      stroke = { last: point, value, segments: work.current, filled: new Set() };
      painter.begin();
      fillAt(point);
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
      const segments = stroke?.segments ?? work.current;
      const id = segments?.idAt(point.x, point.y) ?? -1;
      if (!segments || id < 0) return { kind: "none" };
      const value = stroke ? stroke.value : store.state.category;
      return { kind: "segment", segments, id, color: value === 0 ? ERASING : work.colorOf(value) };
    },
  };
}
