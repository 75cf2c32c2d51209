// The palette guard: which colours of categories are hard to see on stained tissue or hard to tell apart, and what
// would be better. No DOM.

import { difference, lab } from "./colors.js";
import { IGNORED_COLOR } from "./palette.js";

/** @import { Lab, Vision } from "./colors.js" */

/** @typedef {Record<Vision, Lab>} Seen a colour as each kind of eye sees it */

/**
 * @typedef {object} Flaw
 * @property {"stain" | "alike" | "colourblind" | "brown"} kind "colourblind": alike under red–green colour blindness
 * @property {number} other the category that it is too near to; -1 for the grey of ignored pixels, and for stains
 */

/**
 * What categories are given, in this order; none has a flaw beside those before it. First seven colours of Okabe and Ito
 * (2008, jfly.uni-koeln.de/color), without their reddish purple, which H&E has itself, and with the blues behind three that
 * also stand out under red–green colour blindness, where the purples of H&E look blue. Then those of the 216 colours of six
 * steps a channel that lie farthest from all before.
 */
export const PALETTE = [
  "#009e73",
  "#f0e442",
  "#d55e00",
  "#56b4e9",
  "#0072b2",
  "#e69f00",
  "#000000",
  "#99ffcc",
  "#225555",
  "#cc0000",
  "#cccc99",
  "#00cc66",
  "#66cccc",
  "#0000ff",
  "#003300",
  "#ccffff",
  "#6666ff",
  "#ccff99",
  "#666633",
  "#333333",
];

// CIEDE2000 below which two colours are too near. Nine in ten pixels of the H&E we have lie within 8.3 of the model of the
// stains; the nearest two of the palette's first seven are 21 apart, and 11 to a person without red–green vision.
const NEAR = { stain: 12, brown: 12, alike: 12, colourblind: 8 };

// Optical density of a unit of stain in red, green and blue. What eosin does to green varies most between laboratories, so
// two published pairs: Ruifrok and Johnston 2001 (PMID 11531144), and Macenko et al. 2009, doi:10.1109/ISBI.2009.5193250.
const HAEMATOXYLIN_EOSIN = [
  [unit(0.65, 0.7, 0.29), unit(0.07, 0.99, 0.11)],
  [unit(0.5626, 0.7201, 0.4062), unit(0.2159, 0.8012, 0.5581)],
];
const HAEMATOXYLIN_DAB = [[HAEMATOXYLIN_EOSIN[0][0], unit(0.27, 0.57, 0.78)]];

const STAINED = stained(HAEMATOXYLIN_EOSIN, steps(0, 1.2), steps(0, 0.9));
const BROWN = stained(HAEMATOXYLIN_DAB, steps(0, 0.45), steps(0.3, 1.35));
const IGNORED = seen(IGNORED_COLOR);

/**
 * Judges each colour against the stains and against those before it, so that of two alike only one is blamed.
 * @param {string[]} colors of the categories that are offered, the one changed last at the end
 * @returns {(Flaw | null)[]}
 */
export function flaws(colors) {
  const all = colors.map(seen);
  return all.map((one, index) => flawOf(one, all.slice(0, index)));
}

/**
 * The first colour of the palette that has no flaw beside all that are taken.
 * @param {string[]} taken
 * @returns {string | null}
 */
export function freeColor(taken) {
  const others = taken.map(seen);
  return PALETTE.find((color) => flawOf(seen(color), others) === null) ?? null;
}

/** @param {Seen} one @param {Seen[]} others @returns {Flaw | null} */
function flawOf(one, others) {
  if (nearest(one.normal, STAINED) < NEAR.stain) return { kind: "stain", other: -1 };
  const near = [IGNORED, ...others].findIndex((other) => difference(one.normal, other.normal) < NEAR.alike);
  if (near >= 0) return { kind: "alike", other: near - 1 };
  const confused = others.findIndex((other) =>
    /** @type {const} */ (["protanopia", "deuteranopia"]).some(
      (vision) => difference(one[vision], other[vision]) < NEAR.colourblind,
    ),
  );
  if (confused >= 0) return { kind: "colourblind", other: confused };
  return nearest(one.normal, BROWN) < NEAR.brown ? { kind: "brown", other: -1 } : null;
}

/** @param {Lab} one @param {Lab[]} others */
function nearest(one, others) {
  return Math.min(...others.map((other) => difference(one, other)));
}

/** @param {string} color @returns {Seen} */
function seen(color) {
  return { normal: lab(color), protanopia: lab(color, "protanopia"), deuteranopia: lab(color, "deuteranopia") };
}

/**
 * What light is left after two stains of some amounts each, by the law of Beer and Lambert.
 * @param {number[][][]} pairs
 * @param {number[]} firsts
 * @param {number[]} seconds
 */
function stained(pairs, firsts, seconds) {
  return pairs.flatMap(([one, other]) =>
    firsts.flatMap((first) =>
      seconds.map((second) => lab(hex(one.map((density, i) => 255 * 10 ** -(first * density + second * other[i]))))),
    ),
  );
}

/** @param {number[]} vector */
function unit(...vector) {
  return vector.map((part) => part / Math.hypot(...vector));
}

/** @param {number} from @param {number} to */
function steps(from, to) {
  return Array.from({ length: Math.round((to - from) / 0.15) + 1 }, (_, step) => from + 0.15 * step);
}

/** @param {number[]} bytes */
function hex(bytes) {
  return `#${bytes.map((byte) => Math.round(byte).toString(16).padStart(2, "0")).join("")}`;
}
