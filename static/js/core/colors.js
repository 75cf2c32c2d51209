// How far apart two colours look, also to people with red–green colour blindness. No DOM.

import { linear, rgb } from "./palette.js";

/** @typedef {[number, number, number]} Lab CIELAB under D65: lightness, green–red, blue–yellow */
/** @typedef {"normal" | "protanopia" | "deuteranopia"} Vision */

// What each kind of eye makes of linear RGB: Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.
/** @type {Record<Vision, number[][]>} */
const VISIONS = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

// Linear sRGB to CIE XYZ, each row divided by the white point D65: IEC 61966-2-1.
const XYZ = [
  [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339 / 1.08883, 0.119192 / 1.08883, 0.9503041 / 1.08883],
];

/**
 * CIELAB (CIE 15:2004) of a colour as an eye sees it.
 * @param {string} color "#rrggbb"
 * @param {Vision} [vision]
 * @returns {Lab}
 */
export function lab(color, vision = "normal") {
  const light = times(VISIONS[vision], rgb(color).map(linear)).map((part) => Math.min(Math.max(part, 0), 1));
  const [x, y, z] = times(XYZ, light).map((part) =>
    part > 216 / 24389 ? Math.cbrt(part) : (part * 841) / 108 + 4 / 29,
  );
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/**
 * The colour difference CIEDE2000 (ISO/CIE 11664-6), after Sharma, Wu, Dalal 2005, doi:10.1002/col.20070. About 1 can
 * just be seen side by side; 100 lies between black and white.
 * @param {Lab} one
 * @param {Lab} other
 */
export function difference([l1, a1, b1], [l2, a2, b2]) {
  const chroma = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const stretch = 1.5 - 0.5 * bent(chroma);
  const [c1, c2] = [Math.hypot(stretch * a1, b1), Math.hypot(stretch * a2, b2)];
  const [h1, h2] = [hue(stretch * a1, b1), hue(stretch * a2, b2)];
  const grey = c1 * c2 === 0;
  const turn = grey ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const dL = l2 - l1;
  const dC = c2 - c1;
  const dH = 2 * Math.sqrt(c1 * c2) * sine(turn / 2);
  const l = (l1 + l2) / 2 - 50;
  const c = (c1 + c2) / 2;
  const far = !grey && Math.abs(h1 - h2) > 180;
  const h = grey ? h1 + h2 : (h1 + h2) / 2 + (far ? (h1 + h2 < 360 ? 180 : -180) : 0);
  const t = 1 - 0.17 * sine(h + 60) + 0.24 * sine(2 * h + 90) + 0.32 * sine(3 * h + 96) - 0.2 * sine(4 * h + 27);
  const byL = dL / (1 + (0.015 * l * l) / Math.sqrt(20 + l * l));
  const byC = dC / (1 + 0.045 * c);
  const byH = dH / (1 + 0.015 * c * t);
  const rotation = -2 * bent(c) * sine(60 * Math.exp(-(((h - 275) / 25) ** 2)));
  return Math.sqrt(byL ** 2 + byC ** 2 + byH ** 2 + rotation * byC * byH);
}

/** The share of the formula that grows with the chroma. @param {number} chroma */
function bent(chroma) {
  return Math.sqrt(chroma ** 7 / (chroma ** 7 + 25 ** 7));
}

/** @param {number} a @param {number} b @returns degrees, 0 to 360 */
function hue(a, b) {
  return ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
}

/** @param {number} degrees */
function sine(degrees) {
  return Math.sin((degrees * Math.PI) / 180);
}

/** @param {number[][]} matrix @param {number[]} vector */
function times(matrix, vector) {
  return matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]);
}
