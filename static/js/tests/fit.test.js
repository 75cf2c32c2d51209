import assert from "node:assert/strict";
import { test } from "node:test";
import { fitOfShown, isWorthwhile, labelsOf, WINDOW, windowToLearnFrom } from "../core/fit.js";
import { Mosaic } from "../core/mosaic.js";
import { LabelMap } from "../core/tiles.js";
import { squares } from "./maps.js";
import { randomness } from "./random.js";

/** @param {LabelMap} map @param {[x0: number, y0: number, x1: number, y1: number, value: number][]} boxes */
function paint(map, ...boxes) {
  map.beginStroke();
  for (const [x0, y0, x1, y1, value] of boxes) for (let y = y0; y < y1; y++) map.span(y, x0, x1, value, 1);
  map.endStroke();
}

test("there is nothing to learn from one category, or from little", () => {
  const map = new LabelMap(1500, 1000);
  assert.equal(windowToLearnFrom(map), null);
  paint(map, [0, 0, 200, 200, 1]);
  assert.equal(windowToLearnFrom(map), null);
  paint(map, [0, 0, 200, 200, 0], [0, 0, 30, 30, 1], [30, 0, 60, 30, 2]);
  assert.equal(windowToLearnFrom(map), null);
});

test("the window with the most painted borders is chosen, and has the labels of there", () => {
  const map = new LabelMap(1500, 1000);
  paint(map, [0, 0, 100, 100, 1], [100, 0, 110, 5, 2], [700, 700, 800, 900, 1], [800, 700, 900, 900, 2]);
  const corner = windowToLearnFrom(map) ?? assert.fail();
  assert.ok(corner.x <= 700 && corner.x + WINDOW >= 900 && corner.y <= 700 && corner.y + WINDOW >= 900);
  const labels = labelsOf(map, corner);
  for (const [x, y] of [
    [799, 700],
    [800, 899],
    [900, 700],
    [750, 950],
  ]) {
    assert.equal(labels[(y - corner.y) * WINDOW + x - corner.x], map.get(x, y));
  }
});

test("a window that sticks out of the image is 0 there", () => {
  const map = new LabelMap(300, 300);
  paint(map, [256, 256, 300, 300, 1], [280, 256, 300, 300, 2]);
  paint(map, [0, 0, 256, 256, 1]);
  const labels = labelsOf(map, windowToLearnFrom(map) ?? assert.fail());
  assert.equal(labels.length, WINDOW * WINDOW);
  assert.equal(labels.filter((value) => value === 2).length, 20 * 44);
});

test("segments are as good as the most frequent label of each", () => {
  const shown = new Mosaic([squares({ width: 512, height: 512, cell: 64, random: randomness(1) })]).at(0);
  const labels = new Uint8Array(WINDOW * WINDOW);
  for (let y = 0; y < 10; y++) labels.fill(1, y * WINDOW, y * WINDOW + 100);
  for (let y = 0; y < 10; y++) labels.fill(2, y * WINDOW + 100, y * WINDOW + 128);
  // 64 of the first, then 36 of the first and 28 of the second in one segment.
  assert.deepEqual(fitOfShown(shown, labels, { x: 0, y: 0 }), { accuracy: 100 / 128, segments: 2 });
  assert.equal(fitOfShown(shown, labels, { x: 512, y: 0 }), null);
});

test("a setting is worth a word when it is clearly better, or as good and coarser", () => {
  const present = { accuracy: 0.95, segments: 100 };
  assert.ok(isWorthwhile({ accuracy: 0.98, segments: 300 }, present));
  assert.ok(!isWorthwhile({ accuracy: 0.96, segments: 100 }, present));
  assert.ok(isWorthwhile({ accuracy: 0.95, segments: 50 }, present));
  assert.ok(!isWorthwhile({ accuracy: 0.9, segments: 5 }, present));
  assert.ok(isWorthwhile({ accuracy: 0.5, segments: 5 }, null));
});
