// The panel of a project's page that says which superpixels people start with.

import { submitJson } from "../net/send.js";
import { find } from "../ui/find.js";

const form = find(document, "#superpixel-default", HTMLFormElement);
const algorithm = find(form, "#superpixel-algorithm", HTMLSelectElement);
const panels = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-parameters]")]);
const submit = form.querySelector("button");

function parameters() {
  const prefix = `${algorithm.value}-`;
  const fields = [...new FormData(form)].filter(([name, value]) => name.startsWith(prefix) && value !== "");
  return Object.fromEntries(fields.map(([name, value]) => [name.slice(prefix.length), value]));
}

function chosen() {
  return { algorithm: algorithm.value, parameters: parameters() };
}

let saved = JSON.stringify(chosen());

/**
 * @param {string} status
 * @param {string} [error]
 */
function say(status, error = "") {
  find(form, "[data-status]", HTMLElement).textContent = status;
  find(form, "[data-error]", HTMLElement).textContent = error;
}

form.addEventListener("input", () => {
  for (const panel of panels) panel.hidden = panel.dataset.parameters !== algorithm.value;
  if (!submit) return;
  submit.disabled = JSON.stringify(chosen()) === saved;
  say("");
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!submit) return;
  const sent = chosen();
  submit.disabled = true;
  say("");
  try {
    const { ok, answer } = await submitJson(form.action, sent);
    if (ok) saved = JSON.stringify(sent);
    say(ok ? "Saved. Images opened from now on start with it." : "", answer.error);
  } catch (error) {
    say("", error instanceof Error ? error.message : String(error));
  }
  submit.disabled = JSON.stringify(chosen()) === saved;
});
