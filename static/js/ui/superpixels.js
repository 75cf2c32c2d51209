// How superpixels are made: algorithm, number or size, and the parameters behind "More settings".

import { fitting, inTermsOf, sliderScale } from "../core/sizing.js";
import { joinSlider } from "./controls.js";
import { copyOf, find } from "./find.js";

/** @import { Sizing, Values } from "../core/sizing.js" */
/** @import { Store } from "../work/store.js" */

/**
 * A number that a row shows: in the person's unit, whatever the server is told.
 * @typedef {{ value: number, name: string, label: string, help: string, set(value: number): void }
 *   & Pick<NumberParameter, "minimum" | "maximum" | "step" | "scale">} NumberField
 */

export class SuperpixelPanel {
  /**
   * @param {HTMLElement} root
   * @param {Algorithm[]} algorithms
   * @param {EditorConfig["image"]} image
   * @param {Store} store
   */
  constructor(root, algorithms, image, store) {
    this.algorithms = algorithms;
    this.image = image;
    this.store = store;
    this.select = find(root, "#algorithm", HTMLSelectElement);
    this.main = find(root, "#main-parameter", HTMLElement);
    this.more = find(root, "#parameters", HTMLElement);
    this.numberRow = find(root, "#parameter-template", HTMLTemplateElement);
    this.sizingRow = find(root, "#sizing-template", HTMLTemplateElement);
    this.choiceRow = find(root, "#choice-template", HTMLTemplateElement);
    this.button = find(root, '[data-command="calculate"]', HTMLButtonElement);
    this.select.append(...algorithms.map(({ name, label }) => new Option(label, name)));
    this.select.addEventListener("change", () => {
      store.set({ algorithm: this.select.value });
      this.show();
    });
    for (const box of [this.main, this.more]) {
      box.addEventListener("keyup", ({ key, target }) => {
        if (key === "Enter" && target instanceof HTMLInputElement) this.button.click();
      });
    }
    this.current = true;
    this.show();
  }

  get algorithm() {
    const { algorithm } = this.store.state;
    return this.algorithms.find(({ name }) => name === algorithm) ?? this.algorithms[0];
  }

  /** The present algorithm with the present values, after something other than the panel changed them. */
  show() {
    const { algorithm } = this;
    const { counts, parameters } = algorithm;
    this.select.value = algorithm.name;
    const numbers = [counts?.count, counts?.size];
    const others = parameters.filter(({ name }) => !numbers.includes(name));
    // What says how large segments become stands first in each registry entry.
    const first = counts ? this.sizeRow() : this.row(/** @type {AlgorithmParameter} */ (others.shift()));
    this.main.replaceChildren(first);
    this.more.replaceChildren(...others.map((parameter) => this.row(parameter)));
  }

  /** @param {Sizing} sizing */
  chooseSizing(sizing) {
    const between = sizing === "count" || this.store.state.sizing === "count";
    if (between) this.change(inTermsOf(this.algorithm, this.values, sizing, this.image));
    this.store.set({ sizing });
    this.show();
    find(this.main, "select", HTMLSelectElement).focus();
  }

  sizeRow() {
    const { parameters, counts } = this.algorithm;
    const { sizing } = this.store.state;
    const name = counts?.[sizing === "count" ? "count" : "size"] ?? "";
    const parameter = /** @type {NumberParameter} */ (parameters.find((each) => each.name === name));
    const perUnit = sizing === "um" ? (this.image.umPerPx ?? 1) : 1;
    const minimum = parameter.off_below ?? parameter.minimum;
    const words = { count: parameter.label, px: "Segment size in pixels", um: "Segment size in µm" };
    const row = copyOf(this.sizingRow);
    const select = find(row, "select", HTMLSelectElement);
    if (!this.image.umPerPx) find(select, '[value="um"]', HTMLOptionElement).remove();
    select.value = sizing;
    select.addEventListener("change", () => this.chooseSizing(/** @type {Sizing} */ (select.value)));
    return fill(row, {
      ...parameter,
      label: words[sizing],
      step: sizing === "um" ? 0.1 : parameter.step,
      minimum: Math.ceil(10 * minimum * perUnit) / 10,
      maximum: Math.floor(10 * parameter.maximum * perUnit) / 10,
      value: tenth(Number(this.values[name]) * perUnit),
      set: (value) => this.change({ [name]: fitting(parameter, tenth(value / perUnit)) }),
    });
  }

  get values() {
    return this.store.state.parameters[this.algorithm.name];
  }

  /** @param {Values} values */
  change(values) {
    const { name } = this.algorithm;
    const { parameters } = this.store.state;
    this.store.set({ parameters: { ...parameters, [name]: { ...parameters[name], ...values } } });
  }

  /** @param {AlgorithmParameter} parameter */
  row(parameter) {
    if (parameter.kind === "choice") return this.choiceField(parameter);
    const label = parameter.unit ? `${parameter.label} (${parameter.unit})` : parameter.label;
    const value = Number(this.values[parameter.name]);
    const set = (/** @type {number} */ next) => this.change({ [parameter.name]: next });
    return fill(copyOf(this.numberRow), { ...parameter, label, value, set });
  }

  /** @param {ChoiceParameter} parameter */
  choiceField(parameter) {
    const row = copyOf(this.choiceRow);
    const select = find(row, "select", HTMLSelectElement);
    select.append(...parameter.choices.map(([value, label]) => new Option(label, value)));
    select.name = parameter.name;
    select.value = `${this.values[parameter.name]}`;
    describe(row, select, parameter);
    select.addEventListener("change", () => this.change({ [parameter.name]: select.value }));
    return row;
  }

  /** Whether what is set here is what the maps on the screen were made with. @param {boolean} same */
  setCurrent(same) {
    this.current = same;
    this.button.classList.toggle("btn-primary", !same);
    this.button.classList.toggle("btn-outline-primary", same);
  }

  /** @param {boolean} waiting */
  setWaiting(waiting) {
    this.button.setAttribute("aria-busy", `${waiting}`);
    find(this.button, ".spinner-border", HTMLElement).hidden = !waiting;
  }
}

/**
 * A row with a slider and a number beside it.
 * @param {HTMLElement} row
 * @param {NumberField} field
 */
function fill(row, field) {
  const slider = find(row, "input[type=range]", HTMLInputElement);
  const number = find(row, "input[type=number]", HTMLInputElement);
  number.min = `${field.minimum}`;
  number.max = `${field.maximum}`;
  number.step = "any";
  number.name = field.name;
  describe(row, number, field);
  slider.setAttribute("aria-label", field.label);
  const { toSlider, fromSlider } = sliderScale(field);
  const scale = { show: valueOn(toSlider), fromSlider };
  const show = joinSlider(slider, number, scale, (value) => {
    field.set(value);
    show(value);
  });
  show(field.value);
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {HTMLInputElement | HTMLSelectElement} control
 * @param {{ name: string, label: string, help: string }} words
 */
function describe(row, control, words) {
  control.id = `parameter-${words.name}`;
  const label = find(row, "label", HTMLLabelElement);
  label.htmlFor = control.id;
  label.textContent = words.label;
  const help = find(row, ".parameter-help", HTMLElement);
  help.id = `${control.id}-help`;
  help.textContent = row.title = words.help;
  control.setAttribute("aria-describedby", help.id);
}

/**
 * @param {(value: number) => number} toSlider
 * @returns {(value: number) => [number, string]}
 */
function valueOn(toSlider) {
  return (value) => [toSlider(value), `${value}`];
}

/** To a tenth; sizes in µm and px are no finer. @param {number} value */
function tenth(value) {
  return Math.round(value * 10) / 10;
}
