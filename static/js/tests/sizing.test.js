import assert from "node:assert/strict";
import { test } from "node:test";
import { askedFor, expectedSide, inTermsOf, sliderScale } from "../core/sizing.js";

/** @type {any} */
const slic = {
  name: "slic",
  label: "SLIC",
  counts: { count: "n", size: "size" },
  parameters: [
    { name: "n", kind: "int", default: 1000, minimum: 10, maximum: 20000, step: 10 },
    { name: "size", kind: "float", default: 0, minimum: 0, maximum: 512, step: 1, off_below: 4 },
  ],
};
/** @type {any} */
const felzenszwalb = { name: "felzenszwalb", label: "Felzenszwalb", counts: null, parameters: [] };
const small = { width: 1000, height: 800 };
const large = { width: 5000, height: 4000 };

for (const { name, sizing, values, image, asked } of /** @type {const} */ ([
  { name: "a number", sizing: "count", values: { n: 500, size: 40 }, image: small, asked: { n: 500, size: 0 } },
  { name: "a size", sizing: "px", values: { n: 500, size: 40 }, image: small, asked: { n: 1000, size: 40 } },
  { name: "a size in µm", sizing: "um", values: { n: 500, size: 40.5 }, image: small, asked: { n: 1000, size: 40.5 } },
  {
    name: "a size that regions share",
    sizing: "um",
    values: { n: 500, size: 61.5 },
    image: large,
    asked: { n: 1000, size: 60 },
  },
  {
    name: "a number for a large image is a size",
    sizing: "count",
    values: { n: 2000, size: 40 },
    image: large,
    asked: { n: 1000, size: 104 },
  },
  {
    name: "very few segments of a large image are as large as possible",
    sizing: "count",
    values: { n: 10, size: 40 },
    image: large,
    asked: { n: 1000, size: 512 },
  },
])) {
  test(`asked for by ${name}`, () => assert.deepEqual(askedFor(slic, values, sizing, image), asked));
}

test("an algorithm without number and size is asked for as it is", () => {
  assert.deepEqual(askedFor(felzenszwalb, { scale: 60 }, "px", large), { scale: 60 });
});

test("number and size can be said in terms of each other", () => {
  assert.deepEqual(inTermsOf(slic, { n: 2000, size: 0 }, "px", small), { size: 20 });
  assert.deepEqual(inTermsOf(slic, { n: 10, size: 20 }, "count", small), { n: 2000 });
  assert.equal(expectedSide(slic, { n: 2000, size: 0 }, small), 20);
  assert.equal(expectedSide(slic, { n: 2000, size: 33 }, small), 33);
});

for (const range of [
  { minimum: 10, maximum: 20000, step: 10, scale: "log" },
  { minimum: 0, maximum: 512, step: 1, scale: "log" },
  { minimum: 0, maximum: 1, step: 0.05, scale: "linear" },
]) {
  test(`a slider from ${range.minimum} to ${range.maximum} (${range.scale}) comes back to its values`, () => {
    const { toSlider, fromSlider } = sliderScale(range);
    assert.deepEqual([toSlider(range.minimum), toSlider(range.maximum)], [0, 1]);
    for (const part of [0, 0.1, 0.5, 1]) {
      const value = Number(
        (range.minimum + Math.round((part * (range.maximum - range.minimum)) / range.step) * range.step).toFixed(6),
      );
      assert.equal(fromSlider(toSlider(value)), value);
    }
  });
}

test("on a logarithmic slider the middle is the geometric mean", () => {
  assert.equal(sliderScale({ minimum: 10, maximum: 1000, step: 1, scale: "log" }).fromSlider(0.5), 100);
});
