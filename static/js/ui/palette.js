// The list of categories: colour, name, key, share of the image, and whether it is shown and protected. The current one
// is what the next stroke paints.

import { IGNORED, IGNORED_COLOR, inkOn } from "../core/palette.js";
import { percentage } from "../core/shares.js";
import { copyOf, find } from "./find.js";

/** @import { Shares } from "../core/shares.js" */
/** @import { Store } from "../work/store.js" */

const KEYED = 18; // 1 … 9, then Shift with 1 … 9
export const IGNORE = { value: IGNORED, name: "Ignore", color: IGNORED_COLOR, retired: false };

/**
 * @param {HTMLElement} root
 * @param {Category[]} categories
 * @param {Store} store
 * @param {(value: number) => void} choose
 * @returns {(shares: Shares) => void} shows how much of the image each has
 */
export function showPalette(root, categories, store, choose) {
  const list = find(root, "#palette", HTMLElement);
  const template = find(list, "template", HTMLTemplateElement);
  const open = categories.filter(({ retired }) => !retired);
  const retired = categories.filter((category) => category.retired).map(({ value }) => value);
  const rows = [...open, IGNORE].map((category, index) => {
    const row = copyOf(template);
    const { value, name, color } = category;
    const button = find(row, ".palette-row", HTMLButtonElement);
    const chip = find(row, ".palette-chip", HTMLElement);
    const share = find(row, ".palette-share", HTMLElement);
    const key = index < KEYED && category !== IGNORE ? (index % 9) + 1 : "";
    chip.style.backgroundColor = color;
    chip.style.color = inkOn(color);
    chip.textContent = `${key}`;
    find(row, ".palette-name", HTMLElement).textContent = name;
    share.id = `share-${value}`;
    button.setAttribute("aria-describedby", share.id);
    button.title =
      category === IGNORE ? "Pixels that count for no category" : key ? `${name} (${keyText(index)})` : name;
    button.addEventListener("click", () => choose(value));
    const shown = find(row, "[data-switch=shown]", HTMLButtonElement);
    shown.ariaLabel = `Show ${name}`;
    shown.addEventListener("click", () => {
      store.set({ hiddenCategories: toggled(store.state.hiddenCategories, value) });
    });
    const lock = find(row, "[data-switch=locked]", HTMLButtonElement);
    lock.ariaLabel = `Lock ${name}`;
    lock.addEventListener("click", () => store.set({ locked: toggled(store.state.locked, value) }));
    list.append(row);
    return { row, button, share, shown, lock, value, name };
  });
  store.watch(({ category, hiddenCategories, locked }) => {
    for (const { row, button, shown, lock, value, name } of rows) {
      const [hides, locks] = [hiddenCategories.includes(value), locked.includes(value)];
      button.setAttribute("aria-pressed", `${value === category}`);
      row.dataset.hidden = `${hides}`;
      shown.ariaChecked = `${!hides}`;
      shown.title = hides ? `Show ${name}` : `Hide ${name}`;
      lock.ariaChecked = `${locks}`;
      lock.title = locks
        ? `Let ${name} be painted over and erased`
        : `Protect ${name}: nothing paints over or erases it`;
    }
  });
  const rest = find(root, "#unlabelled-share", HTMLElement);
  const others = find(root, "#retired-share", HTMLElement);
  return (shares) => {
    for (const { share, value } of rows) show(share, shares.of([value]));
    show(rest, shares.unlabelled);
    show(others, shares.of(retired));
    /** @type {HTMLElement} */ (others.parentElement).hidden = shares.of(retired) === 0;
  };
}

/** @param {number} index */
function keyText(index) {
  return `${index < 9 ? "" : "Shift "}${(index % 9) + 1}`;
}

/**
 * @param {HTMLElement} place
 * @param {number} share
 */
function show(place, share) {
  const text = percentage(share);
  if (place.textContent !== text) place.textContent = text;
}

/**
 * @param {readonly number[]} values
 * @param {number} value
 */
function toggled(values, value) {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value];
}
