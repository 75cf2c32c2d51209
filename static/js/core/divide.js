// A superpixel map with one of its nodes divided: new segments, and their place in the merge tree. No DOM.

import { growTree, mergesAt, NOBODY, SIDES } from "./mergetree.js";
import { sharedBorders } from "./refine.js";
import { borderPixels, boundingBoxes, Segments } from "./segments.js";
import { boundsOf, holds } from "./shape.js";

/** @import { TreeFile } from "./mergetree.js" */
/** @import { Part } from "./shape.js" */

const MOST = 65535; // segments of a map: 16 bits, and one number that says "none"

/**
 * The pieces stand open at `level`. When it becomes coarser they close one by one, before anything else merges.
 * @param {Part} part
 * @param {{ pieces: Int32Array, count: number }} division of the part's bounding box, −1 outside the part
 * @param {number} level at which the part is shown
 * @param {number} provenance of the pieces
 * @returns {Segments | null} null when there would be too many segments
 */
export function divided(part, { pieces, count }, level, provenance) {
  const { map, node } = part;
  const base = map.tree.segments - map.tree.sizes[node]; // the number of the first piece
  const total = base + count;
  if (total > MOST) return null;
  const kept = keptNumbers(part);
  const ids = newIds(part, kept, pieces, base, total);
  const { merges, olds } = newMerges(part, kept, base, chainOf(pieces, boundsOf(part), count), level);
  const heights = newHeights(map.tree.heights, olds, level);
  const straddle = new Uint8Array(total + olds.length);
  const own = new Uint8Array(total + olds.length).fill(provenance, base, total);
  const copy = (/** @type {number} */ from, /** @type {number} */ to) => {
    straddle[to] = map.tree.straddle[from];
    own[to] = map.own?.[from] ?? 0;
  };
  for (const [segment, number] of kept.entries()) if (number >= 0) copy(segment, number);
  const whole = olds.lastIndexOf(-1); // the last of the chain is the old node again
  for (const [merge, old] of olds.entries()) {
    copy(old < 0 ? node : map.tree.segments + old, total + merge);
    if (old < 0 && merge !== whole) own[total + merge] = provenance;
  }
  const beyond = newBeyond(part, kept, ids, base);
  const tree = growTree({ ...map.tree, segments: total, heights, merges, beyond, straddle });
  const [boxes, borders] = [boundingBoxes(ids, map.width, total), borderPixels(ids, map.width)];
  const { x, y, width, height } = map;
  return new Segments({ x, y, width, height, ids, boxes, borders, tree, provenance: map.provenance, own });
}

/** The new number of each segment, −1 for those of the node. @param {Part} part */
function keptNumbers(part) {
  let next = 0;
  return Int32Array.from({ length: part.map.tree.segments }, (_, segment) => (holds(part, segment) ? -1 : next++));
}

/**
 * @param {Part} part
 * @param {Int32Array} kept
 * @param {Int32Array} pieces
 * @param {number} base
 * @param {number} total
 */
function newIds(part, kept, pieces, base, total) {
  const { map } = part;
  const ids = new (total > 256 ? Uint16Array : Uint8Array)(map.ids.length);
  for (let at = 0; at < ids.length; at++) ids[at] = kept[map.ids[at]];
  const { x0, y0, x1, y1 } = boundsOf(part);
  let index = 0;
  for (let y = y0; y < y1; y++) {
    const line = (y - map.y) * map.width - map.x;
    for (let x = x0; x < x1; x++, index++) if (pieces[index] >= 0) ids[line + x] = base + pieces[index];
  }
  return ids;
}

/**
 * Pairs of pieces in the order in which they close: along the longest common border first.
 * @param {Int32Array} pieces
 * @param {Rect} box
 * @param {number} count
 */
function chainOf(pieces, box, count) {
  const shared = sharedBorders(pieces, box.x1 - box.x0, count);
  const pairs = shared.flatMap((neighbours, one) => [...neighbours].map(([other, length]) => ({ one, other, length })));
  // Pieces that touch nowhere come last.
  for (let other = 1; other < count; other++) pairs.push({ one: 0, other, length: 0 });
  pairs.sort((a, b) => b.length - a.length);
  const sets = Int32Array.from({ length: count }, (_, piece) => piece);
  const chain = [];
  for (const { one, other } of pairs) {
    if (sets[one] === sets[other]) continue;
    chain.push([one, other]);
    const [from, to] = [sets[other], sets[one]];
    for (let piece = 0; piece < count; piece++) if (sets[piece] === from) sets[piece] = to;
  }
  return chain;
}

/**
 * @param {Part} part
 * @param {Int32Array} kept
 * @param {number} base
 * @param {number[][]} chain
 * @param {number} level
 * @returns {{ merges: Uint16Array, olds: number[] }} `olds`: which merge of before each is, −1 for the chain's
 */
function newMerges({ map: { tree }, node }, kept, base, chain, level) {
  const within = (/** @type {number} */ other) =>
    tree.first[other] >= tree.first[node] &&
    tree.first[other] + tree.sizes[other] <= tree.first[node] + tree.sizes[node];
  const number = (/** @type {number} */ segment) => (kept[segment] < 0 ? base : kept[segment]);
  const done = mergesAt(tree.heights, level);
  /** @type {number[]} */
  const merges = [];
  /** @type {number[]} */
  const olds = [];
  for (let merge = 0; merge <= tree.heights.length; merge++) {
    if (merge === done) {
      for (const [one, other] of chain) {
        merges.push(base + one, base + other);
        olds.push(-1);
      }
    }
    // A merge that comes later than the node joins what lies outside; those within are gone.
    if (merge === tree.heights.length || (merge < done && within(tree.segments + merge))) continue;
    merges.push(number(tree.merges[2 * merge]), number(tree.merges[2 * merge + 1]));
    olds.push(merge);
  }
  return { merges: Uint16Array.from(merges), olds };
}

/**
 * The chain's heights lie between the level and the next merge of before.
 * @param {Float32Array | Float64Array} heights
 * @param {number[]} olds
 * @param {number} level
 */
function newHeights(heights, olds, level) {
  const next = heights[mergesAt(heights, level)] ?? 2 * level + 1;
  const length = olds.filter((old) => old < 0).length;
  let step = 0;
  return Float64Array.from(olds, (old) => (old < 0 ? level + ((next - level) * ++step) / (length + 1) : heights[old]));
}

/**
 * What lies beyond the sides: a pixel that belonged to the node now belongs to the piece nearest on that side.
 * @param {Part} part
 * @param {Int32Array} kept
 * @param {Uint8Array | Uint16Array} ids
 * @param {number} base
 */
function newBeyond({ map: { width, height, tree } }, kept, ids, base) {
  const edges = {
    left: (/** @type {number} */ at) => ids[at * width],
    right: (/** @type {number} */ at) => ids[at * width + width - 1],
    top: (/** @type {number} */ at) => ids[at],
    bottom: (/** @type {number} */ at) => ids[(height - 1) * width + at],
  };
  /** @type {TreeFile["beyond"]} */
  const beyond = {};
  for (const side of SIDES) {
    const before = tree.beyond[side];
    if (!before) continue;
    beyond[side] = before.map((segment, at) => {
      if (segment === NOBODY || kept[segment] >= 0) return segment === NOBODY ? NOBODY : kept[segment];
      for (let away = 0; away < before.length; away++) {
        if (at >= away && edges[side](at - away) >= base) return edges[side](at - away);
        if (at + away < before.length && edges[side](at + away) >= base) return edges[side](at + away);
      }
      return base;
    });
  }
  return beyond;
}
