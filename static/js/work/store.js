// The editor's settings: one object, and those who want to know when it changes.

/**
 * @typedef {object} EditorState
 * @property {"brush" | "eraser" | "superpixel"} tool
 * @property {number} category value that the next stroke paints
 * @property {number} previous the category before, for the key that swaps
 * @property {number} diameter of the brush, image pixels
 * @property {number[]} locked categories that nothing paints over or erases
 * @property {number} opacity 0 … 1
 * @property {boolean} hidden labels are not shown
 * @property {number[]} hiddenCategories those that are not shown
 * @property {boolean} borders labels are shown as borders only
 * @property {number} brightness of the image, 1 as it is
 * @property {number} contrast
 * @property {boolean} overview a small picture of the whole image is shown while zoomed in
 * @property {boolean} panel is shown
 * @property {boolean} outlines of superpixels are shown
 * @property {boolean} warn segments of two colours are hatched
 * @property {string} algorithm
 * @property {Record<string, Values>} parameters by algorithm
 * @property {Sizing} sizing how the person says how many segments
 * @property {boolean} letterKeys single-key shortcuts are on
 */

/** @import { Sizing, Values } from "../core/sizing.js" */

/** @typedef {ReturnType<typeof createStore>} Store */

/** @param {EditorState} initial */
export function createStore(initial) {
  const state = initial;
  /** @type {((state: Readonly<EditorState>) => void)[]} */
  const listeners = [];
  return {
    /** @type {Readonly<EditorState>} */
    state,
    /** @param {Partial<EditorState>} changes */
    set(changes) {
      if (changes.category !== undefined && changes.category !== state.category) state.previous = state.category;
      Object.assign(state, changes);
      for (const listener of listeners) listener(state);
    },
    /** Calls now and after each change. @param {(state: Readonly<EditorState>) => void} listener */
    watch(listener) {
      listeners.push(listener);
      listener(state);
    },
  };
}

/**
 * The next brush: a step of an eighth, at least a pixel.
 * @param {number} diameter
 * @param {1 | -1} direction
 */
export function resized(diameter, direction) {
  return Math.min(Math.max(diameter + direction * Math.max(1, Math.round(diameter / 8)), 1), 400);
}

/**
 * @param {number} opacity
 * @param {number} change
 */
export function faded(opacity, change) {
  return Math.min(Math.max(Math.round((opacity + change) * 100) / 100, 0.1), 1);
}
