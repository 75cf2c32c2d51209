// The pieces that one segment is divided into, from another division of its bounding box. No DOM.

/**
 * The pieces of a segment: connected, none smaller than a quarter of a cell where a neighbour can take it.
 * @param {Uint8Array} inside 1 where the segment is, row by row
 * @param {ArrayLike<number>} cells another division of the same box
 * @param {number} width of the box
 * @param {number} smallest pixels that a piece must have
 * @returns {{ pieces: Int32Array, count: number }} the piece of each pixel, −1 outside the segment
 */
export function piecesOf(inside, cells, width, smallest) {
  const { pieces, count } = connected(inside, cells, width);
  const sizes = new Int32Array(count);
  for (const piece of pieces) if (piece >= 0) sizes[piece]++;
  const shared = sharedBorders(pieces, width, count);
  /** What became of each piece. */
  const into = Int32Array.from({ length: count }, (_, piece) => piece);
  const small = [...sizes.keys()].filter((piece) => sizes[piece] < smallest).sort((a, b) => sizes[a] - sizes[b]);
  for (const piece of small) {
    // It may have grown by others that joined it.
    if (sizes[piece] >= smallest) continue;
    const neighbour = longest(shared[piece]);
    if (neighbour < 0) continue;
    absorb(shared, neighbour, piece);
    sizes[neighbour] += sizes[piece];
    sizes[piece] = 0;
    into[piece] = neighbour;
  }
  return renumbered(pieces, into);
}

/**
 * @param {Uint8Array} inside
 * @param {ArrayLike<number>} cells
 * @param {number} width
 */
function connected(inside, cells, width) {
  const pieces = new Int32Array(inside.length).fill(-1);
  const stack = [];
  let count = 0;
  for (let start = 0; start < inside.length; start++) {
    if (!inside[start] || pieces[start] >= 0) continue;
    pieces[start] = count;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const column = at % width;
      for (const [next, exists] of /** @type {const} */ ([
        [at - 1, column > 0],
        [at + 1, column + 1 < width],
        [at - width, at >= width],
        [at + width, at + width < inside.length],
      ])) {
        if (!exists || !inside[next] || pieces[next] >= 0 || cells[next] !== cells[at]) continue;
        pieces[next] = count;
        stack.push(next);
      }
    }
    count++;
  }
  return { pieces, count };
}

/**
 * How many pairs of pixels each two pieces share, by piece.
 * @param {Int32Array} pieces
 * @param {number} width
 * @param {number} count
 */
export function sharedBorders(pieces, width, count) {
  /** @type {Map<number, number>[]} */
  const shared = Array.from({ length: count }, () => new Map());
  const meet = (/** @type {number} */ one, /** @type {number} */ other) => {
    if (one < 0 || other < 0 || one === other) return;
    shared[one].set(other, (shared[one].get(other) ?? 0) + 1);
    shared[other].set(one, (shared[other].get(one) ?? 0) + 1);
  };
  for (let at = 0; at < pieces.length; at++) {
    if ((at + 1) % width) meet(pieces[at], pieces[at + 1]);
    if (at + width < pieces.length) meet(pieces[at], pieces[at + width]);
  }
  return shared;
}

/** The neighbour with the longest common border, −1 for none. @param {Map<number, number>} neighbours */
function longest(neighbours) {
  let best = -1;
  let most = 0;
  for (const [neighbour, length] of neighbours) {
    if (length > most || (length === most && neighbour < best)) [best, most] = [neighbour, length];
  }
  return best;
}

/**
 * @param {Map<number, number>[]} shared
 * @param {number} keeper
 * @param {number} gone
 */
function absorb(shared, keeper, gone) {
  for (const [other, length] of shared[gone]) {
    shared[other].delete(gone);
    if (other === keeper) continue;
    shared[other].set(keeper, (shared[other].get(keeper) ?? 0) + length);
    shared[keeper].set(other, (shared[keeper].get(other) ?? 0) + length);
  }
  shared[gone].clear();
}

/**
 * @param {Int32Array} pieces
 * @param {Int32Array} into
 */
function renumbered(pieces, into) {
  const numbers = new Map();
  for (let at = 0; at < pieces.length; at++) {
    if (pieces[at] < 0) continue;
    let piece = pieces[at];
    while (into[piece] !== piece) piece = into[piece];
    if (!numbers.has(piece)) numbers.set(piece, numbers.size);
    pieces[at] = numbers.get(piece);
  }
  return { pieces, count: numbers.size };
}
