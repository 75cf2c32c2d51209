import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, inkOn, lookupTable, rgb } from "../core/palette.js";

test("a colour reaches the look-up table byte for byte", () => {
  const table = lookupTable([{ value: 3, color: "#d55E00" }]);
  assert.deepEqual([...new Uint8Array(table.buffer, 12, 4)], [0xd5, 0x5e, 0, 255]);
  assert.equal(table[0], 0, "unlabelled is clear");
  assert.notEqual(table[255], 0, "ignored can be seen");
});

test("a hidden category is as clear as no label, the others are not", () => {
  const categories = [1, 2].map((value) => ({ value, color: "#009e73" }));
  const table = lookupTable(categories, [2, 255]);
  assert.deepEqual(
    [0, 1, 2, 255].map((value) => table[value] !== 0),
    [false, true, false, false],
  );
});

test("contrast is that of WCAG", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#336699", "#336699"), 1);
  assert.ok(Math.abs(contrast("#767676", "#ffffff") - 4.54) < 0.01);
});

test("the number on every colour can be read", () => {
  for (let red = 0; red < 256; red += 15) {
    for (let green = 0; green < 256; green += 15) {
      for (let blue = 0; blue < 256; blue += 15) {
        const color = `#${[red, green, blue].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
        assert.deepEqual(rgb(color), [red, green, blue]);
        assert.ok(contrast(color, inkOn(color)) >= 4.5, color);
      }
    }
  }
});
