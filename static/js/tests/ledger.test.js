import assert from "node:assert/strict";
import { test } from "node:test";
import { Ledger } from "../core/ledger.js";
import { LabelMap } from "../core/tiles.js";
import { Painter } from "../work/painter.js";
import { randomness } from "./random.js";

const [WIDTH, HEIGHT] = [600, 300];

/** A ledger with a clock of ours, and the painter it listens to. */
function setUp() {
  const clock = { now: 1000 };
  const ledger = new Ledger(() => clock.now);
  const painter = new Painter(new LabelMap(WIDTH, HEIGHT), () => {});
  painter.addEventListener("settled", (event) => {
    ledger.settled(/** @type {CustomEvent} */ (event).detail, painter.map.tiles);
  });
  return { clock, ledger, painter };
}

/**
 * @param {Painter} painter
 * @param {number} x
 * @param {number} y
 * @param {number} diameter
 * @param {number} value
 * @param {number} tool
 */
function stroke(painter, x, y, diameter, value, tool) {
  painter.begin();
  painter.capsule({ x: 2 * x, y: 2 * y }, { x: 2 * x + 90, y: 2 * y + 30 }, diameter, value, tool);
  painter.commit();
}

/** @param {LabelMap} map */
function labels(map) {
  return Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
    const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
    return [map.get(x, y), map.get(x, y, 1)];
  });
}

test("time counts between inputs at most 30 s apart", async () => {
  const { clock, ledger } = setUp();
  for (const rest of [0, 10, 500, 30_000, 30_001, 20, 3_600_000, 5]) {
    clock.now += rest;
    ledger.input();
  }
  assert.equal((await ledger.take()).active_ms, 10 + 500 + 30_000 + 20 + 5);
  clock.now += 1000;
  ledger.input();
  assert.equal((await ledger.take()).active_ms, 1000);
});

test("strokes and pixels per tool and category are those of brute force", async () => {
  const random = randomness(3);
  const { ledger, painter } = setUp();
  /** @type {Map<string, { strokes: number, pixels: number }>} */
  const expected = new Map();
  for (let turn = 0; turn < 25; turn++) {
    const before = labels(painter.map);
    const value = random.whole(0, 3);
    const tool = random.whole(1, 5);
    stroke(painter, random.whole(-20, WIDTH), random.whole(-20, HEIGHT), random.whole(1, 60), value, tool);
    const pixels = labels(painter.map).filter(([label], at) => label !== before[at][0]).length;
    const name = `${value ? tool : 0} ${value}`;
    const sum = expected.get(name) ?? { strokes: 0, pixels: 0 };
    if (pixels) expected.set(name, { strokes: sum.strokes + 1, pixels: sum.pixels + pixels });
    if (turn % 3 === 0) ledger.countOne();
  }
  const { painted } = await ledger.take();
  const counted = painted.map(({ tool, category, strokes, pixels }) => [`${tool} ${category}`, { strokes, pixels }]);
  assert.ok(expected.size > 10);
  assert.deepEqual(new Map(/** @type {any} */ (counted)), expected);
});

test("undo and redo are counted as such, also before a stroke was counted", async () => {
  const { ledger, painter } = setUp();
  stroke(painter, 50, 50, 20, 1, 1);
  stroke(painter, 250, 50, 20, 2, 1);
  const { size } = painter.map.tiles;
  painter.undo();
  painter.undo();
  painter.redo();
  painter.redo();
  painter.redo();
  painter.undo();
  const { undone, redone, painted } = await ledger.take();
  assert.ok(size > 1);
  assert.deepEqual([undone, redone], [3, 2]);
  assert.deepEqual(
    painted.map(({ strokes, category }) => [strokes, category]),
    [
      [1, 1],
      [1, 2],
    ],
  );
  assert.deepEqual((await ledger.take()).painted, []);
});

test("what was saved and is brought back is nobody's stroke", async () => {
  const { ledger, painter } = setUp();
  painter.restore(new Map([[0, new Uint8Array(2 * 65536).fill(1)]]));
  assert.equal(painter.map.get(3, 3), 1);
  assert.deepEqual((await ledger.take()).painted, []);
  painter.undo();
  assert.equal(painter.map.get(3, 3), 0);
});

test("what happens while it is taken goes to the next page, and what is given back is added to it", async () => {
  const { clock, ledger, painter } = setUp();
  ledger.input();
  clock.now += 700;
  ledger.input();
  stroke(painter, 50, 50, 20, 1, 1);
  stroke(painter, 50, 50, 20, 2, 1);
  let late = false;
  const first = await ledger.take(async () => {
    if (!late) stroke(painter, 50, 50, 20, 1, 1);
    late = true;
  });
  clock.now += 300;
  ledger.input();
  painter.undo();
  ledger.giveBack(first);
  const { active_ms, undone, painted } = await ledger.take();
  assert.deepEqual([active_ms, undone], [1000, 1]);
  const { pixels } = first.painted[0];
  assert.deepEqual(first.painted, [
    { tool: 1, category: 1, strokes: 1, pixels },
    { tool: 1, category: 2, strokes: 1, pixels },
  ]);
  assert.deepEqual(painted, [
    { tool: 1, category: 1, strokes: 2, pixels: 2 * pixels },
    { tool: 1, category: 2, strokes: 1, pixels },
  ]);
});
