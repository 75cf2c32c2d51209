import assert from "node:assert/strict";
import { test } from "node:test";
import { closeHoles, fillRegion } from "../core/fill.js";
import { insideRuns } from "../core/polygon.js";
import { LabelMap } from "../core/tiles.js";
import { randomness } from "./random.js";

const WIDTH = 530;
const HEIGHT = 280;

/** @typedef {(x: number, y: number) => boolean} Test */

/** @param {Iterable<unknown>} work */
function run(work) {
  let steps = 0;
  for (const _ of work) steps++;
  return steps;
}

/**
 * Blobs, lines and whole tiles, so that regions end within tiles, at their edges and at their corners.
 * @param {ReturnType<typeof randomness>} random
 */
function randomMap(random) {
  const map = new LabelMap(WIDTH, HEIGHT);
  map.beginStroke();
  for (let shape = 0; shape < 40; shape++) {
    const [x, y, value] = [random.whole(-20, WIDTH), random.whole(-20, HEIGHT), random.whole(0, 3)];
    const [width, height] = random.whole(0, 1) ? [random.whole(1, 4), random.whole(1, 250)] : [random.whole(1, 250), 3];
    for (let row = y; row < y + height; row++) map.span(row, x, x + width, value, 1);
  }
  for (let ring = 0; ring < 5; ring++) {
    const [x, y, side, value] = [random.whole(0, 400), random.whole(0, 200), random.whole(20, 90), random.whole(1, 3)];
    for (let row = y; row <= y + side; row++) {
      const whole = row === y || row === y + side;
      for (const from of whole ? [x] : [x, x + side]) map.span(row, from, whole ? x + side + 1 : from + 1, value, 1);
    }
  }
  // Diagonals touch by their corners only.
  for (let at = 0; at < 250; at++) map.span(10 + at, 100 + at, 101 + at, 2, 1);
  if (random.whole(0, 1)) map.fillTile(0, 1, 1);
  map.endStroke();
  return map;
}

/** @param {LabelMap} map @param {0 | 1} plane */
function flat(map, plane = 0) {
  const pixels = new Uint8Array(WIDTH * HEIGHT);
  for (let at = 0; at < pixels.length; at++) pixels[at] = map.get(at % WIDTH, Math.floor(at / WIDTH), plane);
  return pixels;
}

/**
 * Pixel by pixel: what can be reached.
 * @param {number[]} start
 * @param {(at: number) => boolean} open
 * @param {boolean} corners
 */
function reached(start, open, corners) {
  const seen = new Uint8Array(WIDTH * HEIGHT);
  const stack = start.filter(open);
  for (const at of stack) seen[at] = 1;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        if (dx && dy && !corners) continue;
        const next = at + dy * WIDTH + dx;
        if (x + dx < 0 || x + dx >= WIDTH || y + dy < 0 || y + dy >= HEIGHT || seen[next] || !open(next)) continue;
        seen[next] = 1;
        stack.push(next);
      }
    }
  }
  return seen;
}

test("fill gives exactly the pixels of equal label around a point another one", () => {
  const random = randomness(21);
  for (let round = 0; round < 12; round++) {
    const map = randomMap(random);
    const [before, tools] = [flat(map), flat(map, 1)];
    const [x, y, value] = [random.whole(0, WIDTH - 1), random.whole(0, HEIGHT - 1), random.whole(0, 3)];
    const label = before[y * WIDTH + x];
    const region = reached([y * WIDTH + x], (at) => before[at] === label, false);
    map.beginStroke();
    run(fillRegion(map, x, y, value, 6));
    const changed = map.endStroke();
    const [after, credits] = [flat(map), flat(map, 1)];
    for (let at = 0; at < after.length; at++) {
      const filled = region[at] && label !== value;
      const credit = value === 0 ? 0 : 6;
      if (after[at] !== (filled ? value : before[at])) assert.fail(`round ${round}: label at ${at}`);
      if (credits[at] !== (filled ? credit : tools[at])) assert.fail(`round ${round}: provenance at ${at}`);
    }
    assert.equal(changed === null, label === value);
    if (changed) map.swap(changed);
    assert.deepEqual(flat(map), before);
  }
});

test("fill outside the image or of a locked category changes nothing", () => {
  const map = randomMap(randomness(3));
  const guard = new Uint8Array(256).fill(1);
  for (const [x, y] of [
    [-1, 5],
    [5, -1],
    [WIDTH, 5],
    [5, HEIGHT],
  ]) {
    map.beginStroke();
    run(fillRegion(map, x, y, 1, 6));
    assert.equal(map.endStroke(), null);
  }
  guard[map.get(110, 20)] = 0;
  map.beginStroke(guard);
  run(fillRegion(map, 110, 20, 3, 6));
  assert.equal(map.endStroke(), null);
});

test("an image of 8192 pixels is filled in small steps, without memory for each place, and can be painted on", () => {
  const map = new LabelMap(8192, 8192);
  map.beginStroke();
  const steps = run(fillRegion(map, 4000, 4000, 5, 6));
  map.endStroke();
  assert.ok(steps >= 1024);
  assert.equal(new Set(map.tiles.values()).size, 1);
  assert.deepEqual([map.get(0, 0), map.get(8191, 8191), map.get(8191, 0, 1)], [5, 5, 6]);
  map.beginStroke();
  map.span(10, 0, 20, 1, 1);
  map.endStroke();
  assert.deepEqual([map.get(3, 10), map.get(256 + 3, 10), map.get(3, 256 + 10)], [1, 5, 5]);
});

