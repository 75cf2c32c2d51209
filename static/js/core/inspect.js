// Gaps, holes and specks: the regions of a label map, and which of them look like mistakes. No DOM.
//
// A region is what hangs together of one value, 0 among them, over edges and corners (8 neighbours), so that a thin
// slanting line is one region. `annotation/imaging/inspection.py` is the twin that the server asks.

import { eachContact, runAt, runsOf } from "./runs.js";

/** @import { Runs } from "./runs.js" */

/** @typedef {"unlabelled" | "hole" | "speck"} Kind */
/** @typedef {[value: number, x: number, y: number, pixels: number]} Sign by which a region is known again */

/**
 * The regions, each by its number, in the order of their first pixels row by row.
 * @typedef {object} Regions
 * @property {number} width
 * @property {number} height
 * @property {Int32Array} regionOf of each run
 * @property {Uint32Array} first run of each region
 * @property {Uint32Array} pixels of each region
 * @property {Uint8Array} around the one category that encloses a region, 0 where there is none
 * @property {Int32Array} boxes x0, y0, x1, y1 of each region
 */

/** @typedef {Runs & Regions} Survey */

/**
 * @param {Map<number, Uint8Array>} tiles of 256 × 256 pixels, row by row; 0 where there is none
 * @param {number} width
 * @param {number} height
 * @returns {Survey}
 */
export function survey(tiles, width, height) {
  const runs = runsOf(tiles, width, height);
  return { width, height, ...runs, ...regionsOf(runs, width, height) };
}

/**
 * @param {Runs} runs
 * @param {number} width
 * @param {number} height
 */
function regionsOf(runs, width, height) {
  const { starts, values, rows } = runs;
  const parent = new Int32Array(values.length).map((_, run) => run);

  /** @param {number} run */
  function root(run) {
    let at = run;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }

  eachContact(runs, width, (above, below) => {
    if (values[above] !== values[below]) return;
    const [one, other] = [root(above), root(below)];
    // The smaller is the root, so that a region's root is its first run.
    if (one < other) parent[other] = one;
    else parent[one] = other;
  });

  let count = 0;
  for (let run = 0; run < parent.length; run++) if (parent[run] === run) count++;
  const first = new Uint32Array(count);
  const pixels = new Uint32Array(count);
  const boxes = new Int32Array(4 * count);
  const regionOf = new Int32Array(parent.length);
  count = 0;
  for (let y = 0; y < height; y++) {
    for (let run = rows[y]; run < rows[y + 1]; run++) {
      const from = root(run);
      const region = from === run ? count++ : regionOf[from];
      regionOf[run] = region;
      const x0 = starts[run] - y * width;
      const x1 = starts[run + 1] - y * width;
      const box = 4 * region;
      if (from === run) {
        first[region] = run;
        boxes.set([x0, y, x1, y + 1], box);
      } else {
        boxes[box] = Math.min(boxes[box], x0);
        boxes[box + 2] = Math.max(boxes[box + 2], x1);
        boxes[box + 3] = y + 1;
      }
      pixels[region] += x1 - x0;
    }
  }
  return { regionOf, first, pixels, boxes, around: enclosedBy({ ...runs, regionOf, boxes }, width, height) };
}

/**
 * The one category of all that touches a region, and which it lies within; else 0.
 * @param {Pick<Survey, "starts" | "values" | "rows" | "regionOf" | "boxes">} parts
 * @param {number} width
 * @param {number} height
 */
function enclosedBy(parts, width, height) {
  const { values, rows, regionOf, boxes } = parts;
  const count = boxes.length / 4;
  const low = new Uint8Array(count).fill(255);
  const high = new Uint8Array(count);

  /** @param {number} run @param {number} other */
  function note(run, other) {
    const region = regionOf[run];
    const value = values[other];
    if (value < low[region]) low[region] = value;
    if (value > high[region]) high[region] = value;
  }

  /** @param {number} one @param {number} other */
  function meet(one, other) {
    if (values[one] === values[other]) return;
    note(one, other);
    note(other, one);
  }

  eachContact(parts, width, meet);
  for (let y = 0; y < height; y++) for (let run = rows[y] + 1; run < rows[y + 1]; run++) meet(run - 1, run);
  const around = new Uint8Array(count);
  for (let region = 0; region < count; region++) {
    const box = 4 * region;
    const within = boxes[box] > 0 && boxes[box + 1] > 0 && boxes[box + 2] < width && boxes[box + 3] < height;
    if (within && low[region] === high[region]) around[region] = low[region];
  }
  return around;
}

