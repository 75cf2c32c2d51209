import assert from "node:assert/strict";
import { test } from "node:test";
import { rgba } from "../core/palette.js";
import { LabelMap } from "../core/tiles.js";
import { borderSource } from "../view/sources.js";
import { randomness } from "./random.js";

const TEXELS = 256;
const WIDTH = 300;
const HEIGHT = 280;
const SHADOW = rgba(0, 0, 0, 110);
const COLORS = Uint32Array.from({ length: 256 }, (_, value) => value * 3);
const WHOLE = { x0: 0, y0: 0, x1: TEXELS, y1: TEXELS };

/** @param {number} seed */
function scene(seed) {
  const random = randomness(seed);
  const map = new LabelMap(WIDTH, HEIGHT);
  map.beginStroke();
  for (let patch = 0; patch < 25; patch++) {
    const [x, y, value] = [random.whole(-20, WIDTH), random.whole(-20, HEIGHT), random.whole(0, 3)];
    const [right, rows] = [x + random.whole(1, 80), random.whole(1, 60)];
    for (let row = y; row < y + rows; row++) map.span(row, x, right, value, 1);
  }
  map.endStroke();
  return map;
}

/** @param {LabelMap} map @param {number} left @param {number} top @param {number} step */
function filled(map, left, top, step) {
  const out = new Uint32Array(TEXELS * TEXELS).fill(7);
  borderSource(map, COLORS).fill(out, left, top, step, WHOLE);
  return out;
}

/**
 * By the book: a texel shows its colour when another value lies within two texels, across or down, inside the image; the
 * one behind is a shadow.
 * @param {LabelMap} map @param {number} left @param {number} top @param {number} step @param {number} at
 */
function expected(map, left, top, step, at) {
  const valueAt = (/** @type {number} */ tx, /** @type {number} */ ty) => {
    const [x, y] = [Math.floor(left + tx * step), Math.floor(top + ty * step)];
    return x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT ? null : map.get(x, y);
  };
  const [tx, ty] = [at % TEXELS, at >> 8];
  const own = valueAt(tx, ty);
  /** @param {number} by */
  const differs = (by) =>
    [valueAt(tx + by, ty), valueAt(tx - by, ty), valueAt(tx, ty + by), valueAt(tx, ty - by)].some(
      (value) => value !== null && value !== own,
    );
  if (!own) return 0;
  if (differs(1) || differs(2)) return COLORS[own];
  return differs(3) ? SHADOW : 0;
}

for (const [seed, left, top, step] of [
  [1, 0, 0, 1],
  [2, 256, 256, 1],
  [3, 0, 0, 2],
  [4, 64, 192, 1 / 4],
  [5, 288, 272, 1 / 16],
]) {
  test(`borders are the rims of regions, ${step} pixels a texel from (${left}, ${top})`, () => {
    const map = scene(seed);
    const out = filled(map, left, top, step);
    for (let at = 0; at < out.length; at++) assert.equal(out[at], expected(map, left, top, step, at), `texel ${at}`);
  });
}

test("after a change only what lies within reach of it is filled again, and that is enough", () => {
  const map = scene(6);
  const random = randomness(7);
  const source = borderSource(map, COLORS);
  const out = filled(map, 0, 0, 1);
  for (let round = 0; round < 20; round++) {
    const [x, y] = [random.whole(0, 200), random.whole(0, 200)];
    map.beginStroke();
    for (let row = y; row < y + 9; row++) map.span(row, x, x + 14, random.whole(0, 3), 1);
    map.endStroke();
    const { reach } = source;
    const texels = {
      x0: Math.max(x - reach, 0),
      y0: Math.max(y - reach, 0),
      x1: Math.min(x + 14 + reach, TEXELS),
      y1: Math.min(y + 9 + reach, TEXELS),
    };
    source.fill(out, 0, 0, 1, texels);
    assert.deepEqual(out, filled(map, 0, 0, 1));
  }
});
