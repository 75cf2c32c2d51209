import assert from "node:assert/strict";
import { test } from "node:test";
import { LabelMap, TILE } from "../core/tiles.js";
import { Painter } from "../work/painter.js";

test("a painter at rest changes nothing, whoever asks", async () => {
  const map = new LabelMap(600, 600);
  const painter = new Painter(map, () => {});
  const paint = (/** @type {LabelMap} */ labels) => labels.span(5, 0, 40, 2, 1);
  painter.change(paint);
  painter.change((labels) => labels.span(5, 0, 10, 3, 1));
  painter.undo();
  map.takeSnapshot();
  const before = [...maskOf(map)];
  painter.rest();
  painter.change((labels) => labels.clear());
  painter.clear();
  painter.undo();
  painter.redo();
  painter.undoTo(new Map([[0, undefined]]));
  painter.restore(new Map([[0, undefined]]));
  for (const begin of [() => painter.begin(1), () => painter.beginCommand()]) {
    begin();
    painter.capsule({ x: 4, y: 10 }, { x: 60, y: 10 }, 9, 1, 1);
    painter.commit();
  }
  painter.beginCommand();
  await painter.work([map.clear()], "change");
  assert.deepEqual([...maskOf(map)], before);
  assert.equal(map.dirty.size, 0);
});

/** @param {LabelMap} map */
const maskOf = (map) => map.tiles.get(0)?.subarray(0, TILE * TILE) ?? [];
