// Where two superpixel maps meet: which of their segments are one and the same to a person. No DOM.
//
// Each map was made with surroundings that reach over the seam, so each says for the pixels just outside which of its
// own segments they belong to (`beyond`). A pixel across the seam is thus named by both maps: a vote for that pair.

import { NOBODY } from "./mergetree.js";

/** @import { Segments } from "./segments.js" */

/**
 * @typedef {object} Seam
 * @property {Segments} one left or upper map
 * @property {Segments} other
 * @property {boolean} upright
 * @property {number} from image position along the seam
 * @property {number} to exclusive
 * @property {Int32Array} votes triples: segment of `one`, segment of `other`, number of votes
 */

/**
 * The seam between two maps, if they touch.
 * @param {Segments} one
 * @param {Segments} other
 * @returns {Seam | null}
 */
export function seamBetween(one, other) {
  if (one.x + one.width === other.x) return counted(one, other, true);
  if (one.y + one.height === other.y) return counted(one, other, false);
  return null;
}

/**
 * @param {Segments} one
 * @param {Segments} other
 * @param {boolean} upright
 * @returns {Seam | null}
 */
function counted(one, other, upright) {
  const from = upright ? Math.max(one.y, other.y) : Math.max(one.x, other.x);
  const to = upright
    ? Math.min(one.y + one.height, other.y + other.height)
    : Math.min(one.x + one.width, other.x + other.width);
  if (from >= to) return null;
  const beyondOne = one.tree.beyond[upright ? "right" : "bottom"];
  const beyondOther = other.tree.beyond[upright ? "left" : "top"];
  /** @type {Map<number, number>} */
  const counts = new Map();
  const vote = (/** @type {number} */ a, /** @type {number} */ b) => {
    if (a !== NOBODY && b !== NOBODY) counts.set(a * 65536 + b, (counts.get(a * 65536 + b) ?? 0) + 1);
  };
  for (let at = from; at < to; at++) {
    const inOne = upright ? at - one.y : at - one.x;
    const inOther = upright ? at - other.y : at - other.x;
    const a = upright ? one.ids[inOne * one.width + one.width - 1] : one.ids[(one.height - 1) * one.width + inOne];
    const b = upright ? other.ids[inOther * other.width] : other.ids[inOther];
    if (beyondOne) vote(beyondOne[inOne], b);
    if (beyondOther) vote(a, beyondOther[inOther]);
  }
  const votes = new Int32Array(3 * counts.size);
  let index = 0;
  for (const [pair, number] of counts) {
    votes.set([Math.floor(pair / 65536), pair % 65536, number], index);
    index += 3;
  }
  return { one, other, upright, from, to, votes };
}

/**
 * Calls `join(a, b)` for the nodes on the two sides of a seam that are each other's best partner; and for what is merged
 * of several segments and its best partner, whomever that one prefers, so that no seam shows where two maps merged
 * differently. Second choices are never joined: along a chain of best partners the votes only rise, so it ends soon
 * and never makes half the image one segment.
 * @param {Seam} seam
 * @param {Int32Array} nodesOne the node that each segment of `one` is shown as
 * @param {Int32Array} nodesOther
 * @param {(a: number, b: number) => void} join
 */
export function eachPartner({ one, other, votes }, nodesOne, nodesOther, join) {
  /** @type {Map<number, number>} */
  const sums = new Map();
  for (let index = 0; index < votes.length; index += 3) {
    // Nodes may be more than 65,536; a product of this size is still exact.
    const pair = nodesOne[votes[index]] * 131072 + nodesOther[votes[index + 1]];
    sums.set(pair, (sums.get(pair) ?? 0) + votes[index + 2]);
  }
  /** @type {Map<number, { partner: number, sum: number }>} */
  const bestOfOne = new Map();
  /** @type {Map<number, { partner: number, sum: number }>} */
  const bestOfOther = new Map();
  for (const [pair, sum] of sums) {
    const [a, b] = [Math.floor(pair / 131072), pair % 131072];
    keepBetter(bestOfOne, a, b, sum);
    keepBetter(bestOfOther, b, a, sum);
  }
  for (const [a, { partner }] of bestOfOne) {
    if (a >= one.tree.segments || bestOfOther.get(partner)?.partner === a) join(a, partner);
  }
  for (const [b, { partner }] of bestOfOther) if (b >= other.tree.segments) join(partner, b);
}

/**
 * Of equals the lower number, whatever the order.
 * @param {Map<number, { partner: number, sum: number }>} best
 * @param {number} node
 * @param {number} partner
 * @param {number} sum
 */
function keepBetter(best, node, partner, sum) {
  const known = best.get(node);
  if (!known || sum > known.sum || (sum === known.sum && partner < known.partner)) best.set(node, { partner, sum });
}
