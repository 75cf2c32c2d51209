// What a layer keeps is what it shows: no change is forgotten, whatever asks for the drawing first.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { TileLayer } from "../view/layer.js";

/** @typedef {{ x: number, y: number, width: number, height: number }} Filled */

/** What was filled in each canvas, in order. @type {Filled[][]} */
let filled;

function fakeCanvas() {
  /** @type {Filled[]} */
  const fills = [];
  filled.push(fills);
  const context = new Proxy(/** @type {Record<string, unknown>} */ ({}), {
    get: (_, name) =>
      name === "putImageData"
        ? (/** @type {number[]} */ ...[, , , x, y, width, height]) => fills.push({ x, y, width, height })
        : () => {},
    set: () => true,
  });
  return { width: 512, height: 512, getContext: () => context };
}

const globals = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (globalThis));

beforeEach(() => {
  filled = [];
  globals.document = { createElement: fakeCanvas };
  globals.ImageData = class {
    constructor(/** @type {number} */ width, /** @type {number} */ height) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
  };
});

afterEach(() => {
  delete globals.document;
  delete globals.ImageData;
});

const VIEW = { scale: 1, x: 0, y: 0, width: 512, height: 512, ratio: 1 };

function layer() {
  return new TileLayer("labels", {
    ...{ minLevel: 0, lines: false, reach: 0, extent: { x0: 0, y0: 0, x1: 512, y1: 512 } },
    has: () => true,
    fill: () => {},
  });
}

for (const way of /** @type {const} */ (["draw", "drawChanges"])) {
  test(`a change is filled by ${way}, and by nothing but its own pixels`, () => {
    const labels = layer();
    labels.draw(VIEW);
    const [, ...tiles] = filled;
    assert.deepEqual(
      tiles.map(({ length }) => length),
      [1, 1, 1, 1],
    );
    labels.touch({ x0: 250, y0: 10, x1: 260, y1: 12 });
    labels[way](VIEW);
    assert.deepEqual(tiles[0][1], { x: 250, y: 10, width: 6, height: 2 });
    assert.deepEqual(tiles[1][1], { x: 0, y: 10, width: 4, height: 2 });
    labels[way](VIEW);
    assert.deepEqual(
      tiles.map(({ length }) => length),
      [2, 2, 1, 1],
    );
  });
}

test("a change is not forgotten by tiles of another zoom level", () => {
  const labels = layer();
  labels.draw(VIEW);
  labels.touch({ x0: 0, y0: 0, x1: 1, y1: 1 });
  labels.draw({ ...VIEW, scale: 0.5 });
  const built = filled.length;
  labels.draw(VIEW);
  assert.equal(filled.length, built + 1);
});
