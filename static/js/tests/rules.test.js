import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../core/history.js";
import { guardOf } from "../core/rules.js";
import { LabelMap } from "../core/tiles.js";
import { Painter } from "../work/painter.js";
import { randomness } from "./random.js";

const WIDTH = 520;
const HEIGHT = 40;

/** @import { Rules } from "../core/rules.js" */

/** @param {ReturnType<typeof randomness>} random @returns {Rules} */
function randomRules(random) {
  const rule = /** @type {const} */ (["anywhere", "unlabelled", "over"])[random.whole(0, 2)];
  return { rule, over: random.whole(1, 4), locked: [1, 2, 3, 255].filter(() => random.whole(0, 3) === 0) };
}

/**
 * The rule in words, pixel by pixel.
 * @param {Rules} rules
 * @param {number} label
 * @param {number} value
 */
function mayWrite({ rule, over, locked }, label, value) {
  if (locked.includes(label)) return false;
  if (rule === "over") return label === over;
  if (rule === "unlabelled" && value !== 0) return label === 0;
  return true;
}

test("strokes write only where the rule lets them, in both planes, and undo brings back what was there", () => {
  const random = randomness(17);
  const map = new LabelMap(WIDTH, HEIGHT);
  const history = new History(map);
  let flat = [new Uint8Array(WIDTH * HEIGHT), new Uint8Array(WIDTH * HEIGHT)];
  for (let round = 0; round < 200; round++) {
    const [rules, value] = [randomRules(random), [0, 1, 2, 3, 4, 255][random.whole(0, 5)]];
    const before = flat.map((plane) => plane.slice());
    map.beginStroke(guardOf(rules, value));
    for (let span = 0; span < 8; span++) {
      const [y, x0] = [random.whole(0, HEIGHT - 1), random.whole(0, WIDTH)];
      const x1 = x0 + random.whole(0, 300);
      map.span(y, x0, x1, value, 6);
      for (let x = x0; x < Math.min(x1, WIDTH); x++) {
        const at = y * WIDTH + x;
        if (!mayWrite(rules, flat[0][at], value)) continue;
        flat[0][at] = value;
        flat[1][at] = value ? 6 : 0;
      }
    }
    const changed = map.endStroke();
    history.push(changed);
    if (changed && round % 3 === 0) {
      history.undo();
      flat = before;
    }
    for (const plane of /** @type {const} */ ([0, 1])) {
      for (let at = 0; at < WIDTH * HEIGHT; at++) {
        if (map.get(at % WIDTH, Math.floor(at / WIDTH), plane) !== flat[plane][at]) assert.fail(`${round} at ${at}`);
      }
    }
  }
});

test("a stroke that may write nothing leaves nothing to undo or to save", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  map.beginStroke();
  map.span(1, 0, 300, 2, 1);
  map.endStroke();
  map.dirty.clear();
  map.beginStroke(guardOf({ rule: "anywhere", over: 0, locked: [2] }, 1));
  map.span(1, 0, 300, 1, 1);
  assert.equal(map.endStroke(), null);
  assert.equal(map.dirty.size, 0);
});

test("without rules nothing is looked at", () => {
  for (const value of [0, 1]) assert.equal(guardOf({ rule: "anywhere", over: 3, locked: [] }, value), null);
  assert.equal(guardOf({ rule: "unlabelled", over: 3, locked: [] }, 0), null, "the eraser would do nothing");
});

test("commands keep locked categories and nothing else; so does clearing", () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  /** @type {Rules} */
  const rules = { rule: "unlabelled", over: 1, locked: [] };
  const painter = new Painter(
    map,
    () => {},
    () => rules,
  );
  painter.change((labels) => {
    labels.span(3, 0, 10, 1, 1);
    labels.span(3, 10, 20, 2, 1);
  });
  rules.locked = [2];
  painter.change((labels) => labels.span(3, 5, 15, 3, 6));
  assert.deepEqual([map.get(5, 3), map.get(12, 3)], [3, 2]);
  painter.clear();
  assert.deepEqual([map.get(0, 3), map.get(5, 3), map.get(12, 3), map.get(12, 3, 1)], [0, 0, 2, 1]);
  painter.undo();
  assert.deepEqual([map.get(0, 3), map.get(5, 3), map.get(12, 3)], [1, 3, 2]);
});

test("long work is one step of undo, and dropped when it is cancelled", async () => {
  const map = new LabelMap(WIDTH, HEIGHT);
  const painter = new Painter(map, () => {});
  function* slow() {
    for (let y = 0; y < HEIGHT; y++) {
      map.span(y, 0, 50, 4, 6);
      const until = performance.now() + 1;
      while (performance.now() < until);
      yield;
    }
  }
  painter.begin(4);
  const done = painter.work(slow(), "stroke");
  assert.ok(painter.busy && painter.working, "it is not done at once");
  assert.equal(await done, 1);
  assert.deepEqual([map.get(49, HEIGHT - 1), painter.history.past.length, painter.working], [4, 1, false]);
  painter.undo();
  assert.ok(map.isBlank());
  painter.begin(4);
  const dropped = painter.work(slow(), "stroke");
  painter.cancel();
  assert.equal(await dropped, 0);
  assert.ok(map.isBlank() && !painter.busy && !painter.working);
});

test("undo goes back 64 MB of tiles that strokes changed", () => {
  const map = new LabelMap(8192, 8192);
  const painter = new Painter(map, () => {});
  const strokes = 512; // of one tile of 128 kB each
  painter.change((labels) => {
    for (let at = 0; at < strokes; at++) labels.span((at >> 5) * 256, (at & 31) * 256, (at & 31) * 256 + 9, 1, 1);
  });
  for (let at = 0; at < strokes; at++) {
    painter.change((labels) => labels.span((at >> 5) * 256, (at & 31) * 256, (at & 31) * 256 + 9, 2, 1));
  }
  for (let at = 0; at < strokes; at++) painter.undo();
  assert.ok([...map.tiles.values()].every((tile) => tile[0] === 1));
});

const labels = new LabelMap(300, 200);
for (const { name, x, end, held } of [
  { name: "only over what it may not change", x: 10, end: () => labels.endStroke(), held: true },
  { name: "beside that", x: 100, end: () => labels.endStroke(), held: false },
  { name: "that was dropped", x: 10, end: () => labels.cancelStroke(), held: false },
]) {
  test(`a stroke ${name} was ${held ? "" : "not "}held back`, () => {
    labels.tiles.clear();
    labels.beginStroke();
    labels.span(5, 0, 50, 1, 1);
    labels.endStroke();
    labels.beginStroke(guardOf({ rule: "anywhere", over: 0, locked: [1] }, 2));
    labels.span(5, x, x + 20, 2, 1);
    end();
    assert.equal(labels.heldBack, held);
  });
}
