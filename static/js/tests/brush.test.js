import assert from "node:assert/strict";
import { test } from "node:test";
import { capsule, capsuleBounds, snap } from "../core/brush.js";
import { randomness } from "./random.js";

/**
 * The rule of `core/brush.js` pixel by pixel, in whole numbers without limit.
 * @param {number[]} ends px, py, qx, qy
 * @param {number} diameter
 * @param {number} i
 * @param {number} j
 */
function covers([px, py, qx, qy], diameter, i, j) {
  const [x, y] = [BigInt(2 * i + 1), BigInt(2 * j + 1)];
  const [ax, ay, bx, by] = [px, py, qx, qy].map(BigInt);
  const limit = BigInt(diameter) ** 2n;
  const [dx, dy, u, v] = [bx - ax, by - ay, x - ax, y - ay];
  const length = dx * dx + dy * dy;
  const along = u * dx + v * dy;
  if (along <= 0n) return u * u + v * v <= limit;
  if (along >= length) return (x - bx) ** 2n + (y - by) ** 2n <= limit;
  return (dx * v - dy * u) ** 2n <= limit * length;
}

/**
 * @param {number[]} ends
 * @param {number} diameter
 */
function painted([px, py, qx, qy], diameter) {
  /** @type {Set<string>} */
  const pixels = new Set();
  capsule(px, py, qx, qy, diameter, (y, x0, x1) => {
    for (let x = x0; x < x1; x++) pixels.add(`${x},${y}`);
  });
  return pixels;
}

test("a capsule covers exactly the pixels whose centre is near enough", () => {
  const random = randomness(7);
  for (let round = 0; round < 400; round++) {
    const diameter = random.whole(1, round % 10 ? 12 : 60);
    const reach = round % 3 ? 40 : 8;
    const ends = [0, 0, 0, 0].map(() => snap(random.whole(-reach, reach) + random.next(), diameter));
    const pixels = painted(ends, diameter);
    const edge = reach + diameter + 2;
    for (let j = -edge; j <= edge; j++) {
      for (let i = -edge; i <= edge; i++) {
        assert.equal(pixels.has(`${i},${j}`), covers(ends, diameter, i, j), `${ends} ${diameter} at ${i},${j}`);
      }
    }
  }
});

test("a long stroke is still exact", () => {
  const random = randomness(11);
  for (let round = 0; round < 20; round++) {
    const ends = [0, 0, 1, 1].map((far) => snap(random.whole(far * 7000, far * 1000 + 8000 * far), 399));
    capsule(ends[0], ends[1], ends[2], ends[3], 399, (y, x0, x1) => {
      for (const [x, inside] of /** @type {const} */ ([
        [x0 - 1, false],
        [x0, true],
        [x1 - 1, true],
        [x1, false],
      ])) {
        assert.equal(covers(ends, 399, x, y), inside, `${ends} at ${x},${y}`);
      }
    });
  }
});

for (const { diameter, count } of [
  { diameter: 1, count: 1 },
  { diameter: 2, count: 4 },
  { diameter: 3, count: 9 },
  { diameter: 4, count: 12 },
]) {
  test(`a touch with diameter ${diameter} paints ${count} pixels`, () => {
    const [x, y] = [10.7, 4.2].map((position) => snap(position, diameter));
    assert.equal(painted([x, y, x, y], diameter).size, count);
  });
}

test("diameter 1 paints the pixel under the pointer", () => {
  const [x, y] = [10.999, 4].map((position) => snap(position, 1));
  assert.deepEqual([...painted([x, y, x, y], 1)], ["10,4"]);
});

test("a line of diameter 1 has no gap", () => {
  const random = randomness(3);
  for (let round = 0; round < 100; round++) {
    const ends = [0, 0, 0, 0].map(() => snap(random.whole(-50, 50), 1));
    const pixels = painted(ends, 1);
    const steps = Math.max(Math.abs(ends[2] - ends[0]), Math.abs(ends[3] - ends[1])) / 2 + 1;
    assert.ok(pixels.size >= steps, `${ends}`);
  }
});

test("the bounds hold all spans and touch them on every side", () => {
  const random = randomness(5);
  for (let round = 0; round < 200; round++) {
    const diameter = random.whole(1, 30);
    const [px, py, qx, qy] = [0, 0, 0, 0].map(() => snap(random.whole(-40, 40), diameter));
    const box = { x0: 1e9, y0: 1e9, x1: -1e9, y1: -1e9 };
    capsule(px, py, qx, qy, diameter, (y, x0, x1) => {
      box.x0 = Math.min(box.x0, x0);
      box.x1 = Math.max(box.x1, x1);
      box.y0 = Math.min(box.y0, y);
      box.y1 = Math.max(box.y1, y + 1);
    });
    const bounds = capsuleBounds(px, py, qx, qy, diameter);
    assert.ok(box.x0 === bounds.x0 && box.y0 === bounds.y0 && box.x1 === bounds.x1 && box.y1 === bounds.y1);
  }
});
