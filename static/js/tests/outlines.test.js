import assert from "node:assert/strict";
import { test } from "node:test";
import { Mosaic } from "../core/mosaic.js";
import { outlineSource } from "../view/outlines.js";
import { squares } from "./maps.js";
import { randomness } from "./random.js";

const TEXELS = 256;
const WHOLE = { x0: 0, y0: 0, x1: TEXELS, y1: TEXELS };

/** Two maps side by side, joined along their seam as far as chance wants, at some level. @param {number} seed */
function scene(seed) {
  const random = randomness(seed);
  const right = Uint16Array.from({ length: 120 }, (_, at) => Math.floor(at / 8) * 17 + 16);
  const one = squares({ x: 3, y: 5, width: 133, height: 120, cell: 8, random, beyond: { right } });
  const other = squares({ x: 136, y: 5, width: 90, height: 120, cell: 8, random });
  const mosaic = new Mosaic([one, other]);
  return mosaic.at(mosaic.levels.levelFor(random.whole(10, 400)));
}

/** @param {import("../core/mosaic.js").Shown} shown @param {number} left @param {number} top @param {number} step */
function filled(shown, left, top, step, what = { lines: true, hatch: false }) {
  const out = new Uint32Array(TEXELS * TEXELS).fill(7);
  outlineSource(shown, what).fill(out, left, top, step, WHOLE);
  return out;
}

for (const [seed, left, top] of [
  [1, 0, 0],
  [2, 0, 0],
  [3, 128, 64],
]) {
  test(`at one texel a pixel a line is where the shown segment changes, and nowhere else (${seed})`, () => {
    const shown = scene(seed);
    const out = filled(shown, left, top, 1);
    for (let at = 0; at < out.length; at++) {
      const [x, y] = [left + (at % TEXELS), top + Math.floor(at / TEXELS)];
      const id = shown.idAt(x, y);
      const differs = [shown.idAt(x + 1, y), shown.idAt(x, y + 1)].some((other) => other >= 0 && other !== id);
      assert.equal(out[at] !== 0, id >= 0 && differs, `${x}, ${y}`);
    }
  });

  test(`zoomed out, a texel is on a line when one of its pixels is (${seed})`, () => {
    const shown = scene(seed);
    const [fine, coarse] = [filled(shown, 0, 0, 1), filled(shown, 0, 0, 2)];
    for (let at = 0; at < 128 * 128; at++) {
      const [tx, ty] = [at % 128, at >> 7];
      const pixels = [0, 1, TEXELS, TEXELS + 1].map((offset) => fine[2 * ty * TEXELS + 2 * tx + offset]);
      assert.equal(coarse[ty * TEXELS + tx] !== 0, pixels.some(Boolean));
    }
  });
}

test("zoomed in, a line runs along the edges of pixels, with its shadow behind, also from tile to tile", () => {
  const shown = scene(4);
  const [one, right] = [filled(shown, 64, 64, 1 / 4), filled(shown, 128, 64, 1 / 4)];
  for (let y = 64; y < 124; y++) {
    const changes = shown.idAt(127, y) !== shown.idAt(128, y);
    const middle = (4 * (y - 64) + 1) * TEXELS; // lines along the pixel's lower edge do not reach here
    assert.equal(one[middle + TEXELS - 1] !== 0, changes);
    assert.equal(right[middle] !== 0, changes);
    if (changes) assert.notEqual(one[middle + TEXELS - 1], right[middle]);
  }
});

test("every tenth diagonal is hatched on segments of two colours only, and goes on from tile to tile", () => {
  const shown = scene(5);
  const what = { lines: false, hatch: true };
  const [one, other] = [filled(shown, 0, 0, 1, what), filled(shown, 40, 0, 1, what)];
  const light = Math.max(...one);
  for (let at = 0; at < one.length; at++) {
    const [x, y] = [at % TEXELS, Math.floor(at / TEXELS)];
    assert.equal(one[at] === light, (x + y) % 10 === 0 && shown.mixed[shown.idAt(x, y)] === 1);
    if (x > 40) assert.equal(one[at], other[at - 40]);
  }
});
