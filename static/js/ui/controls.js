// Sliders with a number beside them, and the view's switches.

import { find } from "./find.js";

/** @import { Store } from "../work/store.js" */

/**
 * Keeps a slider, a number field and a value together.
 * @param {HTMLInputElement} slider
 * @param {HTMLInputElement | HTMLOutputElement} number
 * @param {{ show(value: number): [slider: number, number: string], fromSlider(position: number): number }} scale
 * @param {(value: number) => void} change
 * @returns {(value: number) => void} shows a value
 */
export function joinSlider(slider, number, scale, change) {
  slider.addEventListener("input", () => change(scale.fromSlider(slider.valueAsNumber)));
  number.addEventListener("change", () => {
    if (!(number instanceof HTMLInputElement)) return;
    const value = Math.min(Math.max(number.valueAsNumber, Number(number.min)), Number(number.max));
    change(Number.isFinite(value) ? value : scale.fromSlider(slider.valueAsNumber));
  });
  return (value) => {
    const [position, text] = scale.show(value);
    slider.value = `${position}`;
    slider.setAttribute("aria-valuetext", text);
    number.value = text;
  };
}

const percent = {
  /** @type {(part: number) => [number, string]} */
  show: (part) => [Math.round(part * 100), `${Math.round(part * 100)} %`],
  /** @param {number} position */
  fromSlider: (position) => position / 100,
};

/** Switches whose id is the name of what they set. */
const SWITCHES = /** @type {const} */ (["outlines", "warn", "borders", "overview", "pen"]);

/**
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function showControls(root, store) {
  // A number that is entered is finished: the next key is a category again, not one more digit.
  root.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.type !== "number") return;
    if (event.key === "Enter" || event.key === "Escape")
      find(root, "#stage", HTMLElement).focus({ preventScroll: true });
  });
  const showOpacity = joinSlider(
    find(root, "#opacity", HTMLInputElement),
    find(root, "#opacity-value", HTMLOutputElement),
    percent,
    (opacity) => store.set({ opacity }),
  );
  const showBrightness = joinSlider(
    find(root, "#brightness", HTMLInputElement),
    find(root, "#brightness-value", HTMLOutputElement),
    percent,
    (brightness) => store.set({ brightness }),
  );
  const showContrast = joinSlider(
    find(root, "#contrast", HTMLInputElement),
    find(root, "#contrast-value", HTMLOutputElement),
    percent,
    (contrast) => store.set({ contrast }),
  );
  const visible = find(root, "#labels-visible", HTMLInputElement);
  visible.addEventListener("change", () => store.set({ hidden: !visible.checked }));
  const switches = SWITCHES.map((name) => {
    const input = find(root, `#${name}`, HTMLInputElement);
    input.addEventListener("change", () => store.set({ [name]: input.checked }));
    return { name, input };
  });
  store.watch((state) => {
    showOpacity(state.opacity);
    showBrightness(state.brightness);
    showContrast(state.contrast);
    visible.checked = !state.hidden;
    for (const { name, input } of switches) input.checked = state[name];
  });
}

/**
 * Runs the command that a button names.
 * @param {HTMLElement} root
 * @param {(command: string) => void} run
 */
export function listenToButtons(root, run) {
  root.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-command]");
    if (!button) return;
    // After a click the keyboard belongs to the image again; someone who works with keys stays on the button.
    if (event.detail > 0 && button instanceof HTMLElement) button.blur();
    run(button.getAttribute("data-command") ?? "");
  });
}
