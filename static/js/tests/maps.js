// Made-up superpixel maps with merge trees, in the format of the server, for the tests.

import { growTree } from "../core/mergetree.js";
import { borderPixels, boundingBoxes, Segments } from "../core/segments.js";

/**
 * A tree over the segments: neighbours in number merge in an order that chance decides.
 * @param {number} segments
 * @param {ReturnType<typeof import("./random.js").randomness>} random
 */
export function randomTree(segments, random) {
  const merges = new Uint16Array(2 * (segments - 1));
  const heights = new Float32Array(segments - 1);
  /** @type {number[][]} */
  const sets = Array.from({ length: segments }, (_, segment) => [segment]);
  for (let merge = 0; merge < heights.length; merge++) {
    const at = random.whole(0, sets.length - 2);
    const [one, other] = [sets[at], sets[at + 1]];
    merges[2 * merge] = one[random.whole(0, one.length - 1)];
    merges[2 * merge + 1] = other[random.whole(0, other.length - 1)];
    heights[merge] = (merge ? heights[merge - 1] : 0) + 0.5 + random.next();
    sets.splice(at, 2, [...one, ...other]);
  }
  const straddle = new Uint8Array(2 * segments - 1).map(() => random.whole(0, 255));
  return { segments, merges, heights, beyond: {}, straddle, alarm: 128 };
}

/**
 * Squares of `cell` pixels.
 * @param {{ x?: number, y?: number, width: number, height: number, cell: number, random: any, beyond?: any }} options
 */
export function squares({ x = 0, y = 0, width, height, cell, random, beyond = {} }) {
  const across = Math.ceil(width / cell);
  const count = across * Math.ceil(height / cell);
  const ids = new (count > 256 ? Uint16Array : Uint8Array)(width * height);
  for (let at = 0; at < ids.length; at++) {
    ids[at] = Math.floor(Math.floor(at / width) / cell) * across + Math.floor((at % width) / cell);
  }
  return segmentsOf({ x, y, width, height, ids, tree: { ...randomTree(count, random), beyond } });
}

/**
 * @param {{ x?: number, y?: number, width: number, height: number, ids: Uint8Array | Uint16Array, tree: any }} data
 */
export function segmentsOf({ x = 0, y = 0, width, height, ids, tree }) {
  const boxes = boundingBoxes(ids, width, tree.segments);
  const borders = borderPixels(ids, width);
  return new Segments({ x, y, width, height, ids, boxes, borders, tree: growTree(tree), provenance: 2 });
}

/** The file as the server sends it, inflated. @param {any} tree */
export function treeFile({ segments, heights, merges, beyond, straddle, alarm }) {
  const header = { segments, merges: heights.length, beyond: Object.keys(beyond), alarm };
  let json = JSON.stringify(header);
  while (json.length % 4) json += " ";
  const parts = [
    Uint32Array.of(json.length),
    new TextEncoder().encode(json),
    heights,
    merges,
    ...Object.values(beyond),
    straddle,
  ];
  return new Blob(parts).arrayBuffer();
}
