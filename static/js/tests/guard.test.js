import assert from "node:assert/strict";
import { test } from "node:test";
import { flaws, freeColor, PALETTE } from "../core/guard.js";

test("no colour of the palette has a flaw beside those before it", () => {
  assert.deepEqual(
    flaws(PALETTE),
    PALETTE.map(() => null),
  );
});

test("categories are given the palette in its order, and nothing when it is used up", () => {
  for (const [count, color] of PALETTE.entries()) assert.equal(freeColor(PALETTE.slice(0, count)), color);
  assert.equal(freeColor(PALETTE), null);
});

for (const { name, colors, kind, other = -1 } of [
  { name: "the pink of eosin", colors: ["#e8a0c0"], kind: "stain" },
  { name: "the purple of haematoxylin", colors: ["#5a3f8c"], kind: "stain" },
  { name: "the reddish purple of Okabe and Ito", colors: ["#cc79a7"], kind: "stain" },
  { name: "the white of the glass", colors: ["#fafafa"], kind: "stain" },
  { name: "the brown of DAB", colors: ["#8b4513"], kind: "brown" },
  { name: "the grey of ignored pixels", colors: ["#7c8286"], kind: "alike" },
  { name: "a colour given twice", colors: ["#009e73", "#009e73"], kind: "alike", other: 0 },
  { name: "a neighbour of the second", colors: ["#009e73", "#f0e442", "#eedd50"], kind: "alike", other: 1 },
  { name: "red beside an olive green", colors: ["#0072b2", "#d55e00", "#808000"], kind: "colourblind", other: 1 },
  { name: "a stain, before all else", colors: ["#cc79a7", "#cc79a7"], kind: "stain" },
]) {
  test(`${name} has a flaw`, () => {
    assert.deepEqual(flaws(colors).at(-1), { kind, other });
  });
}

test("of two alike only the later is blamed", () => {
  assert.deepEqual(flaws(["#00a070", "#009e73"]), [null, { kind: "alike", other: 0 }]);
});

test("what is proposed has no flaw itself, whatever is taken", () => {
  for (const taken of [["#cc79a7"], ["#00a080", "#d05010"], ["#ffff00", "#ff0000", "#00ff00", "#0000ff"]]) {
    const color = freeColor(taken);
    assert.ok(color);
    assert.equal(flaws([...taken, color]).at(-1), null);
  }
});
