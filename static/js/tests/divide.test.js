import assert from "node:assert/strict";
import { test } from "node:test";
import { divided, opened } from "../core/divide.js";
import { nodeAt } from "../core/mergetree.js";
import { Mosaic } from "../core/mosaic.js";
import { piecesOf } from "../core/refine.js";
import { boundsOf } from "../core/shape.js";
import { squares } from "./maps.js";
import { randomness } from "./random.js";

/** @import { Segments } from "../core/segments.js" */

test("pieces are connected, and small ones join the neighbour with the longest border", () => {
  const inside = Uint8Array.from([1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
  const cells = [0, 0, 0, 1, 1, 0, 2, 0, 1, 0, 0, 0, 0, 1, 1];
  const { pieces, count } = piecesOf(inside, cells, 5, 2);
  assert.equal(count, 2);
  assert.deepEqual([...pieces], [0, 0, 0, 1, -1, 0, 0, 0, 1, 1, 0, 0, 0, 1, -1]);
});

test("equal numbers that do not touch are two pieces", () => {
  const { count } = piecesOf(Uint8Array.from([1, 1, 0, 1, 1]), [3, 3, 3, 3, 3], 5, 2);
  assert.equal(count, 2);
});

for (const seed of [1, 2, 3, 4]) {
  test(`every piece of a random division is connected and not too small (${seed})`, () => {
    const random = randomness(seed);
    const [width, height] = [24, 17];
    const inside = new Uint8Array(width * height).fill(1);
    const cells = Array.from(inside, () => random.whole(0, 3));
    const { pieces, count } = piecesOf(inside, cells, width, 12);
    const again = piecesOf(inside, pieces, width, 0);
    assert.equal(again.count, count);
    const sizes = new Int32Array(count);
    for (const piece of pieces) sizes[piece]++;
    assert.ok(sizes.every((size) => size >= 12));
  });

  test(`a divided segment stands open, wherever it lies below, and closes above; no other is lost (${seed})`, () => {
    const random = randomness(seed);
    const before = squares({ width: 48, height: 48, cell: 6, random });
    const level = new Mosaic([before]).levels.levelFor(random.whole(12, 64));
    const part = { map: before, node: random.whole(0, 63) };
    const box = boundsOf(part);
    const division = piecesOf(
      new Uint8Array(36).fill(1),
      Array.from({ length: 36 }, (_, at) => (at % 6 < 4 ? 0 : 1)),
      6,
      2,
    );
    const after = divided(part, division, level, 3) ?? assert.fail();
    assert.ok(isSorted(after));
    const open = new Mosaic([after]).at(level);
    assert.equal(open.shapeAt(box.x0, box.y0)?.bounds.x1, box.x0 + 4);
    assert.equal(open.shapeAt(box.x1 - 1, box.y0)?.bounds.x0, box.x0 + 4);
    const still = nodesOf(after);
    assert.ok([...nodesOf(before)].every((pixels) => still.has(pixels)));
    for (const other of before.tree.heights.filter((height) => height > level)) assertSame(before, after, other);
  });

  test(`an opened segment shows what it was merged from, and closes above; nothing is lost (${seed})`, () => {
    const random = randomness(seed);
    const before = squares({ width: 48, height: 48, cell: 6, random });
    const level = new Mosaic([before]).levels.levelFor(random.whole(4, 20));
    const node = nodeAt(before.tree, random.whole(0, 63), level);
    const after = opened(before, [node], level);
    assert.ok(isSorted(after));
    const [was, is] = [before, after].map((map) => new Mosaic([map]).at(level).count);
    assert.equal(is, was + Math.min(3, before.tree.sizes[node] - 1));
    assert.deepEqual(nodesOf(after), nodesOf(before));
    for (const other of before.tree.heights.filter((height) => height > level)) assertSame(before, after, other);
    assertSame(before, after, 0);
  });
}

test("what lies hidden below the shown segment is opened together with it", () => {
  const before = squares({ width: 48, height: 48, cell: 6, random: randomness(5) });
  const level = new Mosaic([before]).levels.levelFor(2);
  const node = before.tree.parents[20];
  const shown = new Mosaic([opened(before, [node], level)]).at(level);
  assert.equal(shown.shapeAt(6 * (20 % 8), 6 * Math.floor(20 / 8))?.parts[0].node, 20);
});

test("opening again and again never comes to an end before the single segments, nor to heights that are equal", () => {
  let map = squares({ width: 200, height: 200, cell: 5, random: randomness(6) });
  const level = new Mosaic([map]).levels.levelFor(1);
  for (let presses = 0; ; presses++) {
    const nodes = new Set(map.tree.order.map((segment) => nodeAt(map.tree, segment, level)));
    const node = [...nodes].find((each) => map.tree.sizes[each] > 1);
    if (node === undefined) {
      assert.equal(nodes.size, 1600);
      assert.ok(presses > 500);
      break;
    }
    map = opened(map, [node], level);
    assert.ok(isSorted(map));
  }
});

/** Each node of a map as the list of its pixels. @param {Segments} map */
function nodesOf(map) {
  /** @type {number[][]} */
  const pixels = Array.from({ length: map.tree.segments }, () => []);
  for (const [at, segment] of map.ids.entries()) pixels[segment].push(at);
  const { order, first, sizes } = map.tree;
  return new Set(
    Array.from(sizes, (size, node) =>
      [...order.subarray(first[node], first[node] + size)]
        .flatMap((segment) => pixels[segment])
        .sort((a, b) => a - b)
        .join(),
    ).sort(),
  );
}

/** @param {Segments} map */
function isSorted({ tree: { heights } }) {
  return heights.every((height, merge) => !merge || height > heights[merge - 1]);
}

/** @param {Segments} one @param {Segments} other @param {number} level */
function assertSame(one, other, level) {
  const [was, is] = [one, other].map((map) => new Mosaic([map]).at(level));
  assert.equal(is.count, was.count);
  for (let y = 0; y < one.height; y++) {
    for (let x = 0; x < one.width; x++) assert.deepEqual(is.shapeAt(x, y)?.bounds, was.shapeAt(x, y)?.bounds);
  }
}

test("pieces are credited to what made them, the closed segment to the map", () => {
  const before = squares({ width: 20, height: 20, cell: 10, random: randomness(9) });
  const part = { map: before, node: 1 };
  const division = piecesOf(
    new Uint8Array(100).fill(1),
    Array.from({ length: 100 }, (_, at) => (at % 10) >> 2),
    10,
    4,
  );
  const after = divided(part, division, 0, 4);
  assert.ok(after);
  const mosaic = new Mosaic([after]);
  const credit = (/** @type {number} */ x, /** @type {number} */ level) => {
    const [{ map, node }] = mosaic.at(level).shapeAt(x, 0)?.parts ?? assert.fail();
    return map.creditOf(node);
  };
  const closed = after.tree.heights[division.count - 2];
  assert.deepEqual([credit(10, 0), credit(19, 0), credit(0, 0), credit(10, closed)], [4, 4, 2, 2]);
});

test("beyond the sides, the nearest piece takes the place of the divided segment", () => {
  const beyond = { bottom: Uint16Array.from({ length: 20 }, (_, at) => (at < 10 ? 2 : 3)) };
  const before = squares({ width: 20, height: 20, cell: 10, random: randomness(9), beyond });
  const halves = Array.from({ length: 100 }, (_, at) => (at % 10 < 5 ? 0 : 1));
  const division = piecesOf(new Uint8Array(100).fill(1), halves, 10, 4);
  const after = divided({ map: before, node: 3 }, division, 0, 2);
  const named = Array.from({ length: 20 }, (_, at) => after?.ids[19 * 20 + at]);
  assert.deepEqual([...(after?.tree.beyond.bottom ?? [])], named);
});

test("a map grows from 8 to 16 bits when its segments need it, and never above 65,535", () => {
  const before = squares({ width: 160, height: 160, cell: 10, random: randomness(10) });
  assert.ok(before.ids instanceof Uint8Array);
  const quarters = Array.from({ length: 100 }, (_, at) => (at % 10 < 5 ? 0 : 1));
  const division = piecesOf(new Uint8Array(100).fill(1), quarters, 10, 4);
  const after = divided({ map: before, node: 17 }, division, 0, 2);
  assert.ok(after?.ids instanceof Uint16Array);
  assert.equal(after.tree.segments, 257);
  assert.equal(divided({ map: before, node: 17 }, { ...division, count: 65_300 }, 0, 2), null);
});
