// How the editor starts: with the project's defaults, and as this person left it in this browser.

/** @import { EditorState } from "./store.js" */

const KEPT = /** @type {const} */ ([
  "tool",
  "category",
  "diameter",
  "opacity",
  "outlines",
  "algorithm",
  "parameters",
  "letterKeys",
]);

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
    algorithm: config.defaults.algorithm ?? config.algorithms[0]?.name ?? "",
    parameters: Object.fromEntries(config.algorithms.map((each) => [each.name, defaultsOf(each, config.defaults)])),
    letterKeys: true,
  };
  const kept = read(config.project.id);
  for (const key of KEPT) {
    if (typeof kept[key] === typeof state[key]) Object.assign(state, { [key]: kept[key] });
  }
  if (!open.some(({ value }) => value === state.category)) state.category = open[0]?.value ?? 0;
  if (!config.algorithms.some(({ name }) => name === state.algorithm))
    state.algorithm = config.algorithms[0]?.name ?? "";
  for (const each of config.algorithms) {
    state.parameters[each.name] = valid(each, { ...defaultsOf(each, config.defaults), ...state.parameters[each.name] });
  }
  return state;
}

/**
 * @param {number} project
 * @param {Readonly<EditorState>} state
 */
export function keep(project, state) {
  const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
  try {
    localStorage.setItem(`editor-${project}`, JSON.stringify(kept));
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
 * @returns {Record<string, number>}
 */
function defaultsOf(algorithm, defaults) {
  const own = Object.fromEntries(algorithm.parameters.map((parameter) => [parameter.name, parameter.default]));
  return valid(algorithm, { ...own, .../** @type {object} */ (defaults[algorithm.name] ?? {}) });
}

/**
 * Values within the ranges of today, whatever was kept.
 * @param {Algorithm} algorithm
 * @param {Record<string, number>} values
 */
function valid(algorithm, values) {
  return Object.fromEntries(
    algorithm.parameters.map(({ name, minimum, maximum, default: usual }) => {
      const value = values[name];
      return [name, value >= minimum && value <= maximum ? value : usual];
    }),
  );
}
