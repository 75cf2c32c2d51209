import assert from "node:assert/strict";
import { test } from "node:test";
import { caseFromName, decimal, factsFromCsv, naturalOrder, parseCsv } from "../core/names.js";

test("names are ordered as people count", () => {
  const names = ["b10.png", "B2.png", "a.png", "b1.png", "b02.png"];
  assert.deepEqual(names.sort(naturalOrder), ["a.png", "b1.png", "B2.png", "b02.png", "b10.png"]);
  assert.ok(naturalOrder("slide 2", "slide 10") < 0);
  assert.ok(naturalOrder("Slide 2", "slide 10") < 0);
});

test("names that differ in case alone have one order whichever comes first", () => {
  assert.deepEqual(["a", "A"].sort(naturalOrder), ["A", "a"]);
  assert.deepEqual(["A", "a"].sort(naturalOrder), ["A", "a"]);
});

test("a pattern finds the case in a name", () => {
  assert.equal(caseFromName("{case}_*", "P012_03.png"), "P012");
  assert.equal(caseFromName("{case}_*", "P012_03_left.png"), "P012");
  assert.equal(caseFromName("scan-{case}.tif", "scan-7a.tif"), "7a");
  assert.equal(caseFromName("*({case})*", "field (22) x.png"), "22");
  assert.equal(caseFromName("{case}_*", "P012.png"), null);
  assert.equal(caseFromName("[a].*", "xa.png"), null);
});

test("a table may be delimited by comma, semicolon or tab, and quote its cells", () => {
  assert.deepEqual(parseCsv('file,case\r\n"a, b.png","say ""x"""\r\n'), [
    ["file", "case"],
    ["a, b.png", 'say "x"'],
  ]);
  assert.deepEqual(parseCsv("\uFEFFfile;um_per_px\n a.png ; 0,25 \n\n"), [
    ["file", "um_per_px"],
    ["a.png", "0,25"],
  ]);
  assert.deepEqual(parseCsv("file\tcase\na\t1"), [
    ["file", "case"],
    ["a", "1"],
  ]);
});

test("facts are found by name in any order of columns", () => {
  const facts = factsFromCsv("Case,FILE\nP1,Ä.png\nP2,b.png");
  assert.deepEqual(facts.get("a\u0308.png".normalize("NFC")), { case: "P1", umPerPx: "" });
  assert.equal(facts.size, 2);
  assert.throws(() => factsFromCsv("name,case\na,b"), /file, case, um_per_px/);
});

test("a decimal comma is understood", () => {
  assert.equal(decimal(" 0,25 "), "0.25");
});
