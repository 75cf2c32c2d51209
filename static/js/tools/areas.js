// The tools for whole areas, loaded when the first of them is taken: fill, polygon, lasso, and the picker.

import { closeHoles, fillRegion } from "../core/fill.js";
import { insideRuns } from "../core/polygon.js";
import { createClick, eitherButton } from "./click.js";
import { createLasso } from "./lasso.js";
import { createPolygon } from "./polygon.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Painter } from "../work/painter.js" */
/** @import { Store } from "../work/store.js" */

export const PROVENANCE = 6;
const ROWS = 32; // of a polygon at a time

/**
 * @param {object} parts
 * @param {Painter} parts.painter
 * @param {Store} parts.store
 * @param {(value: number) => string} parts.colorOf
 * @param {() => number} parts.scaleOf screen pixels an image pixel
 * @param {Tool} parts.brush
 * @param {(value: number) => void} parts.pick
 * @param {(sentence: string) => void} parts.tell
 */
export function createAreas({ painter, store, colorOf, scaleOf, brush, pick, tell }) {
  const { map } = painter;
  const category = () => store.state.category;
  const lasso = createLasso(fillOutline, category, colorOf);

  /** @param {Point[]} corners @param {number} value */
  function fillOutline(corners, value) {
    if (painter.busy) return;
    painter.begin(value);
    painter.work(outlined(map, corners, value), "stroke");
  }

  /** @param {Point} point @param {boolean} erase */
  function fill(point, erase) {
    if (painter.busy) return;
    if (store.state.fills === "holes" && !erase) return closeHolesAt(point);
    const value = erase ? 0 : category();
    painter.begin(value);
    painter.work(fillRegion(map, Math.floor(point.x), Math.floor(point.y), value, PROVENANCE), "stroke");
  }

  /** @param {Point | null} point */
  async function closeHolesAt(point) {
    if (painter.busy) return;
    const [x, y] = point ? [Math.floor(point.x), Math.floor(point.y)] : [-1, -1];
    if (!map.get(x, y)) return tell("Point at a labelled region to close the holes in it.");
    painter.beginCommand();
    const tiles = await painter.work(closeHoles(map, x, y, PROVENANCE), "change");
    tell(tiles ? "" : "There is no hole inside this region.");
  }

  /** @param {Point} point */
  function pickAt({ x, y }) {
    const value = map.get(Math.floor(x), Math.floor(y));
    if (value) pick(value);
    else tell("Nothing is labelled here.");
  }

  return {
    /** @type {Record<"fill" | "polygon" | "lasso" | "picker", Tool>} */
    tools: {
      fill: createClick(fill),
      polygon: createPolygon(fillOutline, category, colorOf, scaleOf, lasso),
      lasso,
      picker: eitherButton(createClick(pickAt), brush),
    },
    closeHolesAt,
  };
}

/**
 * @param {LabelMap} map
 * @param {Point[]} corners
 * @param {number} value
 */
function* outlined(map, corners, value) {
  let row = 0;
  for (const [y, x0, x1] of insideRuns(corners, map.height)) {
    map.span(y, x0, x1, value, PROVENANCE);
    if (y === row) continue;
    row = y;
    if (row % ROWS === 0) yield;
  }
}
