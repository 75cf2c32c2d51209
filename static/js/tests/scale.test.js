import assert from "node:assert/strict";
import { test } from "node:test";
import { magnification, scaleBar } from "../core/scale.js";
import { randomness } from "./random.js";

test("the scale bar is round, as long as can be, and true", () => {
  const random = randomness(1);
  for (let round = 0; round < 500; round++) {
    const umPerPx = 10 ** (random.next() * 7 - 4);
    const { pixels, text } = scaleBar(umPerPx, 120);
    assert.ok(pixels <= 120.0001 && pixels > 120 / 2.5001, `${pixels} px at ${umPerPx}`);
    const [, length, unit] = /^([125]0{0,3}|0\.[125]) (nm|µm|mm)$/.exec(text) ?? assert.fail(text);
    const um = Number(length) * { nm: 1e-3, µm: 1, mm: 1e3 }[/** @type {"nm"} */ (unit)];
    assert.ok(Math.abs(um / umPerPx - pixels) < 1e-6 * pixels, `${text} is ${pixels} px at ${umPerPx}`);
  }
});

test("a length that just fits is taken", () => {
  assert.deepEqual(scaleBar(0.5, 100), { pixels: 100, text: "50 µm" });
  assert.deepEqual(scaleBar(10, 100), { pixels: 100, text: "1 mm" });
});

test("the magnification is 10 µm over the µm of a pixel", () => {
  assert.deepEqual([0.25, 0.5, 4, 10, 40].map(magnification), ["40×", "20×", "2.5×", "1.0×", "0.3×"]);
});
