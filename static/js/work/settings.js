// How the editor starts: with the project's defaults, and as this person left it in this browser.

import { IGNORED } from "../core/palette.js";
import { RULES } from "../core/rules.js";
import { fitting, parameterOf, sideFor } from "../core/sizing.js";

/** @import { Sizing, Values } from "../core/sizing.js" */
/** @import { EditorState } from "./store.js" */

const KEPT = /** @type {const} */ ([
  "tool",
  "category",
  "diameter",
  "diameters",
  "unit",
  "pressure",
  "pen",
  "rule",
  "over",
  "locked",
  "fills",
  "opacity",
  "borders",
  "brightness",
  "contrast",
  "overview",
  "panel",
  "outlines",
  "warn",
  "algorithm",
  "parameters",
  "sizing",
  "letterKeys",
]);
/** What the project may have a default for. @type {readonly string[]} */
const SEGMENTS = ["algorithm", "parameters", "sizing"];

/**
 * @param {EditorConfig} config
 * @returns {EditorState}
 */
export function initialState(config) {
  const open = config.categories.filter((category) => !category.retired);
  /** @type {EditorState} */
  const state = {
    tool: "brush",
    category: open[0]?.value ?? 0,
    previous: open[1]?.value ?? open[0]?.value ?? 0,
    diameter: 24,
    diameters: {},
    unit: "image",
    pressure: false,
    pen: false,
    rule: "anywhere",
    over: open[0]?.value ?? 0,
    locked: [],
    fills: "region",
    opacity: 0.5,
    hidden: false,
    hiddenCategories: [],
    borders: false,
    brightness: 1,
    contrast: 1,
    overview: true,
    panel: true,
    outlines: true,
    warn: true,
    algorithm: config.defaults.algorithm ?? config.algorithms[0]?.name ?? "",
    parameters: Object.fromEntries(config.algorithms.map((each) => [each.name, defaultsOf(each, config.defaults)])),
    sizing: "count",
    letterKeys: true,
  };
  state.sizing = saysSize(config, state) ? "px" : "count";
  const kept = read(config);
  // A default that the project got since then is news; it comes before what this person had.
  const outdated = kept.defaults !== JSON.stringify(config.defaults);
  for (const key of KEPT) {
    if (outdated && SEGMENTS.includes(key)) continue;
    if (typeof kept[key] === typeof state[key]) Object.assign(state, { [key]: kept[key] });
  }
  if (!["count", "px", "um"].includes(state.sizing)) state.sizing = "count";
  const paintable = [...open.map(({ value }) => value), IGNORED];
  if (!paintable.includes(state.category)) state.category = open[0]?.value ?? 0;
  if (!paintable.includes(state.over) || !RULES.includes(state.rule)) state.rule = "anywhere";
  if (state.tool === "picker") state.tool = "brush";
  if (!config.algorithms.some(({ name }) => name === state.algorithm))
    state.algorithm = config.algorithms[0]?.name ?? "";
  for (const each of config.algorithms) {
    state.parameters[each.name] = valid(each, { ...defaultsOf(each, config.defaults), ...state.parameters[each.name] });
  }
  settleSizes(config, state, Number(kept.umPerPx) || null);
  return state;
}

/**
 * Whether the project's default is a size.
 * @param {EditorConfig} config
 * @param {EditorState} state
 */
function saysSize({ algorithms }, { algorithm, parameters }) {
  const counts = algorithms.find(({ name }) => name === algorithm)?.counts;
  return Boolean(counts && parameters[algorithm][counts.size]);
}

/**
 * @param {EditorConfig} config
 * @param {EditorState} state
 * @param {number | null} umPerPx of the image that the settings were kept with
 */
function settleSizes({ algorithms, image }, state, umPerPx) {
  const { parameters, sizing } = state;
  for (const algorithm of algorithms) {
    const values = parameters[algorithm.name];
    const settled = carriedOver(algorithm, values, sizing, umPerPx, image);
    parameters[algorithm.name] = settled.values;
    state.sizing = settled.sizing;
  }
}

/**
 * Settings of one image for another: a way to say the size that exists there, the same size in µm if it was said so, and
 * where there is no size yet that of the number.
 * @param {Algorithm} algorithm
 * @param {Values} values
 * @param {Sizing} sizing
 * @param {number | null} umPerPx of the image that they were made for
 * @param {{ width: number, height: number, umPerPx: number | null }} image the other
 * @returns {{ values: Values, sizing: Sizing }}
 */
export function carriedOver(algorithm, values, sizing, umPerPx, image) {
  const way = sizing === "um" && !image.umPerPx ? "px" : sizing;
  if (!algorithm.counts) return { values, sizing: way };
  const { count, size } = algorithm.counts;
  const same = way === "um" && umPerPx && image.umPerPx ? umPerPx / image.umPerPx : 1;
  const side = Number(values[size]) * same || Math.round(sideFor(image, Number(values[count])));
  return { values: { ...values, [size]: fitting(parameterOf(algorithm, size), side) }, sizing: way };
}

/**
 * @param {EditorConfig} config
 * @param {Readonly<EditorState>} state
 */
export function keep(config, state) {
  const { defaults, image } = config;
  const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
  const beside = { defaults: JSON.stringify(defaults), umPerPx: image.umPerPx };
  try {
    localStorage.setItem(nameFor(config), JSON.stringify({ ...kept, ...beside }));
  } catch {
    // A browser that keeps nothing starts with the defaults next time.
  }
}

/** Several people may use one browser. @param {EditorConfig} config */
function nameFor({ project, person }) {
  return `editor-${project.id}-${person.id}`;
}

/**
 * @param {EditorConfig} config
 * @returns {Record<string, unknown>}
 */
function read(config) {
  try {
    return JSON.parse(localStorage.getItem(nameFor(config)) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * @param {Algorithm} algorithm
 * @param {EditorConfig["defaults"]} defaults
 * @returns {Values}
 */
function defaultsOf(algorithm, defaults) {
  const own = Object.fromEntries(algorithm.parameters.map((parameter) => [parameter.name, parameter.default]));
  return valid(algorithm, { ...own, .../** @type {object} */ (defaults[algorithm.name] ?? {}) });
}

/**
 * Values within the ranges of today, whatever was kept.
 * @param {Algorithm} algorithm
 * @param {Values} values
 */
function valid(algorithm, values) {
  return Object.fromEntries(
    algorithm.parameters.map((parameter) => {
      const value = values[parameter.name];
      return [parameter.name, isValid(parameter, value) ? value : parameter.default];
    }),
  );
}

/**
 * @param {AlgorithmParameter} parameter
 * @param {number | string} value
 */
function isValid(parameter, value) {
  if (parameter.kind === "choice") return parameter.choices.some(([choice]) => choice === value);
  return typeof value === "number" && value >= parameter.minimum && value <= parameter.maximum;
}
