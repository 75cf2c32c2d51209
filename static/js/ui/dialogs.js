// The dialogs of the editor. Each is a `<dialog>` of the template; Esc closes it.

import { KEYS } from "../input/keys.js";
import { find } from "./find.js";

/**
 * @param {ParentNode} root
 * @param {string} id
 */
export function dialog(root, id) {
  return find(root, `#${id}`, HTMLDialogElement);
}

/**
 * Opens a dialog and waits for the value of the button that closes it; "" for Esc.
 * @param {HTMLDialogElement} element
 * @returns {Promise<string>}
 */
export function ask(element) {
  element.returnValue = "";
  element.showModal();
  return new Promise((resolve) => {
    element.addEventListener("close", () => resolve(element.returnValue), { once: true });
  });
}

/**
 * Renders the table of keys into the help.
 * @param {HTMLElement} place
 */
export function showKeys(place) {
  for (const [group, keys] of Map.groupBy(KEYS, (key) => key.group)) {
    const section = document.createElement("section");
    const heading = document.createElement("h3");
    heading.textContent = group;
    const list = document.createElement("dl");
    for (const key of keys) {
      const term = document.createElement("dt");
      for (const name of key.show) {
        const cap = document.createElement(name === "…" ? "span" : "kbd");
        cap.textContent = name;
        term.append(cap);
      }
      const description = document.createElement("dd");
      description.textContent = key.label;
      list.append(term, description);
    }
    section.append(heading, list);
    place.append(section);
  }
}

/**
 * The form that sets an image aside.
 * @param {HTMLDialogElement} element
 * @param {(form: FormData) => Promise<void>} send throws an error whose message is a sentence
 */
export function listenToCannotLabel(element, send) {
  const form = find(element, "form", HTMLFormElement);
  const trouble = find(element, ".dialog-trouble", HTMLElement);
  const button = find(form, "[type=submit]", HTMLButtonElement);
  const comment = find(form, "textarea", HTMLTextAreaElement);
  form.addEventListener("change", () => {
    comment.required = new FormData(form).get("reason") === "other";
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    trouble.textContent = "";
    try {
      await send(new FormData(form));
    } catch (error) {
      trouble.textContent = error instanceof Error ? error.message : String(error);
    }
    button.disabled = false;
  });
}
