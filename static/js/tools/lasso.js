// Lasso: idle → drawing. What the hand drew around is filled when it lets go.

import { corner } from "../core/polygon.js";

/**
 * @param {(corners: Point[], value: number) => void} fill
 * @param {() => number} category what the next stroke paints
 * @param {(value: number) => string} colorOf
 * @returns {Tool}
 */
export function createLasso(fill, category, colorOf) {
  /** The running stroke. @type {{ points: Point[], value: number } | null} */
  let stroke = null;

  /** @param {Point} point */
  function draw(point) {
    const next = corner(point);
    const last = stroke?.points.at(-1);
    if (next.x !== last?.x || next.y !== last?.y) stroke?.points.push(next);
  }

  return {
    down(point, erase) {
      stroke = { points: [], value: erase ? 0 : category() };
      draw(point);
    },
    move: draw,
    up() {
      const done = stroke;
      stroke = null;
      if (done && done.points.length > 2) fill(done.points, done.value);
    },
    cancel() {
      stroke = null;
    },
    cursor() {
      if (!stroke) return { kind: "none" };
      const { points, value } = stroke;
      return { kind: "outline", points, color: colorOf(value), erase: value === 0, corners: "none" };
    },
  };
}
