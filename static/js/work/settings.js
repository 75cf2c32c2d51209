// How the editor starts: with the project's defaults, and as this person left it in this browser.

import { fitting, parameterOf, sideFor } from "../core/sizing.js";

/** @import { Values } from "../core/sizing.js" */
/** @import { EditorState } from "./store.js" */

const KEPT = /** @type {const} */ ([
  "tool",
  "category",
  "diameter",
  "opacity",
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
    opacity: 0.5,
    hidden: false,
    outlines: true,
    warn: true,
    algorithm: config.defaults.algorithm ?? config.algorithms[0]?.name ?? "",
    parameters: Object.fromEntries(config.algorithms.map((each) => [each.name, defaultsOf(each, config.defaults)])),
    sizing: "count",
    letterKeys: true,
  };
  state.sizing = saysSize(config, state) ? "px" : "count";
  const kept = read(config.project.id);
  // A default that the project got since then is news; it comes before what this person had.
  const outdated = kept.defaults !== JSON.stringify(config.defaults);
  for (const key of KEPT) {
    if (outdated && SEGMENTS.includes(key)) continue;
    if (typeof kept[key] === typeof state[key]) Object.assign(state, { [key]: kept[key] });
  }
  if (!open.some(({ value }) => value === state.category)) state.category = open[0]?.value ?? 0;
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
 * A way to say the size that exists here, and a size where there is none yet: that of the number.
 * @param {EditorConfig} config
 * @param {EditorState} state
 * @param {number | null} umPerPx of the image that the settings were kept with
 */
function settleSizes({ algorithms, image }, state, umPerPx) {
  const ways = image.umPerPx ? ["count", "px", "um"] : ["count", "px"];
  if (!ways.includes(state.sizing)) state.sizing = state.sizing === "um" ? "px" : "count";
  for (const algorithm of algorithms) {
    if (!algorithm.counts) continue;
    const { count, size } = algorithm.counts;
    const values = state.parameters[algorithm.name];
    const same = state.sizing === "um" && umPerPx && image.umPerPx ? umPerPx / image.umPerPx : 1;
    const side = Number(values[size]) * same || Math.round(sideFor(image, Number(values[count])));
    values[size] = fitting(parameterOf(algorithm, size), side);
  }
}

/**
 * @param {EditorConfig} config
 * @param {Readonly<EditorState>} state
 */
export function keep({ project, defaults, image }, state) {
  const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
  const beside = { defaults: JSON.stringify(defaults), umPerPx: image.umPerPx };
  try {
    localStorage.setItem(`editor-${project.id}`, JSON.stringify({ ...kept, ...beside }));
  } catch {
    // A browser that keeps nothing starts with the defaults next time.
  }
}

/**
 * @param {number} project
 * @returns {Record<string, unknown>}
 */
function read(project) {
  try {
    return JSON.parse(localStorage.getItem(`editor-${project}`) ?? "{}");
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
