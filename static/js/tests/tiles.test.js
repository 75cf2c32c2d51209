import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../core/history.js";
import { LabelMap, SAVE_TILE } from "../core/tiles.js";
import { randomness } from "./random.js";

const WIDTH = 700;
const HEIGHT = 530;

/** A map without tiles, to compare with. */
class Flat {
  constructor() {
    this.planes = [new Uint8Array(WIDTH * HEIGHT), new Uint8Array(WIDTH * HEIGHT)];
  }

  copy() {
    const copy = new Flat();
    copy.planes = this.planes.map((plane) => plane.slice());
    return copy;
  }

  /** @type {LabelMap["span"]} */
  span(y, x0, x1, value, provenance) {
    if (y < 0 || y >= HEIGHT) return;
    for (let x = Math.max(x0, 0); x < Math.min(x1, WIDTH); x++) {
      this.planes[0][y * WIDTH + x] = value;
      this.planes[1][y * WIDTH + x] = value ? provenance : 0;
    }
  }
}

/**
 * @param {LabelMap} map
 * @param {Flat} flat
 */
function assertSame(map, flat) {
  for (const plane of /** @type {const} */ ([0, 1])) {
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        if (map.get(x, y, plane) !== flat.planes[plane][y * WIDTH + x]) assert.fail(`plane ${plane} at ${x}, ${y}`);
      }
    }
  }
}

/**
 * @param {ReturnType<typeof randomness>} random
 * @param {(LabelMap | Flat)[]} targets
 */
function paint(random, targets) {
  for (let row = 0; row < 60; row++) {
    const [y, x, value] = [random.whole(-5, HEIGHT + 5), random.whole(-60, WIDTH), random.whole(0, 4)];
    const end = x + random.whole(0, 400);
    for (const target of targets) target.span(y, x, end, value, 1 + (row % 5));
  }
}

test("sparse tiles hold what a flat array would, through strokes, undo, redo, cancel and clear", () => {
  const random = randomness(1);
  const map = new LabelMap(WIDTH, HEIGHT);
  const history = new History(map);
  let states = [new Flat()];
  let at = 0;
  for (let round = 0; round < 40; round++) {
    const kind = random.whole(0, 9);
    if (kind < 4 || at === 0) {
      const flat = states[at].copy();
      map.beginStroke();
      paint(random, [map, flat]);
      history.push(map.endStroke());
      states = [...states.slice(0, ++at), flat];
    } else if (kind < 6) {
      history.undo();
      at--;
    } else if (kind < 7 && at < states.length - 1) {
      history.redo();
      at++;
    } else if (kind < 8) {
      map.beginStroke();
      paint(random, [map]);
      map.cancelStroke();
    } else if (map.tiles.size) {
      map.beginStroke();
      map.clear();
      history.push(map.endStroke());
      states = [...states.slice(0, ++at), new Flat()];
    }
    if (round % 4 === 0) assertSame(map, states[at]);
  }
  assertSame(map, states[at]);
});

test("erasing where nothing is makes no tile and nothing to save", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  map.beginStroke();
  map.span(10, 0, 300, 0, 1);
  assert.equal(map.endStroke(), null);
  assert.equal(map.tiles.size + map.dirty.size, 0);
});

test("painting after clearing in one stroke can be undone", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  const history = new History(map);
  map.beginStroke();
  map.span(5, 0, 9, 2, 1);
  history.push(map.endStroke());
  map.beginStroke();
  map.clear();
  map.span(5, 3, 4, 1, 1);
  history.push(map.endStroke());
  assert.deepEqual([map.get(2, 5), map.get(3, 5)], [0, 1]);
  history.undo();
  assert.deepEqual([map.get(2, 5), map.get(3, 5)], [2, 2]);
});

test("pixels change inside a stroke only", () => {
  assert.throws(() => new LabelMap(10, 10).span(1, 1, 2, 1, 1));
});

test("a snapshot keeps its pixels while painting goes on, and leaves out the running stroke", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  map.beginStroke();
  map.span(600 - 100, 520, 530, 3, 2);
  map.endStroke();
  map.beginStroke();
  map.span(500, 525, 540, 1, 1);
  const snapshot = map.takeSnapshot();
  map.span(500, 520, 521, 4, 1);
  map.endStroke();
  assert.deepEqual([...snapshot.dirty], [1]);
  const pixels = map.savePixels(snapshot.tiles, 1, 0) ?? new Uint8Array();
  const row = pixels.subarray(500 * SAVE_TILE + 8, 500 * SAVE_TILE + 8 + 20);
  assert.deepEqual([...row], [...new Array(10).fill(3), ...new Array(10).fill(0)]);
  assert.equal(map.savePixels(snapshot.tiles, 1, 1)?.[500 * SAVE_TILE + 8], 2);
  assert.deepEqual([...map.dirty], [1], "the stroke that ended since is still to be saved");
});

test("what is saved is loaded again", () => {
  const random = randomness(9);
  const [map, flat, loaded] = [new LabelMap(WIDTH, HEIGHT), new Flat(), new LabelMap(WIDTH, HEIGHT)];
  map.beginStroke();
  paint(random, [map, flat]);
  map.endStroke();
  const { dirty, tiles } = map.takeSnapshot();
  for (const key of dirty) {
    for (const plane of /** @type {const} */ ([0, 1])) {
      const pixels = map.savePixels(tiles, key, plane);
      if (pixels) loaded.load(plane, key % map.saveColumns, Math.floor(key / map.saveColumns), pixels);
    }
  }
  assertSame(loaded, flat);
  assert.equal(loaded.dirty.size, 0);
});

test("history forgets the oldest strokes beyond its bytes, never the newest", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  const history = new History(map, 3 * 2 * 65536);
  for (let round = 0; round < 10; round++) {
    map.beginStroke();
    map.span(1, 0, 10, 1 + (round % 4), 1);
    history.push(map.endStroke());
  }
  assert.equal(history.past.length, 3);
  const small = new History(map, 1);
  map.beginStroke();
  map.span(1, 0, 10, 1, 1);
  small.push(map.endStroke());
  assert.equal(small.past.length, 1);
});

test("a map is blank until something is labelled, and again when all is erased", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  assert.ok(map.isBlank());
  map.beginStroke();
  map.span(1, 0, 10, 1, 1);
  assert.ok(!map.isBlank());
  map.span(1, 0, 10, 0, 1);
  assert.ok(map.isBlank());
});
