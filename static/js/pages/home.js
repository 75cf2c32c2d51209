// The home page: its dialogs speak of the project whose button opened them; a row named in the address opens itself.

import { submitForm } from "../net/send.js";
import { find } from "../ui/find.js";
import { retryThumbnails } from "../ui/thumbnails.js";

/** @type {any} */
const bootstrap = Reflect.get(globalThis, "bootstrap");
retryThumbnails();

for (const dialog of document.querySelectorAll(".modal")) {
  dialog.addEventListener("show.bs.modal", (event) => {
    const opener = Reflect.get(event, "relatedTarget");
    if (opener instanceof HTMLElement && dialog instanceof HTMLElement) fill(dialog, opener.dataset);
  });
}

/**
 * @param {HTMLElement} dialog
 * @param {DOMStringMap} about
 */
function fill(dialog, about) {
  const form = find(dialog, "form", HTMLFormElement);
  if (about.url) form.action = about.url;
  form.dataset.project = about.id ?? "";
  for (const place of dialog.querySelectorAll("[data-name]")) place.textContent = about.name ?? "";
  for (const place of dialog.querySelectorAll("[data-person]")) place.textContent = about.person ?? "";
  const project = form.querySelector('input[name="project"]');
  if (project instanceof HTMLInputElement) project.value = about.id ?? "";
  if (dialog.id === "member-dialog") {
    form.reset();
    showError("");
  }
}

const memberDialog = document.getElementById("member-dialog");
const person = document.getElementById("person");

/** @param {string} sentence */
function showError(sentence) {
  find(document, "#person-error", HTMLElement).textContent = sentence;
  person?.classList.toggle("is-invalid", sentence !== "");
}

memberDialog?.addEventListener("shown.bs.modal", () => person?.focus());
memberDialog?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const button = find(form, "[type=submit]", HTMLButtonElement);
  button.disabled = true;
  try {
    const { ok, answer } = await submitForm(form.action, new FormData(form));
    if (!ok) throw new Error(answer.error);
    location.hash = `project-${form.dataset.project}`;
    location.reload();
  } catch (error) {
    showError(error instanceof Error ? error.message : String(error));
    person?.focus();
    button.disabled = false;
  }
});

// The download starts without leaving the page, so the dialog closes by itself.
document.querySelector("#masks-dialog form")?.addEventListener("submit", () => {
  bootstrap.Modal.getInstance(document.getElementById("masks-dialog"))?.hide();
});

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-place-url]");
  if (!(button instanceof HTMLButtonElement)) return;
  button.disabled = true;
  try {
    const { ok, answer } = await submitForm(button.dataset.placeUrl ?? "");
    if (!ok) throw new Error(answer.error);
    location.reload();
  } catch (error) {
    button.textContent = error instanceof Error ? error.message : String(error);
  }
});

const named = document.querySelector(/^#project-\d+$/.test(location.hash) ? location.hash : "#none");
if (named) {
  bootstrap.Tab.getOrCreateInstance(document.getElementById("tab-created")).show();
  bootstrap.Collapse.getOrCreateInstance(named.querySelector(".collapse")).show();
  named.scrollIntoView({ block: "nearest" });
}
