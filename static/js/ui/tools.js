// The settings of the tool in hand: brush size, painting rule, what the fill tool fills.

import { joinSlider } from "./controls.js";
import { find } from "./find.js";

/** @import { EditorState, Store } from "../work/store.js" */

// Small brushes need finer steps than large ones: the slider is the logarithm of the diameter.
const DIAMETERS = 400;
const logarithmic = {
  /** @type {(diameter: number) => [number, string]} */
  show: (diameter) => [(100 * Math.log(diameter)) / Math.log(DIAMETERS), `${diameter}`],
  /** @param {number} position */
  fromSlider: (position) => Math.round(DIAMETERS ** (position / 100)),
};

/**
 * @param {HTMLElement} root
 * @param {Category[]} palette
 * @param {Store} store
 */
export function showTools(root, palette, store) {
  showBrush(root, store);
  showRule(root, palette, store);
  const fills = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[name=fills]"));
  for (const choice of fills) {
    choice.addEventListener("change", () => store.set({ fills: /** @type {EditorState["fills"]} */ (choice.value) }));
  }
  const tools = [...root.querySelectorAll("[data-tool]")];
  const panels = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-for]"));
  store.watch((state) => {
    for (const choice of fills) choice.checked = choice.value === state.fills;
    for (const button of tools) {
      button.setAttribute("aria-pressed", `${button.getAttribute("data-tool") === state.tool}`);
    }
    for (const panel of panels) panel.hidden = !panel.dataset.for?.split(" ").includes(state.tool);
  });
}

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
function showBrush(root, store) {
  const number = find(root, "#brush-diameter", HTMLInputElement);
  const showDiameter = joinSlider(find(root, "#brush-slider", HTMLInputElement), number, logarithmic, (diameter) =>
    store.set({ diameter: Math.round(diameter) }),
  );
  const unit = find(root, "#brush-unit", HTMLSelectElement);
  listenToSelect(root, unit, (value) => store.set({ unit: value === "screen" ? "screen" : "image" }));
  const pressure = find(root, "#pressure", HTMLInputElement);
  pressure.addEventListener("change", () => store.set({ pressure: pressure.checked }));
  const penOnly = find(root, "#pen-only", HTMLElement);
  store.watch((state) => {
    showDiameter(state.diameter);
    unit.value = state.unit;
    number.setAttribute("aria-label", `Brush diameter in ${state.unit} pixels`);
    pressure.checked = state.pressure;
    penOnly.hidden = !state.pen && !state.pressure;
  });
}

/**
 * @param {HTMLElement} root
 * @param {Category[]} palette
 * @param {Store} store
 */
function showRule(root, palette, store) {
  const select = find(root, "#rule", HTMLSelectElement);
  select.append(...palette.map(({ value, name }) => new Option(`Only over ${name}`, `over ${value}`)));
  listenToSelect(root, select, (choice) => {
    const [rule, value] = choice.split(" ");
    if (rule === "over") store.set({ rule, over: Number(value) });
    else store.set({ rule: rule === "unlabelled" ? rule : "anywhere" });
  });
  store.watch(({ rule, over: value }) => {
    select.value = rule === "over" ? `over ${value}` : rule;
  });
}

/**
 * After a choice with the pointer the keyboard belongs to the image again.
 * @param {HTMLElement} root
 * @param {HTMLSelectElement} select
 * @param {(value: string) => void} choose
 */
function listenToSelect(root, select, choose) {
  let pointing = false;
  select.addEventListener("pointerdown", () => {
    pointing = true;
  });
  select.addEventListener("keydown", () => {
    pointing = false;
  });
  select.addEventListener("change", () => {
    choose(select.value);
    if (pointing) find(root, "#stage", HTMLElement).focus({ preventScroll: true });
  });
}
