// A superpixel map with one of its segments opened: the merges that made it come later, or it gets new segments within.
// No segment and no merge is ever lost. No DOM.

import { growTree, heightOf, mergesAt, NOBODY, SIDES } from "./mergetree.js";
import { sharedBorders } from "./refine.js";
import { borderPixels, boundingBoxes, Segments } from "./segments.js";
import { boundsOf } from "./shape.js";

/** @import { Tree, TreeFile } from "./mergetree.js" */
/** @import { Part } from "./shape.js" */

const MOST = 65535; // segments of a map: 16 bits, and one number that says "none"
const OPENED = 3; // merges at once: up to four segments where there was one

/**
 * Nodes stand open at `level`: their last merges, and those that would hide them, come just after it.
 * @param {Segments} map
 * @param {number[]} nodes merged segments that are shown at the level, or lie below such a one
 * @param {number} level
 */
export function opened(map, nodes, level) {
  const { tree } = map;
  const lifted = new Set(nodes.flatMap((node) => [...lastMerges(tree, node), ...mergesAbove(tree, node, level)]));
  const order = reordered(tree, lifted, 0, level);
  const merges = Uint16Array.from(order.olds.flatMap((old) => [tree.merges[2 * old], tree.merges[2 * old + 1]]));
  const straddle = tree.straddle.slice();
  const own = map.own?.slice();
  for (const [merge, old] of order.olds.entries()) {
    straddle[tree.segments + merge] = tree.straddle[tree.segments + old];
    if (own && map.own) own[tree.segments + merge] = map.own[tree.segments + old];
  }
  const { heights, late } = order;
  return new Segments({ ...map, tree: growTree({ ...tree, heights, late, merges, straddle }), own });
}

/**
 * The pieces of a segment stand open at `level`. When it becomes coarser they close one by one, before anything else merges.
 * @param {Part} part a single segment of its map
 * @param {{ pieces: Int32Array, count: number }} division of the part's bounding box, −1 outside the part
 * @param {number} level
 * @param {number} provenance of the pieces
 * @returns {Segments | null} null when there would be too many segments
 */
export function divided(part, { pieces, count }, level, provenance) {
  const { map, node } = part;
  const { tree } = map;
  const base = tree.segments - 1; // the number of the first piece
  const total = base + count;
  if (total > MOST) return null;
  const ids = newIds(part, pieces, base, total);
  const chain = chainOf(pieces, boundsOf(part), count);
  const { olds, heights, late } = reordered(tree, new Set(mergesAbove(tree, node, level)), chain.length, level);
  const first = olds.indexOf(-1); // of the chain
  const number = (/** @type {number} */ segment) => renumbered(segment, node, base);
  const merges = Uint16Array.from(
    olds.flatMap((old, merge) =>
      old < 0
        ? chain[merge - first].map((piece) => base + piece)
        : [number(tree.merges[2 * old]), number(tree.merges[2 * old + 1])],
    ),
  );
  const straddle = new Uint8Array(total + olds.length);
  const own = new Uint8Array(total + olds.length).fill(provenance, base, total);
  const copy = (/** @type {number} */ from, /** @type {number} */ to) => {
    straddle[to] = tree.straddle[from];
    own[to] = map.own?.[from] ?? 0;
  };
  for (let segment = 0; segment < tree.segments; segment++) if (segment !== node) copy(segment, number(segment));
  const whole = olds.lastIndexOf(-1); // the last of the chain is the old segment again
  for (const [merge, old] of olds.entries()) {
    if (old >= 0) copy(tree.segments + old, total + merge);
    else if (merge === whole) copy(node, total + merge);
    else own[total + merge] = provenance;
  }
  const beyond = newBeyond(part, ids, base);
  const [boxes, borders] = [boundingBoxes(ids, map.width, total), borderPixels(ids, map.width)];
  const grown = growTree({ ...tree, segments: total, heights, late, merges, beyond, straddle });
  return new Segments({ ...map, ids, boxes, borders, tree: grown, own });
}

/**
 * The new number of a segment; of the divided one, that of its first piece.
 * @param {number} segment
 * @param {number} gone
 * @param {number} base
 */
function renumbered(segment, gone, base) {
  if (segment === gone) return base;
  return segment < gone ? segment : segment - 1;
}

/**
 * The merges of a node that happened last.
 * @param {Tree} tree
 * @param {number} node
 */
function lastMerges({ segments, children }, node) {
  const found = [];
  const open = node < segments ? [] : [node - segments];
  while (open.length && found.length < OPENED) {
    open.sort((a, b) => a - b);
    const merge = /** @type {number} */ (open.pop());
    found.push(merge);
    for (const child of children.subarray(2 * merge, 2 * merge + 2)) if (child >= segments) open.push(child - segments);
  }
  return found;
}

/**
 * The merges above a node that are done at a level.
 * @param {Tree} tree
 * @param {number} node
 * @param {number} level
 */
function mergesAbove(tree, node, level) {
  const found = [];
  for (let above = tree.parents[node]; above >= 0 && heightOf(tree, above) <= level; above = tree.parents[above]) {
    found.push(above - tree.segments);
  }
  return found;
}

/**
 * The merges in a new order: what is lifted comes right after the level, and a chain of new ones before that. Their
 * heights, and those of what was lifted there before, are spread between the level and the next merge that has a cost.
 * @param {Tree} tree
 * @param {Set<number>} lifted merges that are done at the level
 * @param {number} chain how many new ones
 * @param {number} level
 * @returns {{ olds: number[], heights: Float64Array, late: Uint8Array }} `olds`: which merge of before each is, −1 for the
 *   chain's
 */
function reordered(tree, lifted, chain, level) {
  const done = mergesAt(tree.heights, level);
  const all = [...tree.heights.keys()];
  const before = all.filter((merge) => merge < done && !lifted.has(merge));
  const olds = [
    ...before,
    ...Array(chain).fill(-1),
    ...all.filter((merge) => lifted.has(merge)),
    ...all.filter((merge) => merge >= done),
  ];
  const late = Uint8Array.from(olds, (old) => (old < 0 || lifted.has(old) ? 1 : (tree.late?.[old] ?? 0)));
  let end = before.length;
  while (late[end]) end++;
  const next = end < olds.length ? tree.heights[olds[end]] : 2 * level + 1;
  const step = (next - level) / (end - before.length + 1);
  const heights = Float64Array.from(olds, (old, merge) =>
    merge >= before.length && merge < end ? level + step * (merge - before.length + 1) : tree.heights[old],
  );
  return { olds, heights, late };
}

/**
 * @param {Part} part
 * @param {Int32Array} pieces
 * @param {number} base
 * @param {number} total
 */
function newIds(part, pieces, base, total) {
  const { map, node } = part;
  const ids = new (total > 256 ? Uint16Array : Uint8Array)(map.ids.length);
  for (let at = 0; at < ids.length; at++) ids[at] = renumbered(map.ids[at], node, base);
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
 * What lies beyond the sides: a pixel that belonged to the segment now belongs to the piece nearest on that side.
 * @param {Part} part
 * @param {Uint8Array | Uint16Array} ids
 * @param {number} base
 */
function newBeyond({ map: { width, height, tree }, node }, ids, base) {
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
      if (segment === NOBODY) return NOBODY;
      if (segment !== node) return renumbered(segment, node, base);
      for (let away = 0; away < before.length; away++) {
        if (at >= away && edges[side](at - away) >= base) return edges[side](at - away);
        if (at + away < before.length && edges[side](at + away) >= base) return edges[side](at + away);
      }
      return base;
    });
  }
  return beyond;
}
