// A frame around a part of the image, which follows it.

/** @import { Viewer } from "./viewer.js" */

const SMALLEST = 22; // CSS px a side
const MARGIN = 5;

export class Mark {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Rect | null} */
    this.area = null;
    this.element = document.createElement("div");
    this.element.className = "stage-mark";
    this.element.hidden = true;
    viewer.element.append(this.element);
    viewer.addEventListener("view", () => this.place());
  }

  /** @param {Rect | null} area image pixels */
  show(area) {
    this.area = area;
    this.element.hidden = !area;
    this.place();
  }

  place() {
    if (!this.area) return;
    const { scale, x, y } = this.viewer.view;
    const { x0, y0, x1, y1 } = this.area;
    const width = Math.max((x1 - x0) * scale + 2 * MARGIN, SMALLEST);
    const height = Math.max((y1 - y0) * scale + 2 * MARGIN, SMALLEST);
    const left = ((x0 + x1) / 2) * scale + x - width / 2;
    const top = ((y0 + y1) / 2) * scale + y - height / 2;
    const { style } = this.element;
    style.transform = `translate(${left}px, ${top}px)`;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }
}
