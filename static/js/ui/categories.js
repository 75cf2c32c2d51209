// The list of categories of a project: add, rename, recolour, reorder; remove those that are new, retire the others.
// Colours that are hard to see or to tell apart are remarked on, with a better one; they may stay all the same.

import { flaws, freeColor } from "../core/guard.js";
import { copyOf, find } from "./find.js";
import { makeSortable, updateEnds } from "./sortable.js";

/** @import { Flaw } from "../core/guard.js" */
/** @typedef {{ value?: number, name: string, color?: string, retired?: boolean }} CategoryRow */

const MAX_CATEGORIES = 254;

export class CategoryList {
  /**
   * @param {HTMLElement} root [data-categories]
   * @param {{ categories: CategoryRow[] }} data
   * @param {() => void} changed
   */
  constructor(root, data, changed = () => {}) {
    this.list = find(root, "[data-list]", HTMLOListElement);
    this.template = find(root, "[data-row]", HTMLTemplateElement);
    this.adder = find(root, "[data-add]", HTMLButtonElement);
    this.changed = changed;
    /** The row whose colour was changed last, to which a remark on two alike belongs. @type {HTMLElement | null} */
    this.recoloured = null;
    for (const category of data.categories) this.#append(category);
    this.adder.addEventListener("click", () => this.#add());
    this.list.addEventListener("input", () => this.#update());
    this.list.addEventListener("change", (event) => this.#change(event));
    this.list.addEventListener("click", (event) => this.#click(event));
    makeSortable(this.list, () => this.#rearranged());
    updateEnds(this.list);
    this.#remark();
  }

  /** @returns {CategoryRow[]} in their order */
  get value() {
    return this.#rows().map((row) => ({
      ...(row.dataset.value ? { value: Number(row.dataset.value) } : {}),
      name: nameOf(row),
      color: colorOf(row),
      retired: row.classList.contains("retired"),
    }));
  }

  /** @param {Record<string, string>} errors those of rows are named `categories.<index>` */
  showErrors(errors) {
    for (const [index, row] of this.#rows().entries()) {
      const sentence = errors[`categories.${index}`] ?? "";
      find(row, "[data-row-error]", HTMLElement).textContent = sentence;
      find(row, "[data-name]", HTMLElement).classList.toggle("is-invalid", sentence !== "");
    }
  }

  #rows() {
    return /** @type {HTMLElement[]} */ ([...this.list.children]);
  }

  #update() {
    updateEnds(this.list);
    for (const row of this.#rows()) this.#name(row);
    this.adder.disabled = this.list.children.length >= MAX_CATEGORIES;
    this.changed();
  }

  #rearranged() {
    this.#update();
    this.#remark();
  }

  #add() {
    const row = this.#append({ name: "" });
    this.#rearranged();
    find(row, "[data-name]", HTMLInputElement).focus();
  }

  /** @param {CategoryRow} category */
  #append(category) {
    const color = category.color ?? freeColor(this.#rows().map(colorOf)) ?? randomColor();
    const row = copyOf(this.template);
    const known = category.value !== undefined;
    if (known) row.dataset.value = String(category.value);
    find(row, "[data-value]", HTMLElement).textContent = known ? `value ${category.value}` : "";
    find(row, "[data-name]", HTMLInputElement).value = category.name;
    find(row, "[data-color]", HTMLInputElement).value = color.toLowerCase();
    find(row, "[data-remove]", HTMLElement).hidden = known;
    find(row, "[data-retire]", HTMLElement).hidden = !known;
    this.list.append(row);
    this.#retire(row, Boolean(category.retired));
    this.#name(row);
    return row;
  }

  /**
   * Says in words, for those who do not see the row, what each control is about.
   * @param {HTMLElement} row
   */
  #name(row) {
    const name = find(row, "[data-name]", HTMLInputElement).value || "the new category";
    find(row, "[data-name]", HTMLElement).setAttribute("aria-label", `Name of ${name}`);
    find(row, "[data-color]", HTMLElement).setAttribute("aria-label", `Colour of ${name}`);
    for (const [part, verb] of [
      ["up", "Move up"],
      ["down", "Move down"],
      ["remove", "Remove"],
    ]) {
      find(row, `[data-${part}]`, HTMLElement).setAttribute("aria-label", `${verb}: ${name}`);
    }
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} retired
   */
  #retire(row, retired) {
    row.classList.toggle("retired", retired);
    const value = find(row, "[data-value]", HTMLElement);
    if (row.dataset.value) value.textContent = `value ${row.dataset.value}${retired ? ", retired" : ""}`;
    find(row, "[data-retire]", HTMLElement).textContent = retired ? "Use again" : "Retire";
  }

  /** Says under each row what is wrong with its colour. */
  #remark() {
    const offered = this.#rows().filter((row) => !row.classList.contains("retired"));
    const judged = offered.filter((row) => row !== this.recoloured);
    if (this.recoloured && judged.length < offered.length) judged.push(this.recoloured);
    const found = flaws(judged.map(colorOf));
    const better = found.some(Boolean) ? freeColor(this.#rows().map(colorOf)) : null;
    for (const row of this.#rows()) {
      const flaw = found[judged.indexOf(row)] ?? null;
      find(row, "[data-remark]", HTMLElement).hidden = !flaw;
      find(row, "[data-remark-text]", HTMLElement).textContent = flaw
        ? sentence(flaw, flaw.other < 0 ? "ignored pixels" : nameOf(judged[flaw.other]) || "a new category")
        : "";
      const use = find(row, "[data-use]", HTMLButtonElement);
      use.hidden = !better;
      use.value = better ?? "";
      find(use, "[data-chip]", HTMLElement).style.background = better ?? "";
      find(use, "[data-use-text]", HTMLElement).textContent = `Use ${better?.toUpperCase()} instead`;
    }
  }

  /** @param {Event} event */
  #change(event) {
    if (!(event.target instanceof HTMLInputElement)) return;
    if ("color" in event.target.dataset) this.recoloured = event.target.closest("li");
    this.#remark();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest("li");
    if (!target || !(row instanceof HTMLElement)) return;
    const use = target.closest("[data-use]");
    if (use instanceof HTMLButtonElement) {
      const field = find(row, "[data-color]", HTMLInputElement);
      field.value = use.value;
      field.focus(); // the button goes
    } else if (target.closest("[data-remove]")) {
      row.remove();
      this.adder.focus();
    } else if (target.closest("[data-retire]")) {
      this.#retire(row, !row.classList.contains("retired"));
    } else return;
    this.#rearranged();
  }
}

/** @param {HTMLElement} row */
function nameOf(row) {
  return find(row, "[data-name]", HTMLInputElement).value;
}

/** @param {HTMLElement} row */
function colorOf(row) {
  return find(row, "[data-color]", HTMLInputElement).value;
}

/** @param {Flaw} flaw @param {string} other */
function sentence({ kind }, other) {
  return {
    stain: "Hard to see on H&E, which has nearly this colour.",
    alike: `Hard to tell from ${other}.`,
    colourblind: `Hard to tell from ${other} with red–green colour blindness.`,
    brown: "Hard to see on the brown of DAB, where that stain is used.",
  }[kind];
}

function randomColor() {
  return `#${Math.floor(Math.random() * 0x1000000)
    .toString(16)
    .padStart(6, "0")}`;
}
