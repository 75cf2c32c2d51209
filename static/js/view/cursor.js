// The topmost canvas: the brush in its true size, the superpixel under the pointer, or an outline being drawn.

import { context2d, deviceBox } from "./layer.js";

/** @import { Shape } from "../core/shape.js" */

const MOST_ROWS = 512; // of a segment; larger ones are drawn coarser

export class CursorLayer {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.canvas.className = "stage-cursor";
    this.context = context2d(this.canvas);
    /** @type {Rect | null} */
    this.drawn = null;
    /** Of the segment that was drawn last. @type {({ shape: Shape } & ReturnType<Shape["drawnRuns"]>) | null} */
    this.runs = null;
  }

  /**
   * @param {View} view
   * @param {Cursor} cursor
   */
  draw(view, cursor) {
    const { context, drawn } = this;
    if (drawn) context.clearRect(drawn.x0 - 3, drawn.y0 - 3, drawn.x1 - drawn.x0 + 6, drawn.y1 - drawn.y0 + 6);
    this.drawn = null;
    if (cursor.kind === "ring") this.drawRing(view, cursor);
    if (cursor.kind === "segment") this.drawSegment(view, cursor);
    if (cursor.kind === "outline") this.drawOutline(view, cursor);
  }

  /**
   * @param {View} view
   * @param {Extract<Cursor, { kind: "ring" }>} ring
   */
  drawRing(view, { x, y, diameter, erase }) {
    const half = diameter / 2;
    const area = { x0: x - half, y0: y - half, x1: x + half, y1: y + half };
    this.drawn = deviceBox(view, area);
    const { scale, ratio } = view;
    const radius = Math.max(half * scale * ratio, 2 * ratio);
    const [left, top] = [(x * scale + view.x) * ratio, (y * scale + view.y) * ratio];
    const grow = radius - half * scale * ratio + 2 * ratio;
    this.drawn = {
      x0: this.drawn.x0 - grow,
      y0: this.drawn.y0 - grow,
      x1: this.drawn.x1 + grow,
      y1: this.drawn.y1 + grow,
    };
    const { context } = this;
    context.setLineDash(erase ? [5 * ratio, 3 * ratio] : []);
    for (const [color, width, outset] of /** @type {const} */ ([
      ["#000", 1.25, 0.6],
      ["#fff", 1.25, -0.6],
    ])) {
      context.beginPath();
      if (diameter === 1 && scale > 3) {
        const side = 2 * (radius + outset * ratio);
        context.rect(left - side / 2, top - side / 2, side, side);
      } else context.arc(left, top, Math.max(radius + outset * ratio, 1), 0, 2 * Math.PI);
      context.strokeStyle = color;
      context.lineWidth = width * ratio;
      context.stroke();
    }
  }

  /**
   * In rectangles: a picture would take longer to make than all else that a movement of the pointer costs.
   * @param {View} view
   * @param {Extract<Cursor, { kind: "segment" }>} cursor
   */
  drawSegment(view, { shape, color }) {
    if (this.runs?.shape !== shape) this.runs = { shape, ...shape.drawnRuns(MOST_ROWS) };
    this.drawn = deviceBox(view, shape.bounds);
    const { context } = this;
    for (const [style, runs] of /** @type {const} */ ([
      [`${color}82`, this.runs.inner],
      ["#fffffff0", this.runs.rim],
    ])) {
      context.fillStyle = style;
      fillRuns(context, view, runs, this.runs.step);
    }
  }

  /**
   * @param {View} view
   * @param {Extract<Cursor, { kind: "outline" }>} cursor
   */
  drawOutline(view, { points, color, erase, corners }) {
    const { context } = this;
    const { scale, ratio } = view;
    const places = points.map(({ x, y }) => [(x * scale + view.x) * ratio, (y * scale + view.y) * ratio]);
    const grow = 8 * ratio;
    const { x0, y0, x1, y1 } = deviceBox(view, boundsOf(points));
    this.drawn = { x0: x0 - grow, y0: y0 - grow, x1: x1 + grow, y1: y1 + grow };
    const path = new Path2D();
    for (const [x, y] of places) path.lineTo(x, y);
    path.closePath();
    context.fillStyle = erase ? "#ffffff40" : `${color}40`;
    context.fill(path, "evenodd");
    context.setLineDash([]);
    context.lineJoin = "round";
    context.strokeStyle = "#000";
    context.lineWidth = 3 * ratio;
    context.stroke(path);
    context.setLineDash(erase ? [5 * ratio, 3 * ratio] : []);
    context.strokeStyle = erase ? "#fff" : color;
    context.lineWidth = 1.5 * ratio;
    context.stroke(path);
    if (corners === "none") return;
    context.setLineDash([]);
    for (const [index, [x, y]] of places.entries()) {
      const radius = (index === 0 && corners === "closing" ? 6 : 3.5) * ratio;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = "#fff";
      context.fill();
      context.strokeStyle = "#000";
      context.lineWidth = ratio;
      context.stroke();
    }
  }
}

/**
 * @param {Point[]} points
 * @returns {Rect}
 */
function boundsOf(points) {
  const bounds = { x0: points[0].x, y0: points[0].y, x1: points[0].x, y1: points[0].y };
  for (const { x, y } of points) {
    bounds.x0 = Math.min(bounds.x0, x);
    bounds.y0 = Math.min(bounds.y0, y);
    bounds.x1 = Math.max(bounds.x1, x);
    bounds.y1 = Math.max(bounds.y1, y);
  }
  return bounds;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {View} view
 * @param {number[]} runs
 * @param {number} step their height in image pixels
 */
function fillRuns(context, { scale, x, y, ratio }, runs, step) {
  for (let at = 0; at < runs.length; at += 3) {
    const left = Math.round((runs[at] * scale + x) * ratio);
    const right = Math.round((runs[at + 1] * scale + x) * ratio);
    const top = Math.round((runs[at + 2] * scale + y) * ratio);
    const bottom = Math.round(((runs[at + 2] + step) * scale + y) * ratio);
    context.fillRect(left, top, right - left, bottom - top);
  }
}
