import assert from "node:assert/strict";
import { test } from "node:test";
import { Mosaic } from "../core/mosaic.js";
import { segmentsOf, squares } from "./maps.js";
import { randomness } from "./random.js";

/** Two maps of 4 × 4 pixels side by side; the votes join 1 with 2, whatever else the right one says. */
function pair() {
  const tree = { segments: 2, heights: Float32Array.of(1), merges: Uint16Array.of(0, 1), alarm: 100 };
  const ids = Uint8Array.from([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0]);
  const left = segmentsOf({
    width: 4,
    height: 4,
    ids,
    tree: { ...tree, beyond: { right: Uint16Array.of(1, 1, 1, 0) }, straddle: Uint8Array.of(0, 200, 0) },
  });
  const rightIds = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  const right = segmentsOf({
    x: 4,
    width: 4,
    height: 4,
    ids: rightIds,
    tree: { ...tree, beyond: { left: Uint16Array.of(0, 0, 1, 1) }, straddle: Uint8Array.of(0, 0, 0) },
  });
  return new Mosaic([left, right]);
}

test("segments that are each other's best partner across a seam are one; the others are not", () => {
  const shown = pair().at(0);
  assert.equal(shown.count, 2, "1 | 0 have four votes, 0 | 1 have two");
  assert.equal(shown.idAt(2, 0), shown.idAt(7, 1));
  assert.equal(shown.idAt(0, 0), shown.idAt(7, 3));
  assert.notEqual(shown.idAt(0, 0), shown.idAt(7, 0));
});

test("a joined shape has the pixels of both sides, and runs say each once", () => {
  const shape = pair().at(0).shapeAt(3, 0);
  assert.ok(shape);
  assert.deepEqual(shape.bounds, { x0: 2, y0: 0, x1: 8, y1: 3 });
  const found = [...shape.mask({ x0: 0, y0: 0, x1: 8, y1: 4 })];
  const shown = pair().at(0);
  for (const [at, inside] of found.entries()) {
    const [x, y] = [at % 8, Math.floor(at / 8)];
    assert.equal(inside === 1, shown.idAt(x, y) === shown.idAt(3, 0));
    assert.equal(shape.contains(x, y), inside === 1);
  }
});

test("when all is merged, both maps are one segment, and it is as coarse as can be", () => {
  const mosaic = pair();
  const shown = mosaic.at(1);
  assert.equal(shown.count, 1);
  const shape = shown.shape(0);
  assert.equal(mosaic.coarserLevel(shape), null);
  assert.equal(mosaic.finerLevel(shape, 0, 0), 0);
});

test("a segment is hatched when one of its parts is of two colours", () => {
  const shown = pair().at(0);
  assert.equal(shown.mixed[shown.idAt(7, 0)], 1);
  assert.equal(shown.mixed[shown.idAt(0, 0)], 0);
});

test("a second choice is never joined: of two claims on one partner the stronger wins", () => {
  const tree = { heights: Float32Array.of(1), merges: Uint16Array.of(0, 1), alarm: 0, straddle: new Uint8Array(3) };
  const left = segmentsOf({
    width: 1,
    height: 4,
    ids: Uint8Array.from([0, 1, 1, 1]),
    tree: { ...tree, segments: 2, beyond: { right: Uint16Array.of(0, 1, 1, 1) } },
  });
  const one = { segments: 1, heights: new Float32Array(0), merges: new Uint16Array(0), straddle: new Uint8Array(1) };
  const right = segmentsOf({
    x: 1,
    width: 1,
    height: 4,
    ids: new Uint8Array(4),
    tree: { ...one, alarm: 0, beyond: {} },
  });
  const shown = new Mosaic([left, right]).at(0);
  assert.equal(shown.idAt(0, 1), shown.idAt(1, 0));
  assert.notEqual(shown.idAt(0, 0), shown.idAt(1, 0));
});

test("what was merged joins whom it names most often, so that no seam shows", () => {
  const left = segmentsOf({
    width: 1,
    height: 7,
    ids: Uint8Array.from([0, 1, 2, 2, 2, 2, 2]),
    tree: {
      segments: 3,
      heights: Float32Array.of(1, 2),
      merges: Uint16Array.of(0, 1, 0, 2),
      straddle: new Uint8Array(5),
      alarm: 0,
      beyond: { right: Uint16Array.of(0, 1, 2, 2, 2, 2, 2) },
    },
  });
  const one = { segments: 1, heights: new Float32Array(0), merges: new Uint16Array(0), straddle: new Uint8Array(1) };
  const right = segmentsOf({
    x: 1,
    width: 1,
    height: 7,
    ids: new Uint8Array(7),
    tree: { ...one, alarm: 0, beyond: {} },
  });
  assert.deepEqual(
    [0, 1].map((level) => new Mosaic([left, right]).at(level).count),
    [3, 1],
    "0 and 1 stay alone as long as they are segments of their own",
  );
});

