import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf, majorities, regionAt, signOf, spansOf, survey } from "../core/inspect.js";
import { LabelMap } from "../core/tiles.js";
import { randomness } from "./random.js";

/**
 * Sparse tiles of a mask given pixel by pixel.
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => number} valueAt
 */
function painted(width, height, valueAt) {
  const map = new LabelMap(width, height);
  map.beginStroke();
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) map.span(y, x, x + 1, valueAt(x, y), 1);
  map.endStroke();
  return map;
}

/** @param {LabelMap} map */
function surveyOf({ tiles, width, height }) {
  return survey(tiles, width, height);
}

/** @param {string[]} rows of digits */
function drawn(rows) {
  return painted(rows[0].length, rows.length, (x, y) => Number(rows[y][x]));
}

/**
 * Every region by flooding from pixel to pixel, as the definitions say.
 * @param {LabelMap} map
 */
function bruteForce(map) {
  const { width, height } = map;
  const region = new Int32Array(width * height).fill(-1);
  const found = [];
  for (let start = 0; start < region.length; start++) {
    if (region[start] >= 0) continue;
    const value = map.get(start % width, Math.floor(start / width));
    const members = [start];
    const beside = new Set();
    const edges = new Map();
    let within = true;
    region[start] = found.length;
    for (const at of members) {
      const [x, y] = [at % width, Math.floor(at / width)];
      for (const [dx, dy] of [
        [-1, -1],
        [0, -1],
        [1, -1],
        [-1, 0],
        [1, 0],
        [-1, 1],
        [0, 1],
        [1, 1],
      ]) {
        const [u, v] = [x + dx, y + dy];
        if (u < 0 || v < 0 || u >= width || v >= height) {
          within = false;
          continue;
        }
        const other = map.get(u, v);
        if (other !== value) {
          beside.add(other);
          if (other && (dx === 0 || dy === 0)) edges.set(other, (edges.get(other) ?? 0) + 1);
        } else if (region[v * width + u] < 0) {
          region[v * width + u] = found.length;
          members.push(v * width + u);
        }
      }
    }
    const most = Math.max(0, ...edges.values());
    found.push({
      sign: [value, start % width, Math.floor(start / width), members.length],
      around: within && beside.size === 1 ? [...beside][0] : 0,
      into: Math.min(...[...edges].filter(([, length]) => length === most).map(([other]) => other), 255) % 255,
      members: members.sort((one, other) => one - other),
    });
  }
  return found;
}

/** @param {LabelMap} map */
function surveyed(map) {
  const all = surveyOf(map);
  const regions = Array.from(all.first, (_, region) => region);
  const into = majorities(all, regions);
  return regions.map((region) => {
    const members = [];
    const spans = spansOf(all, new Map([[region, 9]]));
    for (let at = 0; at < spans.length; at += 4) {
      assert.equal(spans[at + 3], 9);
      for (let x = spans[at + 1]; x < spans[at + 2]; x++) members.push(spans[at] * map.width + x);
    }
    assert.equal(regionAt(all, signOf(all, region)), region);
    return { sign: signOf(all, region), around: all.around[region], into: into.get(region), members };
  });
}

test("the survey is what flooding finds, in many random masks", () => {
  const random = randomness(5);
  for (let round = 0; round < 60; round++) {
    const [width, height] = [random.whole(1, 24), random.whole(1, 24)];
    const most = random.whole(1, 4);
    const coarse = random.whole(1, 4);
    const cells = Array.from({ length: 24 * 24 }, () => random.whole(0, most));
    const map = painted(width, height, (x, y) => cells[Math.floor(y / coarse) * 24 + Math.floor(x / coarse)]);
    assert.deepEqual(surveyed(map), bruteForce(map));
  }
});

test("regions reach across tiles, painted and missing ones", () => {
  const map = new LabelMap(300, 530);
  map.beginStroke();
  for (let y = 200; y < 400; y++) map.span(y, 190, 290, 2, 1);
  for (let y = 250; y < 262; y++) map.span(y, 250, 262, 0, 0);
  map.span(255, 255, 257, 3, 1);
  map.span(520, 290, 300, 255, 1);
  map.endStroke();
  assert.deepEqual(surveyed(map), bruteForce(map));
});

test("a blank map is one unlabelled region", () => {
  const all = survey(new Map(), 600, 300);
  assert.deepEqual(signOf(all, 0), [0, 0, 0, 180_000]);
  assert.equal(kindOf(all, 0, 50), "unlabelled");
});

test("what a region is taken for", () => {
  const all = surveyOf(
    drawn([
      "1111111000", //
      "1011211020",
      "1111111000",
      "3333333000",
      "3311113004",
    ]),
  );
  const kinds = Array.from(all.first, (_, region) => [`${signOf(all, region)}`, kindOf(all, region, 5)]);
  assert.deepEqual(kinds, [
    ["1,0,0,19", null],
    ["0,7,0,13", "unlabelled"],
    ["0,1,1,1", "hole"],
    ["2,4,1,1", "hole"],
    ["2,8,1,1", "speck"],
    ["3,0,3,10", null],
    ["1,2,4,4", "speck"],
    ["4,9,4,1", "speck"],
  ]);
  assert.deepEqual([...majorities(all, [1, 2, 3, 4, 6, 7]).values()], [2, 1, 1, 0, 3, 0]);
});

test("a region that changed is not taken for what it was", () => {
  const all = surveyOf(drawn(["111", "101", "111"]));
  assert.equal(regionAt(all, [0, 1, 1, 1]), 1);
  for (const sign of [
    [0, 1, 1, 2],
    [2, 1, 1, 1],
    [1, 1, 0, 8],
    [0, 9, 9, 1],
  ]) {
    assert.equal(regionAt(all, /** @type {import("../core/inspect.js").Sign} */ (sign)), -1);
  }
});
