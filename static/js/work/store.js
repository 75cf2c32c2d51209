// The editor's settings: one object, and those who want to know when it changes.

/**
 * @typedef {object} EditorState
 * @property {ToolName} tool
 * @property {number} category value that the next stroke paints
 * @property {number} previous the category before, for the key that swaps
 * @property {number} diameter of the brush in hand
 * @property {Record<number, number>} diameters of the brush by category, 0 for the eraser
 * @property {"image" | "screen"} unit the pixels that diameters are given in
 * @property {boolean} pressure of a pen makes the brush smaller
 * @property {boolean} pen one was seen: fingers only move the image
 * @property {Rules["rule"]} rule where painting changes pixels
 * @property {number} over category that may be painted over, where the rule is "over"
 * @property {number[]} locked categories that nothing paints over or erases
 * @property {"region" | "holes"} fills what a click with the fill tool fills
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

/** @import { Rules } from "../core/rules.js" */
/** @import { Sizing, Values } from "../core/sizing.js" */

/** @typedef {"brush" | "eraser" | "superpixel" | "fill" | "polygon" | "lasso" | "picker"} ToolName */

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
      recall(state, changes);
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
 * Each category has a brush of its own, and so has the eraser; a new one begins with what is in hand.
 * @param {EditorState} state
 * @param {Partial<EditorState>} changes
 */
function recall(state, changes) {
  const held = state.tool === "eraser" ? 0 : state.category;
  if (changes.diameter !== undefined) state.diameters = { ...state.diameters, [held]: changes.diameter };
  else if (changes.category !== undefined || changes.tool) state.diameter = state.diameters[held] ?? state.diameter;
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
