// Brush and eraser: idle → painting. One stroke from the press to the release is one step of undo.

import { snap } from "../core/brush.js";

/** @import { Painter } from "../work/painter.js" */
/** @import { Store } from "../work/store.js" */

export const PROVENANCE = 1;

/**
 * @param {Painter} painter
 * @param {Store} store
 * @param {boolean} alwaysErases
 * @returns {Tool}
 */
export function createBrush(painter, store, alwaysErases = false) {
  /** The running stroke. @type {{ last: Point, value: number, diameter: number } | null} */
  let stroke = null;

  /** @type {(point: Point, diameter: number) => Point} */
  const snapped = (point, diameter) => ({ x: snap(point.x, diameter), y: snap(point.y, diameter) });

  /** @param {Point} point snapped */
  function paintTo(point) {
    if (!stroke) return;
    painter.capsule(stroke.last, point, stroke.diameter, stroke.value, PROVENANCE);
    stroke.last = point;
  }

  return {
    down(point, erase) {
      const { diameter, category } = store.state;
      const start = snapped(point, diameter);
      stroke = { last: start, value: erase || alwaysErases ? 0 : category, diameter };
      painter.begin();
      paintTo(start);
    },
    move(point) {
      if (stroke) paintTo(snapped(point, stroke.diameter));
    },
    up() {
      stroke = null;
      painter.commit();
    },
    cancel() {
      stroke = null;
      painter.cancel();
    },
    cursor(point) {
      const diameter = stroke?.diameter ?? store.state.diameter;
      const { x, y } = snapped(point, diameter);
      return { kind: "ring", x: x / 2, y: y / 2, diameter, erase: stroke ? stroke.value === 0 : alwaysErases };
    },
  };
}