/**
 * What a region is taken for: a hole is enclosed by one category, unlabelled or of another; a speck is what else is small
 * of a category; the rest that has no label is unlabelled.
 * @param {Survey} all
 * @param {number} region
 * @param {number} below pixels; holes and specks have fewer
 * @returns {Kind | null}
 */
export function kindOf({ values, first, pixels, around }, region, below) {
  const small = pixels[region] < below;
  if (small && around[region]) return "hole";
  if (values[first[region]] === 0) return "unlabelled";
  return small ? "speck" : null;
}

/**
 * @param {Survey} all
 * @param {number} region
 * @returns {Sign}
 */
export function signOf({ width, starts, values, first, pixels }, region) {
  const at = starts[first[region]];
  return [values[first[region]], at % width, Math.floor(at / width), pixels[region]];
}

/**
 * The region that has this sign, or -1 when there is none any more.
 * @param {Survey} all
 * @param {Sign} sign
 */
export function regionAt(all, sign) {
  const [, x, y] = sign;
  if (x >= all.width || y >= all.height) return -1;
  const region = all.regionOf[runAt(all, y, y * all.width + x)];
  return `${signOf(all, region)}` === `${sign}` ? region : -1;
}

/**
 * What regions become when they are mended: the category with which each shares the longest border, of two the smaller
 * value; 0 where it borders no category.
 * @param {Survey} all
 * @param {Iterable<number>} regions
 * @returns {Map<number, number>} region → value
 */
export function majorities(all, regions) {
  const { width, height, starts, values, rows, regionOf } = all;
  /** @type {Map<number, number[]>} */
  const borders = new Map([...regions].map((region) => [region, []]));
  for (let y = 0; y < height; y++) {
    for (let run = rows[y]; run < rows[y + 1]; run++) {
      const lengths = borders.get(regionOf[run]);
      if (!lengths) continue;
      const add = (/** @type {number} */ other, /** @type {number} */ length) => {
        if (regionOf[other] !== regionOf[run]) lengths[values[other]] = (lengths[values[other]] ?? 0) + length;
      };
      if (run > rows[y]) add(run - 1, 1);
      if (run + 1 < rows[y + 1]) add(run + 1, 1);
      for (const other of [y - 1, y + 1]) {
        if (other < 0 || other === height) continue;
        const shift = (other - y) * width;
        const [from, to] = [starts[run] + shift, starts[run + 1] + shift];
        for (let at = runAt(all, other, from); at < rows[other + 1] && starts[at] < to; at++) {
          add(at, Math.min(starts[at + 1], to) - Math.max(starts[at], from));
        }
      }
    }
  }
  return new Map([...borders].map(([region, lengths]) => [region, longest(lengths)]));
}

/** @param {number[]} lengths by value */
function longest(lengths) {
  let best = 0;
  for (const [value, length = 0] of lengths.entries()) if (value > 0 && length > (best && lengths[best])) best = value;
  return best;
}

/**
 * The pixels of regions, as y, x0, x1 and new value of each run.
 * @param {Survey} all
 * @param {Map<number, number>} become region → value
 */
export function spansOf({ width, height, starts, rows, regionOf }, become) {
  /** @type {number[]} */
  const spans = [];
  for (let y = 0; y < height; y++) {
    for (let run = rows[y]; run < rows[y + 1]; run++) {
      const value = become.get(regionOf[run]);
      if (value !== undefined) spans.push(y, starts[run] - y * width, starts[run + 1] - y * width, value);
    }
  }
  return Int32Array.from(spans);
}
