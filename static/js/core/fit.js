// Where painted labels say most about superpixels, and how well the shown segments could reproduce them. No DOM.

import { IGNORED } from "./palette.js";
import { TILE } from "./tiles.js";

/** @import { Shown } from "./mosaic.js" */
/** @import { LabelMap } from "./tiles.js" */

/**
 * A setting that was tried on the painted window.
 * @typedef {object} Fit
 * @property {string} algorithm
 * @property {import("./sizing.js").Values} parameters
 * @property {number} accuracy share of the labelled pixels that whole segments can get right
 * @property {number} segments that hold labelled pixels
 */

/** @typedef {{ borders: number, labelled: number, values: Set<number> }} Facts */

export const WINDOW = 2 * TILE;
const LEAST_LABELLED = 2000; // px
const CLEARLY_BETTER = 0.02;
const AS_GOOD = 0.005;
const CLEARLY_COARSER = 0.75;

/** Tiles never change once their stroke has ended. @type {WeakMap<Uint8Array, Facts>} */
const known = new WeakMap();

/**
 * The corner of the window of 512 × 512 px with the most painted borders between categories; null while there is too
 * little to learn from.
 * @param {LabelMap} map
 * @returns {Point | null}
 */
export function windowToLearnFrom(map) {
  let best = null;
  let most = -1;
  for (let row = 0; row < map.rows; row++) {
    for (let column = 0; column < map.columns; column++) {
      const tiles = [
        [column, row],
        [column + 1, row],
        [column, row + 1],
        [column + 1, row + 1],
      ].filter(([x]) => x < map.columns);
      const facts = tiles
        .map(([x, y]) => map.tiles.get(y * map.columns + x))
        .map((tile) => (tile ? factsOf(tile) : null));
      const borders = facts.reduce((sum, each) => sum + (each?.borders ?? 0), 0);
      const labelled = facts.reduce((sum, each) => sum + (each?.labelled ?? 0), 0);
      const values = new Set(facts.flatMap((each) => [...(each?.values ?? [])]));
      if (values.size < 2 || labelled < LEAST_LABELLED || borders <= most) continue;
      most = borders;
      best = { x: column * TILE, y: row * TILE };
    }
  }
  return best;
}

/** @param {Uint8Array} tile @returns {Facts} */
function factsOf(tile) {
  const found = known.get(tile);
  if (found) return found;
  const values = new Set();
  let borders = 0;
  let labelled = 0;
  for (let at = 0; at < TILE * TILE; at++) {
    const value = tile[at];
    if (!value || value === IGNORED) continue;
    labelled++;
    values.add(value);
    const right = (at + 1) % TILE ? tile[at + 1] : 0;
    const below = at + TILE < TILE * TILE ? tile[at + TILE] : 0;
    if ((right && right !== value) || (below && below !== value)) borders++;
  }
  const facts = { borders, labelled, values };
  known.set(tile, facts);
  return facts;
}

/**
 * The labels of a window, row by row; 0 outside the image.
 * @param {LabelMap} map
 * @param {Point} corner
 */
export function labelsOf(map, { x, y }) {
  const pixels = new Uint8Array(WINDOW * WINDOW);
  for (let quarter = 0; quarter < 4; quarter++) {
    const column = x / TILE + (quarter & 1);
    const row = y / TILE + (quarter >> 1);
    const tile = column < map.columns ? map.tiles.get(row * map.columns + column) : undefined;
    if (!tile) continue;
    for (let line = 0; line < TILE; line++) {
      const to = ((quarter >> 1) * TILE + line) * WINDOW + (quarter & 1) * TILE;
      pixels.set(tile.subarray(line * TILE, (line + 1) * TILE), to);
    }
  }
  return pixels;
}

/**
 * How the segments shown now do on a window: each could take the category that most of its labelled pixels have.
 * @param {Shown} shown
 * @param {Uint8Array} labels of the window
 * @param {Point} corner
 * @returns {{ accuracy: number, segments: number } | null} null where labels lie outside the maps
 */
export function fitOfShown(shown, labels, corner) {
  /** @type {Map<number, Map<number, number>>} */
  const counts = new Map();
  let labelled = 0;
  for (const [at, value] of labels.entries()) {
    if (!value || value === IGNORED) continue;
    const id = shown.idAt(corner.x + (at % WINDOW), corner.y + Math.floor(at / WINDOW));
    if (id < 0) return null;
    const own = counts.get(id) ?? new Map();
    own.set(value, (own.get(value) ?? 0) + 1);
    counts.set(id, own);
    labelled++;
  }
  let right = 0;
  for (const own of counts.values()) right += Math.max(...own.values());
  return labelled ? { accuracy: right / labelled, segments: counts.size } : null;
}

/**
 * Whether a setting is worth a word: clearly better than what is shown, or as good and coarser.
 * @param {{ accuracy: number, segments: number }} best
 * @param {{ accuracy: number, segments: number } | null} present
 */
export function isWorthwhile(best, present) {
  if (!present) return true;
  if (best.accuracy >= present.accuracy + CLEARLY_BETTER) return true;
  return best.accuracy >= present.accuracy - AS_GOOD && best.segments <= present.segments * CLEARLY_COARSER;
}
