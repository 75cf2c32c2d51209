// The layers over the image, kept in step with it: labels, outlines, cursor. Draws only when something changed.

import { lookupTable } from "../core/palette.js";
import { CursorLayer } from "./cursor.js";
import { TileLayer } from "./layer.js";
import { borderSource, labelSource } from "./sources.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { LayerSource } from "./layer.js" */
/** @import { Viewer } from "./viewer.js" */

export class Stage {
  /**
   * @param {Viewer} viewer
   * @param {LabelMap} map
   * @param {Category[]} categories
   * @param {() => Cursor} cursor what the pointer would do now; asked once a frame, however often the pointer moved
   */
  constructor(viewer, map, categories, cursor) {
    this.viewer = viewer;
    /** Whose labels are shown. */
    this.map = map;
    this.categories = categories;
    this.how = { borders: false, hidden: /** @type {number[]} */ ([]) };
    this.labels = new TileLayer("stage-labels", labelSource(map, lookupTable(categories)));
    this.outlines = new TileLayer("stage-outlines", null);
    this.cursor = new CursorLayer();
    this.pointer = cursor;
    this.frame = 0;
    /** Where image position 0, 0 is in the window. */
    this.origin = { x: 0, y: 0 };
    for (const { canvas } of this.layers) viewer.host.append(canvas);
    viewer.addEventListener("view", () => this.moved());
    new ResizeObserver(() => this.moved()).observe(viewer.element);
  }

  get layers() {
    return [this.labels, this.outlines, this.cursor];
  }

  /** Where pointers are listened to. */
  get surface() {
    return this.cursor.canvas;
  }

  /**
   * @param {{ clientX: number, clientY: number }} event
   * @returns {Point} image position
   */
  toImage({ clientX, clientY }) {
    const { scale } = this.viewer.view;
    return { x: (clientX - this.origin.x) / scale, y: (clientY - this.origin.y) / scale };
  }

  /** Notes that labels changed. @param {Rect} area */
  touch(area) {
    this.labels.touch(area);
    this.request();
  }

  /** Shows other labels. @param {LabelMap} map */
  show(map) {
    this.map = map;
    this.showLabels(this.how);
  }

  /** @param {LayerSource | null} source */
  showOutlines(source) {
    this.outlines.show(source);
    this.outlines.draw(this.viewer.view);
  }

  /** @param {Stage["how"]} how `hidden` are values of categories that are not shown */
  showLabels(how) {
    this.how = how;
    const { borders, hidden } = how;
    const colors = lookupTable(this.categories, hidden);
    this.labels.show(borders ? borderSource(this.map, colors) : labelSource(this.map, colors));
    this.labels.draw(this.viewer.view);
  }

  /** Draws in the next frame what changed, and the cursor. */
  request() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.labels.drawChanges(this.viewer.view);
      this.cursor.draw(this.viewer.view, this.pointer());
    });
  }

  /** The image moved: everything is drawn in the same frame, so that labels never lag behind. */
  moved() {
    const { view, element } = this.viewer;
    const box = element.getBoundingClientRect();
    this.origin = { x: box.left + view.x, y: box.top + view.y };
    element.dataset.view = `${view.scale} ${this.origin.x} ${this.origin.y}`;
    const [width, height] = [Math.round(view.width * view.ratio), Math.round(view.height * view.ratio)];
    for (const { canvas } of this.layers) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    this.labels.draw(view);
    this.outlines.draw(view);
    this.cursor.draw(view, this.pointer());
  }
}
