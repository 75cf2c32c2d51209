// Polygon: idle → corners, one a press → filled. A press on the first corner, or once more on the last one as a double
// click does, closes it. The category is that of the first corner: a key pressed meanwhile means the next polygon.

import { corner } from "../core/polygon.js";

const NEAR = 8; // screen pixels

/**
 * @param {(corners: Point[], value: number) => void} fill
 * @param {() => number} category what the next stroke paints
 * @param {(value: number) => string} colorOf
 * @param {() => number} scaleOf screen pixels an image pixel
 * @param {Tool} lasso draws with the right button, which erases
 * @returns {Tool}
 */
export function createPolygon(fill, category, colorOf, scaleOf, lasso) {
  /** @type {Point[]} */
  let corners = [];
  let value = 0;
  /** What the pressed pointer does. @type {"nothing" | "corner" | "close" | "erase"} */
  let press = "nothing";

  /** @param {Point | undefined} place @param {Point} point */
  function isNear(place, point) {
    return place !== undefined && Math.hypot(place.x - point.x, place.y - point.y) * scaleOf() <= NEAR;
  }

  /** @param {Point} point */
  function closes(point) {
    return corners.length > 2 && (isNear(corners[0], point) || isNear(corners.at(-1), point));
  }

  function finish() {
    if (corners.length < 3) return;
    const done = corners;
    corners = [];
    fill(done, value);
  }

  /** @param {Point[]} points @param {boolean} closing @returns {Cursor} */
  function outline(points, closing) {
    return { kind: "outline", points, color: colorOf(value), erase: false, corners: closing ? "closing" : "open" };
  }

  return {
    down(point, erase) {
      if (erase) {
        press = "erase";
        lasso.down(point, true);
      } else if (closes(point)) press = "close";
      else if (isNear(corners.at(-1), point)) press = "nothing";
      else {
        press = "corner";
        if (!corners.length) value = category();
        corners.push(corner(point));
      }
    },
    move(point) {
      if (press === "erase") lasso.move(point);
      // A corner can be moved until the pointer lets go of it.
      if (press === "corner") corners[corners.length - 1] = corner(point);
    },
    up() {
      if (press === "erase") lasso.up();
      if (press === "close") finish();
      press = "nothing";
    },
    cancel() {
      if (press === "erase") lasso.cancel();
      if (press === "corner") corners.pop();
      press = "nothing";
    },
    cursor(point) {
      if (press === "erase") return lasso.cursor(point);
      if (!corners.length) return { kind: "none" };
      return press === "corner" ? outline(corners, false) : outline([...corners, point], closes(point));
    },
    rest: () => (corners.length ? outline(corners, false) : { kind: "none" }),
    finish,
    back: () => corners.pop() !== undefined,
    drop() {
      corners = [];
    },
  };
}