test("a map above and one below are joined like neighbours, and without votes nothing is", () => {
  const random = randomness(3);
  const across = Uint16Array.from({ length: 20 }, (_, at) => 2 + Math.floor(at / 10));
  const top = squares({ width: 20, height: 20, cell: 10, random, beyond: { bottom: across } });
  const bottom = squares({ y: 20, width: 20, height: 20, cell: 10, random });
  assert.equal(new Mosaic([top, bottom]).at(0).count, 6);
  const apart = squares({ y: 21, width: 20, height: 20, cell: 10, random });
  assert.equal(new Mosaic([top, apart]).at(0).count, 8);
});

test("climbing goes through ever larger segments that hold the pixel, and back through the same", () => {
  const random = randomness(5);
  const mosaic = new Mosaic([squares({ width: 60, height: 60, cell: 6, random })]);
  const [x, y] = [31, 17];
  /** @type {number[]} */
  const areas = [];
  for (let level = /** @type {number | null} */ (0); level !== null; ) {
    const shape = mosaic.segmentAt(x, y, level) ?? assert.fail();
    assert.ok(shape.contains(x, y));
    areas.push(shape.mask(shape.bounds).reduce((sum, pixel) => sum + pixel, 0));
    const finer = mosaic.finerLevel(shape, x, y);
    if (finer === null) assert.equal(areas.length, 1);
    else assert.equal(mosaic.segmentAt(x, y, finer)?.parts[0].map.tree.sizes[0], 1);
    level = mosaic.coarserLevel(shape);
  }
  assert.ok(areas.every((area, index) => index === 0 || area > areas[index - 1]));
  assert.equal(areas.at(-1), 3600);
});

test("many maps at many levels: every look-up agrees with the shape", () => {
  const random = randomness(7);
  const maps = [];
  for (const [x, y] of [
    [0, 0],
    [40, 0],
    [0, 40],
    [40, 40],
  ]) {
    const beyond = () => Uint16Array.from({ length: 40 }, () => (random.whole(0, 4) ? random.whole(0, 63) : 65535));
    const sides = { left: beyond(), right: beyond(), top: beyond(), bottom: beyond() };
    maps.push(squares({ x, y, width: 40, height: 40, cell: 5, random, beyond: sides }));
  }
  const mosaic = new Mosaic(maps);
  for (const position of [0, 0.3, 0.8, 1]) {
    const shown = mosaic.at(mosaic.levels.levelAtPosition(position));
    const area = { x0: 0, y0: 0, x1: 80, y1: 80 };
    let pixels = 0;
    for (let id = 0; id < shown.count; id++) {
      for (const [at, inside] of shown.shape(id).mask(area).entries()) {
        if (inside) assert.equal(shown.idAt(at % 80, Math.floor(at / 80)), id);
        pixels += inside;
      }
    }
    assert.equal(pixels, 6400);
  }
});

test("what is drawn of a segment are its pixels, the rim apart from the rest; of a large one, each n-th", () => {
  const random = randomness(11);
  const mosaic = new Mosaic([squares({ x: 3, y: 2, width: 60, height: 45, cell: 9, random })]);
  for (const [position, most] of [
    [0, 512],
    [0.6, 512],
    [0.9, 20],
    [1, 16],
  ]) {
    const shown = mosaic.at(mosaic.levels.levelAtPosition(position));
    for (let id = 0; id < shown.count; id++) {
      const shape = shown.shape(id);
      const { x0, y0, x1, y1 } = shape.bounds;
      const { step, inner, rim } = shape.drawnRuns(most);
      assert.ok((x1 - x0) / step <= most && (y1 - y0) / step <= most);
      const within = (/** @type {number} */ x, /** @type {number} */ y) => shape.contains(x, y) && x < x1 && y < y1;
      /** @type {string[]} */
      const expected = [];
      for (let y = y0; y < y1; y += step) {
        for (let x = x0; x < x1; x += step) {
          if (!within(x, y)) continue;
          const around = [within(x - step, y), within(x + step, y), within(x, y - step), within(x, y + step)];
          expected.push(`${x} ${y} ${around.every(Boolean) ? "inner" : "rim"}`);
        }
      }
      const found = [...placesOf(inner, step, "inner"), ...placesOf(rim, step, "rim")];
      assert.deepEqual(found.sort(), expected.sort());
    }
  }
});

/** @param {number[]} runs @param {number} step @param {string} kind */
function placesOf(runs, step, kind) {
  const places = [];
  for (let at = 0; at < runs.length; at += 3) {
    for (let x = runs[at]; x < runs[at + 1]; x += step) places.push(`${x} ${runs[at + 2]} ${kind}`);
  }
  return places;
}
