// Mouse, pen and fingers on the image: idle → stroke, pan or pinch. The wheel without Alt is left to OpenSeadragon.

/**
 * @typedef {object} PointerTarget
 * @property {() => Tool | null} tool null where nothing may be painted: every press pans then
 * @property {() => boolean} waits whether nothing new may begin: every press pans then
 * @property {() => boolean} penSeen whether a pen was seen: fingers only move the image then
 * @property {() => void} pen called when one is seen for the first time
 * @property {(event: { clientX: number, clientY: number }) => Point} toImage
 * @property {(event: { clientX: number, clientY: number } | null) => void} hover where the pointer is, null when it left
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, center: { clientX: number, clientY: number }) => void} zoom
 * @property {(point: Point, direction: 1 | -1) => boolean} climb the wheel with Alt; false where that means nothing
 */

const LEFT = 0;
const MIDDLE = 1;
const RIGHT = 2;
const ERASER_END = 5;
const MEANT_MS = 200; // a finger that paints for longer was not the first of two that pinch

export class PointerInput {
  /**
   * @param {HTMLElement} surface
   * @param {PointerTarget} target
   */
  constructor(surface, target) {
    this.surface = surface;
    this.target = target;
    /** @type {"idle" | "stroke" | "pan" | "pinch"} */
    this.gesture = "idle";
    /** What runs, and since when. @type {{ tool: Tool, pointerId: number, touch: boolean, since: number } | null} */
    this.stroke = null;
    /** Pointers that are down. @type {Map<number, { clientX: number, clientY: number }>} */
    this.down = new Map();
    this.panKey = false;
    /** @type {Record<string, (event: PointerEvent) => void>} */
    const handlers = {
      pointerdown: (event) => this.onDown(event),
      pointermove: (event) => this.onMove(event),
      pointerup: (event) => this.onUp(event),
      pointercancel: (event) => this.onCancel(event),
      pointerenter: (event) => this.seePen(event),
      pointerleave: () => this.target.hover(null),
    };
    for (const [name, handler] of Object.entries(handlers)) {
      surface.addEventListener(name, (event) => {
        event.stopPropagation();
        handler(/** @type {PointerEvent} */ (event));
      });
    }
    surface.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    // Pressing the middle button must not start the browser's own scrolling.
    surface.addEventListener("mousedown", (event) => event.preventDefault());
  }

  /** @param {WheelEvent} event */
  onWheel(event) {
    // Some browsers turn a wheel with Alt or Shift into a horizontal one.
    const amount = event.deltaY || event.deltaX;
    if (!event.altKey || !amount) return;
    if (!this.target.climb(this.target.toImage(event), amount < 0 ? 1 : -1)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** While the key is held, a press pans. @param {boolean} held */
  setPanKey(held) {
    this.panKey = held;
    this.showGesture();
  }

  /** Ends a running stroke as if it had never begun. @returns {boolean} whether there was one */
  cancel() {
    const stroke = this.stroke;
    if (!stroke) return false;
    this.stroke = null;
    this.gesture = "idle";
    stroke.tool.cancel();
    return true;
  }

  /** Ends a running stroke where it is. */
  finish() {
    const stroke = this.stroke;
    this.stroke = null;
    stroke?.tool.up();
  }

  /** @param {PointerEvent} event */
  onDown(event) {
    /** @type {HTMLElement | null} */ (this.surface.closest("[tabindex]"))?.focus({ preventScroll: true });
    this.surface.setPointerCapture(event.pointerId);
    this.seePen(event);
    if (event.pointerType === "pen" && !this.stroke) this.ignoreHand();
    const second = this.down.size > 0;
    // Another button of a mouse that is painting or panning; or a hand that rests while the pen paints.
    if (second && (event.pointerType !== "touch" || (this.stroke && this.target.penSeen()))) return;
    this.down.set(event.pointerId, event);
    if (second) {
      if (this.stroke && event.timeStamp - this.stroke.since > MEANT_MS) this.finish();
      else this.cancel();
      this.gesture = "pinch";
    } else this.begin(event);
    this.showGesture();
  }

  /**
   * From the first pen on, also one that only hovers, fingers move the image; what one of them paints was a hand's.
   * @param {PointerEvent} event
   */
  seePen(event) {
    if (event.pointerType !== "pen" || this.target.penSeen()) return;
    this.target.pen();
    if (this.stroke?.touch) this.cancel();
  }

  /** Whatever rests on the image when a pen comes down is a hand. */
  ignoreHand() {
    this.down.clear();
    this.gesture = "idle";
  }

  /** @param {PointerEvent} event */
  begin(event) {
    const tool = this.target.tool();
    const touch = event.pointerType === "touch";
    const moves = touch && this.target.penSeen();
    if (!tool || moves || this.target.waits() || this.panKey || event.button === MIDDLE) this.gesture = "pan";
    else if (event.button === LEFT || event.button === RIGHT || event.button === ERASER_END) {
      this.gesture = "stroke";
      this.stroke = { tool, pointerId: event.pointerId, touch, since: event.timeStamp };
      const point = this.toImage(event);
      tool.down(point, event.button !== LEFT);
      this.target.hover(event);
    }
  }

  /** @param {PointerEvent} event */
  toImage(event) {
    const point = this.target.toImage(event);
    if (event.pointerType === "pen" && event.pressure > 0) point.pressure = event.pressure;
    return point;
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    const before = this.down.get(event.pointerId);
    if (this.gesture === "pinch" && before) this.pinch(event, before);
    if (this.gesture === "pan" && before) {
      this.target.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    }
    if (before) this.down.set(event.pointerId, event);
    if (this.stroke?.pointerId === event.pointerId) {
      for (const sample of samples(event)) this.stroke.tool.move(this.toImage(sample));
    }
    this.target.hover(event);
  }

  /**
   * @param {PointerEvent} event
   * @param {{ clientX: number, clientY: number }} before
   */
  pinch(event, before) {
    const other = [...this.down].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    this.target.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
    const distance = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
    const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
    const center = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    if (was > 0) this.target.zoom(distance / was, center);
  }

  /** @param {PointerEvent} event */
  onUp(event) {
    if (this.stroke?.pointerId === event.pointerId) {
      this.stroke.tool.move(this.toImage(event));
      this.finish();
    }
    this.release(event);
    this.target.hover(event.pointerType === "touch" ? null : event);
  }

  /** @param {PointerEvent} event */
  onCancel(event) {
    if (this.stroke?.pointerId === event.pointerId) this.cancel();
    this.release(event);
  }

  /** @param {PointerEvent} event */
  release(event) {
    this.down.delete(event.pointerId);
    // After a pinch the last finger does nothing until it is lifted too.
    if (this.down.size === 0) this.gesture = "idle";
    this.showGesture();
  }

  showGesture() {
    const pans = this.panKey || this.gesture === "pan" || this.gesture === "pinch" || !this.target.tool();
    this.surface.dataset.gesture = pans ? (this.gesture === "pan" ? "panning" : "pan") : "tool";
  }
}

/**
 * All positions since the last event; synthetic events carry none but their own.
 * @param {PointerEvent} event
 */
function samples(event) {
  const coalesced = event.getCoalescedEvents?.() ?? [];
  return coalesced.length ? coalesced : [event];
}
