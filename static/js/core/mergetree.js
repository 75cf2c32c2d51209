// The merge tree of a superpixel map: which segments join at which cost. No DOM.
//
// Nodes 0 … n − 1 are the segments, node n + i is the i-th merge. Merges are sorted by height, so at any level the first
// few of them are done and the others are not: what is shown at a level is found in one pass from the root down.

/**
 * As it lies in the file.
 * @typedef {object} TreeFile
 * @property {number} segments n
 * @property {Float32Array | Float64Array} heights cost of each merge, strictly increasing
 * @property {Uint16Array} merges two segments of the two nodes that each merge joins
 * @property {Record<string, Uint16Array>} beyond by side: the segment of *this* map that the pixel just outside belongs to,
 *   65535 for none
 * @property {Uint8Array} straddle two-colouredness of each node, 0 … 255
 * @property {number} alarm threshold of straddle
 * @property {Uint8Array} [late] not in the file: 1 for each merge that a person put off, whose height is no cost
 */

/**
 * @typedef {TreeFile & {
 *   parents: Int32Array,
 *   children: Int32Array,
 *   first: Int32Array,
 *   sizes: Int32Array,
 *   order: Int32Array,
 * }} Tree `parents` of each node, −1 at a root; `children` two of each merge; the segments of a node are
 *   `order[first[node]]` … `order[first[node] + sizes[node] − 1]`
 */

export const SIDES = /** @type {const} */ (["left", "right", "top", "bottom"]);
export const NOBODY = 65535;

/**
 * @param {ArrayBuffer} buffer the inflated file
 * @param {number} width of the region
 * @param {number} height
 * @returns {TreeFile}
 */
export function parseTree(buffer, width, height) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const { segments, merges: count, beyond: sides, alarm } = header;
  let offset = 4 + length;
  const heights = new Float32Array(buffer, offset, count);
  offset += 4 * count;
  const merges = new Uint16Array(buffer, offset, 2 * count);
  offset += 4 * count;
  /** @type {Record<string, Uint16Array>} */
  const beyond = {};
  for (const side of sides) {
    const pixels = side === "left" || side === "right" ? height : width;
    beyond[side] = new Uint16Array(buffer, offset, pixels);
    offset += 2 * pixels;
  }
  const straddle = new Uint8Array(buffer, offset, segments + count);
  if (offset + straddle.length !== buffer.byteLength) throw new Error("The merge tree arrived incomplete.");
  return { segments, heights, merges, beyond, straddle, alarm };
}

/**
 * @param {TreeFile} file
 * @returns {Tree}
 */
export function growTree(file) {
  const { segments: n, merges, heights } = file;
  const nodes = n + heights.length;
  const parents = new Int32Array(nodes).fill(-1);
  const children = new Int32Array(2 * heights.length);
  const sizes = new Int32Array(nodes).fill(1, 0, n);
  // Each set of segments is known by one of them; `roots` says which node it is at present.
  const sets = new Int32Array(n).map((_, index) => index);
  const roots = sets.slice();
  for (let merge = 0; merge < heights.length; merge++) {
    const one = find(sets, merges[2 * merge]);
    const other = find(sets, merges[2 * merge + 1]);
    const node = n + merge;
    children[2 * merge] = roots[one];
    children[2 * merge + 1] = roots[other];
    parents[roots[one]] = parents[roots[other]] = node;
    sizes[node] = sizes[roots[one]] + sizes[roots[other]];
    sets[other] = one;
    roots[one] = node;
  }
  return { ...file, parents, children, sizes, ...depthFirst(parents, children, sizes, n) };
}

/**
 * @param {Int32Array} parents
 * @param {Int32Array} children
 * @param {Int32Array} sizes
 * @param {number} n
 */
function depthFirst(parents, children, sizes, n) {
  const first = new Int32Array(parents.length);
  const order = new Int32Array(n);
  let next = 0;
  for (let node = parents.length - 1; node >= 0; node--) {
    if (parents[node] < 0) {
      first[node] = next;
      next += sizes[node];
    }
    if (node < n) order[first[node]] = node;
    else {
      const [one, other] = [children[2 * (node - n)], children[2 * (node - n) + 1]];
      first[one] = first[node];
      first[other] = first[node] + sizes[one];
    }
  }
  return { first, order };
}

/**
 * The set that a member belongs to; the way there becomes shorter on the way.
 * @param {Int32Array} sets
 * @param {number} member
 */
export function find(sets, member) {
  let set = member;
  while (sets[set] !== set) {
    sets[set] = sets[sets[set]];
    set = sets[set];
  }
  return set;
}

/**
 * @param {Tree} tree
 * @param {number} node
 */
export function heightOf({ segments, heights }, node) {
  return node < segments ? 0 : heights[node - segments];
}

/**
 * The highest node above a segment that is no higher than the level.
 * @param {Tree} tree
 * @param {number} segment
 * @param {number} level
 */
export function nodeAt(tree, segment, level) {
  let node = segment;
  for (let parent = tree.parents[node]; parent >= 0 && heightOf(tree, parent) <= level; parent = tree.parents[node]) {
    node = parent;
  }
  return node;
}

/**
 * How many of the sorted heights are no higher than a level.
 * @param {Float32Array | Float64Array} heights
 * @param {number} level
 */
export function mergesAt(heights, level) {
  let low = 0;
  let high = heights.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (heights[middle] <= level) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The node that each segment is shown as, in the first n places; further places are scratch.
 * @param {Tree} tree
 * @param {number} level
 */
export function shownNodes({ segments, parents, heights }, level) {
  const present = segments + mergesAt(heights, level);
  const shown = new Int32Array(present);
  for (let node = present - 1; node >= 0; node--) {
    const parent = parents[node];
    shown[node] = parent < 0 || parent >= present ? node : shown[parent];
  }
  return shown;
}
