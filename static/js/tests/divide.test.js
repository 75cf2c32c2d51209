import assert from "node:assert/strict";
import { test } from "node:test";
import { divided } from "../core/divide.js";
import { nodeAt } from "../core/mergetree.js";
import { Mosaic } from "../core/mosaic.js";
import { piecesOf } from "../core/refine.js";
import { boundsOf, Shape } from "../core/shape.js";
import { squares } from "./maps.js";
import { randomness } from "./random.js";

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

  test(`a divided segment stands open at its level and closes above; nothing else changes (${seed})`, () => {
    const random = randomness(seed);
    const before = squares({ width: 48, height: 48, cell: 6, random });
    const mosaic = new Mosaic([before]);
    const level = mosaic.levels.levelFor(random.whole(12, 64));
    const node = nodeAt(before.tree, random.whole(0, 63), level);
    const part = { map: before, node };
    const box = boundsOf(part);
    const mask = new Shape([part]).mask(box);
    const division = piecesOf(
      mask,
      mask.map((_, at) => (at % (box.x1 - box.x0) < 4 ? 0 : 1)),
      box.x1 - box.x0,
      2,
    );
    const after = divided(part, division, level, 3);
    assert.ok(after);
    const open = new Mosaic([after]).at(level);
    assert.equal(open.count, mosaic.at(level).count + division.count - 1);
    const holds = (/** @type {number} */ at) => new Shape([part]).contains(at % 48, Math.floor(at / 48));
    const areaOf = (/** @type {number} */ piece) => division.pieces.filter((each) => each === piece).length;
    for (const other of [0, level, ...before.tree.heights.filter((height) => height > level)]) {
      const was = mosaic.at(other);
      const is = new Mosaic([after]).at(other);
      for (let at = 0; at < 48 * 48; at++) {
        const [x, y] = [at % 48, Math.floor(at / 48)];
        if (holds(at) && other <= level) {
          const index = (y - box.y0) * (box.x1 - box.x0) + x - box.x0;
          const found = is.shapeAt(x, y)?.mask(box);
          assert.equal(found?.[index], 1);
          assert.equal(found?.filter(Boolean).length, areaOf(division.pieces[index]));
        } else assert.deepEqual(is.shapeAt(x, y)?.bounds, was.shapeAt(x, y)?.bounds);
      }
    }
  });
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
