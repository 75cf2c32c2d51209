import assert from "node:assert/strict";
import { test } from "node:test";
import { superpixelRegion } from "../core/region.js";
import { boundingBoxes, Segments } from "../core/segments.js";
import { randomness } from "./random.js";

test("the runs of a segment are its pixels, each once, wherever the region lies", () => {
  const random = randomness(6);
  const [x, y, width, height, count] = [100, 40, 61, 43, 30];
  const ids = new Uint16Array(width * height).map((_, index) => (index < count ? index : random.whole(0, count - 1)));
  const boxes = boundingBoxes(ids, width, count);
  const segments = new Segments({ x, y, width, height, ids, boxes, count, provenance: 2 });
  for (let id = 0; id < count; id++) {
    const found = new Set();
    segments.forEachRun(id, (row, x0, x1) => {
      for (let column = x0; column < x1; column++) {
        assert.equal(segments.idAt(column, row), id);
        assert.ok(!found.has(row * 1000 + column));
        found.add(row * 1000 + column);
      }
    });
    assert.equal(found.size, ids.filter((other) => other === id).length);
    const box = segments.bounds(id);
    assert.ok([...found].every((at) => at % 1000 >= box.x0 && at % 1000 < box.x1));
  }
});

test("outside the region there is no segment", () => {
  const ids = new Uint8Array([0, 1, 1, 0]);
  const data = { x: 10, y: 20, width: 2, height: 2, ids, boxes: boundingBoxes(ids, 2, 2), count: 2, provenance: 2 };
  const segments = new Segments(data);
  assert.deepEqual(
    [
      [10, 20],
      [11.9, 20.9],
      [9.9, 20],
      [12, 20],
      [10, 22],
    ].map(([x, y]) => segments.idAt(x, y)),
    [0, 1, -1, -1, -1],
  );
});

for (const { name, size, visible, region } of [
  { name: "a small image is taken whole", size: [2048, 600], visible: [5, 5, 9, 9], region: [0, 0, 2048, 600] },
  { name: "a part is widened", size: [9000, 9000], visible: [1001, 1100, 1500, 1600], region: [896, 1024, 640, 640] },
  {
    name: "too much is cut to the middle",
    size: [9000, 9000],
    visible: [0, 0, 9000, 9000],
    region: [3456, 3456, 2048, 2048],
  },
  { name: "the edges hold", size: [5000, 3000], visible: [4600, -50, 5600, 700], region: [4480, 0, 520, 768] },
]) {
  test(`superpixels: ${name}`, () => {
    const [x0, y0, x1, y1] = visible;
    const found = superpixelRegion(size[0], size[1], { x0, y0, x1, y1 });
    assert.deepEqual([found.x, found.y, found.width, found.height], region);
    assert.ok(found.width <= 2048 && found.height <= 2048);
  });
}
