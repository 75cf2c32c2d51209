// How many segments, or how large: the two ways to say it, and what is asked of the server. No DOM.

import { isGrid } from "./region.js";

/** @typedef {Record<string, number | string>} Values */
/** @typedef {"count" | "px" | "um"} Sizing by number, by size in pixels, by size in µm */

const SIDE_UNKNOWN = 16; // px: how large segments are thought to be before one has been seen

/**
 * What the person says, whatever the image: a number or a size, not both.
 * @param {Algorithm} algorithm
 * @param {Values} values
 * @param {Sizing} sizing
 * @returns {Values}
 */
export function said(algorithm, values, sizing) {
  if (!algorithm.counts) return values;
  const { count, size } = algorithm.counts;
  return sizing === "count" ? { ...values, [size]: 0 } : { ...values, [count]: parameterOf(algorithm, count).default };
}

/**
 * The parameters of a request. A number is meant for the whole of an image. The regions of a large one are asked for by
 * the size that follows from it, or that was chosen, as nearly as regions can share a grid of it.
 * @param {Algorithm} algorithm
 * @param {Values} values
 * @param {Sizing} sizing
 * @param {{ width: number, height: number }} image
 * @returns {Values}
 */
export function askedFor(algorithm, values, sizing, image) {
  if (!algorithm.counts || !isGrid(image.width, image.height)) return said(algorithm, values, sizing);
  const { count, size } = algorithm.counts;
  const chosen =
    sizing === "count" ? Math.sqrt((image.width * image.height) / Number(values[count])) : Number(values[size]);
  const side = fitting(parameterOf(algorithm, size), seamless(chosen));
  return said(algorithm, { ...values, [size]: side }, "px");
}

/**
 * The side of a square as large as one of so many segments, to a tenth of a pixel.
 * @param {{ width: number, height: number }} image
 * @param {number} count
 */
export function sideFor({ width, height }, count) {
  return Math.round(10 * Math.sqrt((width * height) / count)) / 10;
}

/**
 * A side that regions can share a grid of at several scales, so that their segments meet at the seams.
 * @param {number} side
 */
function seamless(side) {
  const step = Math.min(Math.max(2 ** Math.floor(Math.log2(side / 8)), 1), 8);
  return Math.round(side / step) * step;
}

/**
 * The same segments said the other way: the number that follows from the size, or the size from the number.
 * @param {Algorithm} algorithm
 * @param {Values} values
 * @param {Sizing} sizing the new way
 * @param {{ width: number, height: number }} image
 * @returns {Values} the values that change
 */
export function inTermsOf(algorithm, values, sizing, image) {
  if (!algorithm.counts) return {};
  const { count, size } = algorithm.counts;
  const [number, side] = [parameterOf(algorithm, count), parameterOf(algorithm, size)];
  if (sizing !== "count") return { [size]: fitting(side, sideFor(image, Number(values[count]))) };
  const exact = (image.width * image.height) / Number(values[size]) ** 2;
  return { [count]: fitting(number, Math.round(exact / number.step) * number.step) };
}

/**
 * How large segments will be on average, in image pixels.
 * @param {Algorithm} algorithm
 * @param {Values} asked
 * @param {{ width: number, height: number }} image
 */
export function expectedSide(algorithm, asked, image) {
  if (!algorithm.counts) return SIDE_UNKNOWN;
  const { count, size } = algorithm.counts;
  return Number(asked[size]) || sideFor(image, Number(asked[count]));
}

/**
 * A parameter that is a number.
 * @param {Algorithm} algorithm
 * @param {string} name
 * @returns {NumberParameter}
 */
export function parameterOf(algorithm, name) {
  const parameter = algorithm.parameters.find((each) => each.name === name);
  if (!parameter || parameter.kind === "choice") throw new Error(`${algorithm.label} has no parameter ${name}.`);
  return parameter;
}

/**
 * A number within the range of a parameter, and not so small that it means "off".
 * @param {NumberParameter} parameter
 * @param {number} value
 */
export function fitting({ minimum, maximum, off_below: least }, value) {
  return Math.min(Math.max(value, least ?? minimum), maximum);
}

/**
 * Place on a slider of 0 … 1 and back. On a logarithmic one equal steps are equal ratios; a range that begins at 0 is
 * moved by one step, since 0 has no logarithm.
 * @param {{ minimum: number, maximum: number, step: number, scale: string }} range
 */
export function sliderScale({ minimum, maximum, step, scale }) {
  const rounded = (/** @type {number} */ value) =>
    Math.min(Math.max(Number((Math.round(value / step) * step).toFixed(6)), minimum), maximum);
  if (scale !== "log") {
    return {
      toSlider: (/** @type {number} */ value) => (value - minimum) / (maximum - minimum),
      fromSlider: (/** @type {number} */ position) => rounded(minimum + position * (maximum - minimum)),
    };
  }
  const shift = minimum > 0 ? 0 : step - minimum;
  const ratio = (maximum + shift) / (minimum + shift);
  return {
    toSlider: (/** @type {number} */ value) => Math.log((value + shift) / (minimum + shift)) / Math.log(ratio),
    fromSlider: (/** @type {number} */ position) => rounded((minimum + shift) * ratio ** position - shift),
  };
}
