import assert from "node:assert/strict";
import { test } from "node:test";
import { Levels } from "../core/levels.js";
import { growTree, heightOf, nodeAt, parseTree, shownNodes } from "../core/mergetree.js";
import { randomTree, treeFile } from "./maps.js";
import { randomness } from "./random.js";

/** The sets of segments at a level, found by brute force from the list of merges. @param {any} file @param {number} level */
function setsAt({ segments, merges, heights }, level) {
  const names = Array.from({ length: segments }, (_, segment) => segment);
  for (let merge = 0; merge < heights.length && heights[merge] <= level; merge++) {
    const [from, to] = [names[merges[2 * merge + 1]], names[merges[2 * merge]]];
    for (let segment = 0; segment < segments; segment++) if (names[segment] === from) names[segment] = to;
  }
  return names;
}

for (const seed of [1, 2, 3]) {
  const random = randomness(seed);
  const file = randomTree(random.whole(2, 60), random);
  const tree = growTree(file);
  const levels = [0, -1, ...file.heights, ...file.heights.map((height) => height - 0.01)];

  test(`at every level the same segments are together as the merges say (${seed})`, () => {
    for (const level of levels) {
      const names = setsAt(file, level);
      const shown = shownNodes(tree, level);
      for (let one = 0; one < file.segments; one++) {
        assert.equal(shown[one], nodeAt(tree, one, level));
        for (let other = 0; other < one; other++) {
          assert.equal(shown[one] === shown[other], names[one] === names[other]);
        }
      }
    }
  });

  test(`the segments of a node are one stretch of the order (${seed})`, () => {
    for (let node = 0; node < tree.parents.length; node++) {
      const stretch = tree.order.subarray(tree.first[node], tree.first[node] + tree.sizes[node]);
      const level = heightOf(tree, node);
      const below = [...Array(file.segments).keys()].filter((segment) => nodeAt(tree, segment, level) === node);
      assert.deepEqual(
        [...stretch].sort((a, b) => a - b),
        below,
      );
    }
  });
}

test("the file of the server is read as it was written", async () => {
  const random = randomness(4);
  const beyond = { left: Uint16Array.of(1, 65535, 3), bottom: Uint16Array.of(7, 8) };
  const tree = { ...randomTree(20, random), beyond };
  const read = parseTree(await treeFile(tree), 2, 3);
  for (const key of /** @type {const} */ (["segments", "heights", "merges", "beyond", "straddle", "alarm"])) {
    assert.deepEqual(read[key], tree[key]);
  }
});

test("a file that was cut short is refused", async () => {
  const file = await treeFile(randomTree(20, randomness(5)));
  assert.throws(() => parseTree(file.slice(0, -3), 2, 3));
});

test("the slider goes from everything to about ten segments a region, by equal ratios", () => {
  const random = randomness(6);
  const levels = new Levels([growTree(randomTree(1000, random)), growTree(randomTree(600, random))]);
  assert.equal(levels.levelAtPosition(0), 0);
  assert.equal(levels.countAt(0), 1600);
  assert.equal(levels.countAt(levels.levelAtPosition(1)), 20);
  assert.ok(Math.abs(levels.countAt(levels.levelAtPosition(0.5)) - Math.sqrt(1600 * 20)) <= 1);
  for (const position of [0, 0.2, 0.7, 1]) {
    assert.ok(Math.abs(levels.position(levels.levelAtPosition(position)) - position) < 0.02);
  }
});

test("each step of granularity changes something, until the end", () => {
  const levels = new Levels([growTree(randomTree(300, randomness(7)))]);
  let level = 0;
  const counts = [levels.countAt(level)];
  for (let next = levels.step(level, 1); next !== level; next = levels.step(level, 1)) {
    level = next;
    counts.push(levels.countAt(level));
  }
  assert.ok(counts.every((count, index) => index === 0 || count < counts[index - 1]));
  assert.equal(counts.at(-1), 10);
  while (level > 0) level = levels.step(level, -1);
  assert.equal(levels.countAt(level), 300);
});

test("of one segment nothing can be made coarser", () => {
  const levels = new Levels([growTree(randomTree(1, randomness(8)))]);
  assert.equal(levels.position(levels.levelAtPosition(1)), 0);
  assert.equal(levels.step(0, 1), 0);
});
