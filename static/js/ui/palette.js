// The list of categories: colour, name, key. The current one is what the next stroke paints.

import { inkOn } from "../core/palette.js";
import { copyOf, find } from "./find.js";

/** @import { Store } from "../work/store.js" */

const KEYED = 18; // 1 … 9, then Shift with 1 … 9

/**
 * @param {HTMLElement} list with a `<template>` of a row
 * @param {Category[]} categories that can be painted, in order
 * @param {Store} store
 * @param {(value: number) => void} choose
 */
export function showPalette(list, categories, store, choose) {
  const template = find(list, "template", HTMLTemplateElement);
  const rows = categories.map((category, index) => {
    const row = copyOf(template);
    const button = find(row, "button", HTMLButtonElement);
    const chip = find(row, ".palette-chip", HTMLElement);
    const key = index < KEYED ? (index % 9) + 1 : "";
    chip.style.backgroundColor = category.color;
    chip.style.color = inkOn(category.color);
    chip.textContent = `${key}`;
    find(row, ".palette-name", HTMLElement).textContent = category.name;
    button.title = index < KEYED ? `${category.name} (${index < 9 ? "" : "Shift "}${key})` : category.name;
    button.addEventListener("click", () => choose(category.value));
    list.append(row);
    return { button, value: category.value };
  });
  store.watch(({ category }) => {
    for (const { button, value } of rows) button.setAttribute("aria-pressed", `${value === category}`);
  });
}
