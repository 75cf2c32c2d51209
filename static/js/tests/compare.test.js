import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../core/compare.js";
import { LabelMap } from "../core/tiles.js";
import { maskOf } from "../pages/rescue.js";
import { randomness } from "./random.js";

const [WIDTH, HEIGHT] = [700, 300];

/** @param {(n: number) => number} pick */
function scribble(pick) {
  const map = new LabelMap(WIDTH, HEIGHT);
  const mask = new Uint8Array(WIDTH * HEIGHT);
  map.beginStroke();
  for (let stroke = pick(6); stroke > 0; stroke--) {
    const [y, x0, value] = [pick(HEIGHT), pick(WIDTH), pick(4)];
    const x1 = Math.min(WIDTH, x0 + pick(300));
    map.span(y, x0, x1, value, 1);
    mask.fill(value, y * WIDTH + x0, y * WIDTH + x1);
  }
  map.endStroke();
  return { map, mask };
}

test("the difference of two maps is that of their pixels", () => {
  const { whole } = randomness(7);
  const pick = (/** @type {number} */ n) => whole(0, n - 1);
  for (let round = 0; round < 20; round++) {
    const [one, other] = [scribble(pick), scribble(pick)];
    const expected = { pixels: 0, x: /** @type {number[]} */ ([]), y: /** @type {number[]} */ ([]) };
    for (let at = 0; at < one.mask.length; at++) {
      if (one.mask[at] === other.mask[at]) continue;
      expected.pixels++;
      expected.x.push(at % WIDTH);
      expected.y.push(Math.floor(at / WIDTH));
    }
    const bounds = expected.pixels
      ? {
          x0: Math.min(...expected.x),
          y0: Math.min(...expected.y),
          x1: Math.max(...expected.x) + 1,
          y1: Math.max(...expected.y) + 1,
        }
      : null;
    assert.deepEqual(difference(one.map, other.map), { pixels: expected.pixels, bounds });
    assert.deepEqual(maskOf(one.map), one.mask);
  }
});
