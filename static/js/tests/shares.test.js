import assert from "node:assert/strict";
import { test } from "node:test";
import { percentage, Shares } from "../core/shares.js";
import { LabelMap } from "../core/tiles.js";
import { Painter } from "../work/painter.js";
import { randomness } from "./random.js";

const WIDTH = 700;
const HEIGHT = 530;

/** @param {LabelMap} map */
function counted(map) {
  const pixels = new Float64Array(256);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) pixels[map.get(x, y)]++;
  return pixels;
}

test("shares are those of a look at every pixel, through strokes, undo, redo and clear, whenever they are counted", () => {
  const random = randomness(1);
  const map = new LabelMap(WIDTH, HEIGHT);
  const painter = new Painter(map, () => {});
  const shares = new Shares(map);
  painter.addEventListener("settled", (event) => shares.touch(/** @type {CustomEvent} */ (event).detail.before.keys()));
  for (let round = 0; round < 60; round++) {
    const action = random.whole(0, 9);
    if (action === 0) painter.clear();
    else if (action === 1) painter.redo();
    else if (action <= 3) painter.undo();
    else {
      painter.begin();
      const point = () => ({ x: random.whole(-20, WIDTH + 20), y: random.whole(-20, HEIGHT + 20) });
      painter.capsule(point(), point(), random.whole(1, 120), random.whole(0, 4), 1);
      if (random.whole(0, 3)) painter.commit();
      else painter.cancel();
    }
    let left = random.whole(0, 5);
    shares.count(() => left-- > 0); // it may stop in the middle
    if (round % 4) continue;
    shares.count();
    const [unlabelled, ...pixels] = counted(map);
    assert.deepEqual([...shares.pixels.subarray(1)], pixels);
    assert.equal(shares.unlabelled, unlabelled / (WIDTH * HEIGHT));
    assert.equal(shares.of([1, 3]), (pixels[0] + pixels[2]) / (WIDTH * HEIGHT));
  }
});

test("a running stroke does not count before it has ended", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  const shares = new Shares(map);
  map.beginStroke();
  map.span(0, 0, 10, 3, 1);
  shares.touch([0]);
  shares.count();
  assert.equal(shares.pixels[3], 0);
  map.span(1, 0, 10, 3, 1);
  map.endStroke();
  shares.touch([0]);
  shares.count();
  assert.equal(shares.pixels[3], 20);
});

test("what was counted once is not counted again, whatever undo brings back", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  const painter = new Painter(map, () => {});
  const shares = new Shares(map);
  const known = new Set();
  const histogramOf = shares.histogramOf.bind(shares);
  let fresh = 0;
  shares.histogramOf = (tile) => {
    if (!known.has(tile)) fresh++;
    known.add(tile);
    return histogramOf(tile);
  };
  painter.addEventListener("settled", (event) => {
    shares.touch(/** @type {CustomEvent} */ (event).detail.before.keys());
    shares.count();
  });
  painter.change((change) => change.span(10, 0, WIDTH, 1, 6));
  const once = fresh;
  painter.undo();
  painter.redo();
  assert.equal(once, 3);
  assert.equal(fresh, once);
});

test("only nothing is 0 %, and only all is 100 %", () => {
  assert.deepEqual([0, 1 / 8192 ** 2, 0.001, 0.1234, 1 - 1 / 8192 ** 2, 1].map(percentage), [
    "0 %",
    "< 0.1 %",
    "0.1 %",
    "12.3 %",
    "> 99.9 %",
    "100 %",
  ]);
});
