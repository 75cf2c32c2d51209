// Brush and eraser: idle → painting. One stroke from the press to the release is one step of undo.

import { inImage, snap } from "../core/brush.js";

/** @import { Painter } from "../work/painter.js" */
/** @import { Store } from "../work/store.js" */

export const PROVENANCE = 1;

/**
 * @param {Painter} painter
 * @param {Store} store
 * @param {() => number} scaleOf screen pixels an image pixel
 * @param {boolean} alwaysErases
 * @returns {Tool}
 */
export function createBrush(painter, store, scaleOf, alwaysErases = false) {
  /** The running stroke; its largest diameter is fixed. @type {{ last: Point, value: number, diameter: number } | null} */
  let stroke = null;

  const diameterNow = () => inImage(store.state.diameter, store.state.unit, scaleOf());

  /** @param {Point} point */
  function paintTo(point) {
    if (!stroke) return;
    // The release of a pen has no pressure: the last one counts.
    const pressure = (store.state.pressure && (point.pressure ?? stroke.last.pressure)) || 1;
    const diameter = Math.max(Math.round(stroke.diameter * pressure), 1);
    painter.capsule(snapped(stroke.last, diameter), snapped(point, diameter), diameter, stroke.value, PROVENANCE);
    stroke.last = point.pressure ? point : { ...point, pressure: stroke.last.pressure };
  }

  return {
    down(point, erase) {
      stroke = { last: point, value: erase || alwaysErases ? 0 : store.state.category, diameter: diameterNow() };
      painter.begin(stroke.value);
      paintTo(point);
    },
    move: paintTo,
    up() {
      stroke = null;
      painter.commit();
    },
    cancel() {
      stroke = null;
      painter.cancel();
    },
    cursor(point) {
      const diameter = stroke?.diameter ?? diameterNow();
      const { x, y } = snapped(point, diameter);
      return { kind: "ring", x: x / 2, y: y / 2, diameter, erase: stroke ? stroke.value === 0 : alwaysErases };
    },
  };
}

/**
 * @param {Point} point
 * @param {number} diameter
 * @returns {Point} half pixels
 */
function snapped({ x, y }, diameter) {
  return { x: snap(x, diameter), y: snap(y, diameter) };
}
