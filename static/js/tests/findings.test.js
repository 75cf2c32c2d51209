import assert from "node:assert/strict";
import { test } from "node:test";
import { mended, report } from "../core/findings.js";
import { survey } from "../core/inspect.js";
import { LabelMap } from "../core/tiles.js";

const ROWS = [
  "1111111000", //
  "1011211020",
  "1111111000",
  "3333333000",
  "3311113004",
];
const HOLE = [0, 1, 1, 1];
const DAB = [2, 8, 1, 1];
const FREE = { below: 5, rules: { labelled: false, below: null }, intended: [], locked: [] };

function drawn() {
  const map = new LabelMap(ROWS[0].length, ROWS.length);
  map.beginStroke();
  for (const [y, row] of ROWS.entries()) for (const [x, value] of [...row].entries()) map.span(y, x, x + 1, +value, 1);
  map.endStroke();
  return survey(map.tiles, map.width, map.height);
}

/** @param {any} changes @param {number} [limit] */
function reported(changes, limit) {
  const { unlabelled, hole, speck, intended, needed } = report(drawn(), { ...FREE, ...changes }, limit);
  const signs = [unlabelled, hole, speck, intended].map(({ shown }) => shown.map(({ sign }) => `${sign}`));
  return { signs, needed, counts: [unlabelled, hole, speck, intended].map(({ count }) => count) };
}

test("findings are grouped, the largest first", () => {
  const { signs, needed, counts } = reported({});
  assert.deepEqual(signs, [["0,7,0,13"], ["0,1,1,1", "2,4,1,1"], ["1,2,4,4", "2,8,1,1", "4,9,4,1"], []]);
  assert.equal(needed, 0);
  assert.deepEqual(counts, [1, 2, 3, 0]);
});

test("only so many are shown, all are counted", () => {
  const { signs, counts } = reported({}, 1);
  assert.deepEqual(signs, [["0,7,0,13"], ["0,1,1,1"], ["1,2,4,4"], []]);
  assert.deepEqual(counts, [1, 2, 3, 0]);
});

test("what is intended is not needed, unless every pixel needs a label", () => {
  const intended = [HOLE, DAB, [4, 9, 9, 9]];
  assert.equal(reported({ rules: { labelled: false, below: 2 } }).needed, 4);
  const excused = reported({ rules: { labelled: false, below: 2 }, intended });
  assert.equal(excused.needed, 2);
  assert.deepEqual(excused.signs[3], ["0,1,1,1", "2,8,1,1"]);
  const strict = reported({ rules: { labelled: true, below: null }, intended });
  assert.equal(strict.needed, 2);
  assert.deepEqual(strict.signs[1], ["0,1,1,1", "2,4,1,1"]);
});

test("each says what it becomes and whether it may stay or change", () => {
  const { hole, unlabelled } = report(drawn(), { ...FREE, rules: { labelled: true, below: null }, locked: [2] });
  assert.deepEqual(
    hole.shown.map(({ into, around, needed, mayIntend, locked }) => ({ into, around, needed, mayIntend, locked })),
    [
      { into: 1, around: 1, needed: true, mayIntend: false, locked: false },
      { into: 1, around: 1, needed: false, mayIntend: true, locked: true },
    ],
  );
  assert.deepEqual([hole.mendable, unlabelled.mendable], [1, 0]);
  assert.deepEqual(unlabelled.shown[0].box, { x0: 7, y0: 0, x1: 10, y1: 5 });
});

test("a group is mended at once, without what is large, locked or intended", () => {
  const values = (/** @type {any} */ mend) => [...mended(drawn(), { ...FREE, ...mend }).values()];
  assert.deepEqual(values({ group: "hole" }), [1, 1]);
  assert.deepEqual(values({ group: "speck" }), [0, 3, 0]);
  assert.deepEqual(values({ group: "speck", locked: [1] }), [0, 0]);
  assert.deepEqual(values({ group: "hole", intended: [HOLE] }), [1]);
  assert.deepEqual(values({ group: "unlabelled" }), []);
  assert.deepEqual(values({ signs: [[0, 7, 0, 13]] }), [2]);
  assert.deepEqual(values({ signs: [[0, 7, 0, 12], DAB], locked: [2] }), []);
});
