// A small picture of the whole image with a frame around what is visible. A press moves the view there.

/** @import { Viewer } from "./viewer.js" */

export class Overview {
  /**
   * @param {HTMLElement} place
   * @param {HTMLCanvasElement} picture
   * @param {Viewer} viewer
   */
  constructor(place, picture, viewer) {
    this.place = place;
    this.picture = picture;
    this.viewer = viewer;
    this.frame = document.createElement("div");
    this.frame.className = "overview-frame";
    place.append(picture, this.frame);
    place.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the keys stay with the image
      place.setPointerCapture(event.pointerId);
      this.go(event);
    });
    place.addEventListener("pointermove", (event) => {
      if (place.hasPointerCapture(event.pointerId)) this.go(event);
    });
  }

  /** Image pixels a CSS pixel of the picture. */
  get step() {
    return this.viewer.image.width / this.picture.clientWidth;
  }

  /** @param {PointerEvent} event */
  go({ clientX, clientY }) {
    const box = this.picture.getBoundingClientRect();
    this.viewer.center({ x: (clientX - box.left) * this.step, y: (clientY - box.top) * this.step });
  }

  /**
   * @param {Rect} visible image pixels
   * @param {boolean} wanted
   */
  show({ x0, y0, x1, y1 }, wanted) {
    this.place.hidden = !wanted;
    if (!wanted) return;
    const { width, height } = this.viewer.image;
    const { style } = this.frame;
    const [left, top] = [Math.max(x0, 0) / width, Math.max(y0, 0) / height];
    style.left = `${100 * left}%`;
    style.top = `${100 * top}%`;
    style.width = `${100 * Math.max(Math.min(x1 / width, 1) - left, 0)}%`;
    style.height = `${100 * Math.max(Math.min(y1 / height, 1) - top, 0)}%`;
  }
}
