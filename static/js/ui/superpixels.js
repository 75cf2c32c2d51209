// The panel of the superpixel tool: algorithm, parameters, calculation and what came of it.

import { joinSlider } from "./controls.js";
import { copyOf, find } from "./find.js";

/** @import { Store } from "../work/store.js" */

export class SuperpixelPanel {
  /**
   * @param {HTMLElement} root
   * @param {Algorithm[]} algorithms
   * @param {Store} store
   */
  constructor(root, algorithms, store) {
    this.algorithms = algorithms;
    this.store = store;
    this.select = find(root, "#algorithm", HTMLSelectElement);
    this.fields = find(root, "#parameters", HTMLElement);
    this.template = find(root, "#parameter-template", HTMLTemplateElement);
    this.button = find(root, '[data-command="calculate"]', HTMLButtonElement);
    this.note = find(root, "#segments-note", HTMLElement);
    this.select.append(...algorithms.map(({ name, label }) => new Option(label, name)));
    this.select.value = store.state.algorithm;
    this.select.addEventListener("change", () => {
      store.set({ algorithm: this.select.value });
      this.showParameters();
      this.markChanged();
    });
    this.showParameters();
  }

  showParameters() {
    const { algorithm: name, parameters } = this.store.state;
    const algorithm = this.algorithms.find((each) => each.name === name);
    const rows = algorithm?.parameters.map((parameter) => {
      const row = copyOf(this.template);
      const slider = find(row, "input[type=range]", HTMLInputElement);
      const number = find(row, "input[type=number]", HTMLInputElement);
      for (const input of [slider, number]) {
        input.min = `${parameter.minimum}`;
        input.max = `${parameter.maximum}`;
        input.step = `${parameter.step}`;
      }
      number.id = `parameter-${parameter.name}`;
      number.name = parameter.name;
      slider.setAttribute("aria-label", parameter.label);
      const label = find(row, "label", HTMLLabelElement);
      label.htmlFor = number.id;
      label.textContent = parameter.unit ? `${parameter.label} (${parameter.unit})` : parameter.label;
      const help = find(row, ".parameter-help", HTMLElement);
      help.id = `${number.id}-help`;
      help.textContent = row.title = parameter.help;
      number.setAttribute("aria-describedby", help.id);
      const show = joinSlider(slider, number, rangeOf(parameter), (value) => {
        this.store.set({
          parameters: { ...parameters, [name]: { ...this.store.state.parameters[name], [parameter.name]: value } },
        });
        show(value);
        this.markChanged();
      });
      show(parameters[name][parameter.name]);
      return row;
    });
    this.fields.replaceChildren(...(rows ?? []));
  }

  /** What is shown no longer fits the map on the screen. */
  markChanged() {
    this.button.classList.replace("btn-outline-primary", "btn-primary");
  }

  /** @param {boolean} waiting */
  setWaiting(waiting) {
    this.button.setAttribute("aria-busy", `${waiting}`);
    find(this.button, ".spinner-border", HTMLElement).hidden = !waiting;
    if (waiting) this.tell("Calculating segments…");
  }

  /** @param {number} count */
  setCount(count) {
    this.button.classList.replace("btn-primary", "btn-outline-primary");
    this.tell(`${count.toLocaleString("en-GB")} segments. Point at one; click or drag to label it.`);
  }

  /**
   * @param {string} sentence
   * @param {boolean} [trouble]
   */
  tell(sentence, trouble = false) {
    this.note.textContent = sentence;
    this.note.classList.toggle("note-trouble", trouble);
  }
}

/**
 * Whole and fine steps both go through the same slider; rounding keeps 0.1 + 0.2 from showing.
 * @param {AlgorithmParameter} parameter
 */
function rangeOf({ step }) {
  return {
    /** @type {(value: number) => [number, string]} */
    show: (value) => [value, `${value}`],
    /** @param {number} position */
    fromSlider: (position) => Number((Math.round(position / step) * step).toFixed(6)),
  };
}