test("painting over a filled tile in the same stroke stays where it is", () => {
  const map = new LabelMap(1024, 512);
  map.beginStroke();
  run(fillRegion(map, 5, 5, 2, 6));
  map.span(3, 0, 10, 1, 1);
  map.endStroke();
  assert.deepEqual([map.get(5, 3), map.get(256 + 5, 3), map.get(5, 256 + 3)], [1, 2, 2]);
});

test("closing holes labels what is unlabelled within a region, and nothing else", () => {
  const random = randomness(33);
  let closed = 0;
  const rim = [...new Uint8Array(WIDTH * HEIGHT).keys()].filter((at) => {
    const [column, row] = [at % WIDTH, Math.floor(at / WIDTH)];
    return column === 0 || row === 0 || column === WIDTH - 1 || row === HEIGHT - 1;
  });
  for (let round = 0; round < 16; round++) {
    const map = randomMap(random);
    const before = flat(map);
    const labelled = [...before.keys()].filter((at) => before[at]);
    const start = labelled[random.whole(0, labelled.length - 1)];
    const [x, y] = [start % WIDTH, Math.floor(start / WIDTH)];
    const value = before[y * WIDTH + x];
    const region = reached([start], (at) => before[at] === value, true);
    const outside = reached(rim, (at) => !region[at], false);
    map.beginStroke();
    run(closeHoles(map, x, y, 6));
    map.endStroke();
    const [after, credits] = [flat(map), flat(map, 1)];
    for (let at = 0; at < after.length; at++) {
      const hole = before[at] === 0 && !region[at] && !outside[at];
      if (hole) closed++;
      if (after[at] !== (hole ? value : before[at])) assert.fail(`round ${round}: label at ${at}`);
      if (hole && credits[at] !== 6) assert.fail(`round ${round}: provenance at ${at}`);
    }
  }
  assert.ok(closed > 1000);
});

test("a hole of whole tiles is closed", () => {
  const map = new LabelMap(2048, 2048);
  map.beginStroke();
  for (let y = 100; y < 1900; y++) {
    if (y < 110 || y >= 1890) map.span(y, 100, 1900, 3, 1);
    else for (const x of [100, 1890]) map.span(y, x, x + 10, 3, 1);
  }
  map.endStroke();
  map.beginStroke();
  run(closeHoles(map, 105, 105, 6));
  map.endStroke();
  assert.deepEqual([map.get(1000, 1000), map.get(110, 110), map.get(1889, 1889), map.get(1000, 1000, 1)], [3, 3, 3, 6]);
  assert.deepEqual([map.get(99, 1000), map.get(1900, 1900)], [0, 0]);
});

/**
 * Even-odd, the centre of the pixel against each edge, in whole half pixels.
 * @param {Point[]} corners
 * @param {number} i
 * @param {number} j
 */
function isInside(corners, i, j) {
  let met = 0;
  for (const [at, a] of corners.entries()) {
    const b = corners[(at + 1) % corners.length];
    const [x, y, ax, ay, bx, by] = [2 * i + 1, 2 * j + 1, 2 * a.x, 2 * a.y, 2 * b.x, 2 * b.y];
    if (ay < y === by < y) continue;
    // The edge at this height is at or to the left of the centre: (bx − ax)(y − ay) ≤ (x − ax)(by − ay), by > ay.
    const side = (x - ax) * (by - ay) - (bx - ax) * (y - ay);
    if (by > ay ? side >= 0 : side <= 0) met++;
  }
  return met % 2 === 1;
}

test("a polygon covers exactly the pixels whose centre is inside", () => {
  const random = randomness(5);
  for (let round = 0; round < 100; round++) {
    const count = random.whole(3, 9);
    const corners = Array.from({ length: count }, () => ({ x: random.whole(-15, 40), y: random.whole(-15, 40) }));
    /** @type {Set<string>} */
    const found = new Set();
    for (const [y, x0, x1] of insideRuns(corners, 30)) {
      for (let x = x0; x < x1; x++) {
        assert.ok(!found.has(`${x},${y}`));
        found.add(`${x},${y}`);
      }
    }
    for (let j = -16; j < 41; j++) {
      for (let i = -16; i < 41; i++) {
        const expected = j >= 0 && j < 30 && isInside(corners, i, j);
        if (found.has(`${i},${j}`) !== expected) assert.fail(`${JSON.stringify(corners)} at ${i},${j}`);
      }
    }
  }
});

test("polygons that share an edge share no pixel and leave none out", () => {
  const random = randomness(8);
  for (let round = 0; round < 100; round++) {
    const middle = { x: random.whole(1, 29), y: random.whole(1, 29) };
    const square = [
      { x: 0, y: 0 },
      { x: 30, y: 0 },
      { x: 30, y: 30 },
      { x: 0, y: 30 },
    ];
    const pixels = new Uint8Array(30 * 30);
    for (const [at, corner] of square.entries()) {
      for (const [y, x0, x1] of insideRuns([corner, square[(at + 1) % 4], middle], 30)) {
        for (let x = x0; x < x1; x++) pixels[y * 30 + x]++;
      }
    }
    assert.ok(pixels.every((times) => times === 1));
  }
});
