import assert from "node:assert/strict";
import { test } from "node:test";
import { isGrid, KEPT, regionsInView } from "../core/region.js";
import { borderPixels } from "../core/segments.js";
import { Shape } from "../core/shape.js";
import { randomTree, segmentsOf } from "./maps.js";
import { randomness } from "./random.js";

test("the runs of a segment are its pixels, each once, wherever the region lies", () => {
  const random = randomness(6);
  const [x, y, width, height, count] = [100, 40, 61, 43, 30];
  const ids = new Uint16Array(width * height).map((_, index) => (index < count ? index : random.whole(0, count - 1)));
  const map = segmentsOf({ x, y, width, height, ids, tree: randomTree(count, random) });
  for (let node = 0; node < count; node++) {
    const shape = new Shape([{ map, node }]);
    const found = new Set();
    shape.forEachRun((row, x0, x1, provenance) => {
      assert.equal(provenance, 2);
      for (let column = x0; column < x1; column++) {
        assert.equal(map.idAt(column, row), node);
        assert.ok(!found.has(row * 1000 + column));
        found.add(row * 1000 + column);
      }
    });
    assert.equal(found.size, ids.filter((other) => other === node).length);
    assert.ok([...found].every((at) => at % 1000 >= shape.bounds.x0 && at % 1000 < shape.bounds.x1));
  }
});

test("outside the region there is no segment", () => {
  const ids = new Uint8Array([0, 1, 1, 0]);
  const map = segmentsOf({ x: 10, y: 20, width: 2, height: 2, ids, tree: randomTree(2, randomness(1)) });
  assert.deepEqual(
    [
      [10, 20],
      [11.9, 20.9],
      [9.9, 20],
      [12, 20],
      [10, 22],
    ].map(([x, y]) => map.idAt(x, y)),
    [0, 1, -1, -1, -1],
  );
});

test("border pixels are those that differ to the right or below", () => {
  const { starts, columns } = borderPixels(Uint8Array.from([0, 0, 1, 0, 0, 1, 2, 2, 1]), 3);
  assert.deepEqual([...starts], [0, 1, 3, 4]);
  assert.deepEqual([...columns], [1, 0, 1, 1]);
});

test("an image of up to 2048 pixels a side is one region, whatever is in view", () => {
  assert.ok(!isGrid(2048, 600));
  const region = { x: 0, y: 0, width: 2048, height: 600 };
  assert.deepEqual(regionsInView(2048, 600, { x0: 5, y0: 5, x1: 9, y1: 9 }), [region]);
});

test("a larger one is asked for by regions of 1024 px from its corner, those in view, the middle first", () => {
  const regions = regionsInView(2500, 1500, { x0: 900, y0: -50, x1: 2600, y1: 800 });
  assert.deepEqual(regions, [
    { x: 1024, y: 0, width: 1024, height: 1024 },
    { x: 2048, y: 0, width: 452, height: 1024 },
    { x: 0, y: 0, width: 1024, height: 1024 },
  ]);
  assert.ok(regionsInView(9000, 9000, { x0: 0, y0: 0, x1: 9000, y1: 9000 }).length > KEPT);
  assert.deepEqual(regionsInView(9000, 9000, { x0: -500, y0: 0, x1: -10, y1: 9 }), []);
});
