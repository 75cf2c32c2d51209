// The list of categories of a project: add, rename, recolour, reorder; remove those that are new, retire the others.

import { copyOf, find } from "./find.js";
import { makeSortable, updateEnds } from "./sortable.js";

/** @typedef {{ value?: number, name: string, color: string, retired?: boolean }} CategoryRow */

const MAX_CATEGORIES = 254;

export class CategoryList {
  /**
   * @param {HTMLElement} root [data-categories]
   * @param {{ categories: CategoryRow[], colors: string[] }} data
   * @param {() => void} changed
   */
  constructor(root, data, changed = () => {}) {
    this.list = find(root, "[data-list]", HTMLOListElement);
    this.template = find(root, "[data-row]", HTMLTemplateElement);
    this.adder = find(root, "[data-add]", HTMLButtonElement);
    this.colors = data.colors;
    this.changed = changed;
    for (const category of data.categories) this.#append(category);
    this.adder.addEventListener("click", () => this.#add());
    this.list.addEventListener("input", () => this.#update());
    this.list.addEventListener("click", (event) => this.#click(event));
    makeSortable(this.list, () => this.#update());
    updateEnds(this.list);
  }

  /** @returns {CategoryRow[]} in their order */
  get value() {
    return this.#rows().map((row) => ({
      ...(row.dataset.value ? { value: Number(row.dataset.value) } : {}),
      name: find(row, "[data-name]", HTMLInputElement).value,
      color: find(row, "[data-color]", HTMLInputElement).value,
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

  #add() {
    const used = new Set(this.value.map((category) => category.color.toLowerCase()));
    const color = this.colors.find((one) => !used.has(one.toLowerCase())) ?? randomColor();
    const row = this.#append({ name: "", color });
    this.#update();
    find(row, "[data-name]", HTMLInputElement).focus();
  }

  /** @param {CategoryRow} category */
  #append(category) {
    const row = copyOf(this.template);
    const known = category.value !== undefined;
    if (known) row.dataset.value = String(category.value);
    find(row, "[data-value]", HTMLElement).textContent = known ? `value ${category.value}` : "";
    find(row, "[data-name]", HTMLInputElement).value = category.name;
    find(row, "[data-color]", HTMLInputElement).value = category.color.toLowerCase();
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

  /** @param {MouseEvent} event */
  #click(event) {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest("li");
    if (!target || !(row instanceof HTMLElement)) return;
    if (target.closest("[data-remove]")) {
      row.remove();
      this.adder.focus();
      this.#update();
    } else if (target.closest("[data-retire]")) {
      this.#retire(row, !row.classList.contains("retired"));
      this.#update();
    }
  }
}

function randomColor() {
  return `#${Math.floor(Math.random() * 0x1000000)
    .toString(16)
    .padStart(6, "0")}`;
}
