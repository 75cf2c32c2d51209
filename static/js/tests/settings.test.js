import assert from "node:assert/strict";
import { test } from "node:test";
import { carriedOver, initialState, keep } from "../work/settings.js";

/** @type {any} */
const slic = {
  label: "SLIC",
  counts: { count: "n", size: "size" },
  parameters: [
    { name: "n", kind: "int", default: 1000, minimum: 10, maximum: 20000, step: 10 },
    { name: "size", kind: "float", default: 0, minimum: 0, maximum: 512, step: 1, off_below: 4 },
  ],
};
const fine = { width: 1000, height: 1000, umPerPx: 0.25 };
const unknown = { ...fine, umPerPx: null };

for (const { name, sizing, size, image, expected } of /** @type {const} */ ([
  { name: "in µm stays as large", sizing: "um", size: 24, image: fine, expected: { size: 48, sizing: "um" } },
  { name: "in px stays as many", sizing: "px", size: 24, image: fine, expected: { size: 24, sizing: "px" } },
  {
    name: "in µm is px where µm are unknown",
    sizing: "um",
    size: 24,
    image: unknown,
    expected: { size: 24, sizing: "px" },
  },
  { name: "stays within the range", sizing: "um", size: 400, image: fine, expected: { size: 512, sizing: "um" } },
  {
    name: "not there yet follows from the number",
    sizing: "count",
    size: 0,
    image: fine,
    expected: { size: 20, sizing: "count" },
  },
])) {
  test(`carried over to another image, a size ${name}`, () => {
    const { values, sizing: way } = carriedOver(slic, { n: 2500, size }, sizing, 0.5, image);
    assert.deepEqual({ ...values, sizing: way }, { n: 2500, ...expected });
  });
}

/** What the browser keeps. @type {Map<string, string>} */
const stored = new Map();
Object.assign(globalThis, {
  localStorage: {
    getItem: (/** @type {string} */ name) => stored.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => stored.set(name, value),
  },
});

/** @param {number} [person] @returns {any} */
function configOf(person = 1) {
  return {
    categories: [{ value: 1 }, { value: 2 }, { value: 3, retired: true }],
    algorithms: [slic],
    defaults: {},
    project: { id: 5 },
    person: { id: person },
    image: fine,
  };
}

for (const [category, expected] of [
  [2, 2],
  [255, 255],
  [3, 1],
]) {
  test(`a person who left with category ${category} goes on with ${expected}`, () => {
    const config = configOf();
    stored.clear();
    keep(config, { ...initialState(config), category });
    assert.equal(initialState(config).category, expected);
  });
}

test("what one person set holds for nobody else in the same browser", () => {
  stored.clear();
  const [anna, ben] = [configOf(1), configOf(2)];
  const start = initialState(ben);
  keep(anna, { ...initialState(anna), category: 2, rule: "unlabelled", locked: [1], pen: true });
  assert.deepEqual(initialState(ben), start);
  const { category, rule, locked, pen } = initialState(anna);
  assert.deepEqual({ category, rule, locked, pen }, { category: 2, rule: "unlabelled", locked: [1], pen: true });
});
