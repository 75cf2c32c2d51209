// Colours: from categories to the look-up table that paints label tiles, and how well text reads on a colour. No DOM.

/** The value of pixels that do not count, and what they look like. */
export const IGNORED = 255;
export const IGNORED_COLOR = "#808080";

/**
 * @param {string} color "#rrggbb"
 * @returns {[number, number, number]}
 */
export function rgb(color) {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * Four bytes as they lie in an ImageData on a little-endian machine, which all browsers' machines are.
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 * @param {number} alpha
 */
export function rgba(red, green, blue, alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * Category value → pixel. Unlabelled is clear, ignored is grey.
 * @param {{ value: number, color: string }[]} categories
 * @param {number[]} hidden values that are clear, too
 */
export function lookupTable(categories, hidden = []) {
  const table = new Uint32Array(256);
  table[IGNORED] = rgba(...rgb(IGNORED_COLOR), 255);
  for (const { value, color } of categories) table[value] = rgba(...rgb(color), 255);
  for (const value of hidden) table[value] = 0;
  return table;
}

/**
 * WCAG contrast ratio, 1 to 21.
 * @param {string} one
 * @param {string} other
 */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * Black or white, whichever reads better on the colour.
 * @param {string} color
 */
export function inkOn(color) {
  return contrast(color, "#000000") >= contrast(color, "#ffffff") ? "#000000" : "#ffffff";
}

/** @param {string} color */
function luminance(color) {
  const [red, green, blue] = rgb(color).map(linear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * The light of a channel of sRGB, 0 to 1.
 * @param {number} byte
 */
export function linear(byte) {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}
