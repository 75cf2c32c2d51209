// The creator's page of a project: texts, categories and facts about images are saved together; images are added apart.

import { decimal } from "../core/names.js";
import { submitJson } from "../net/send.js";
import { CategoryList } from "../ui/categories.js";
import { counted, find, pageData, showErrors } from "../ui/find.js";
import { retryThumbnails } from "../ui/thumbnails.js";
import { Uploader } from "../ui/uploader.js";

const form = find(document, "#project-form", HTMLFormElement);
const data = pageData("project-data");
const bar = form.querySelector("[data-save-bar]");
const categories = new CategoryList(find(form, "[data-categories]", HTMLElement), data, update);
const rows = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-image]")]).filter((row) =>
  row.querySelector("[data-case]"),
);

/** @param {HTMLElement} row */
function factsOf(row) {
  return {
    id: Number(row.dataset.image),
    case: find(row, "[data-case]", HTMLInputElement).value.trim(),
    um_per_px: decimal(find(row, "[data-um]", HTMLInputElement).value),
  };
}

function texts() {
  return {
    name: find(form, "#name", HTMLInputElement).value,
    protocol: find(form, "#protocol", HTMLSelectElement).value,
    description: find(form, "#description", HTMLTextAreaElement).value,
    instructions: find(form, "#instructions", HTMLTextAreaElement).value,
  };
}

function rules() {
  return {
    label_every_pixel: find(form, "#label-every-pixel", HTMLInputElement).checked,
    smallest_region: decimal(find(form, "#smallest-region", HTMLInputElement).value),
    smallest_region_unit: find(form, "#smallest-region-unit", HTMLSelectElement).value,
  };
}

const state = () => JSON.stringify([texts(), rules(), categories.value]);
const asOpened = state();
const factsAsOpened = new Map(rows.map((row) => [row, JSON.stringify(factsOf(row))]));
let leaving = false;
retryThumbnails();

function changedRows() {
  return rows.filter((row) => JSON.stringify(factsOf(row)) !== factsAsOpened.get(row));
}

function isChanged() {
  return state() !== asOpened || changedRows().length > 0;
}

function update() {
  if (bar instanceof HTMLElement) bar.hidden = !isChanged();
}

form.addEventListener("input", update);
addEventListener("beforeunload", (event) => {
  if (!leaving && isChanged()) event.preventDefault();
});

form.querySelector("[data-discard]")?.addEventListener("click", reload);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isChanged()) return;
  const submit = find(form, "[data-submit]", HTMLButtonElement);
  const sent = changedRows();
  submit.disabled = true;
  show({}, sent);
  try {
    const { ok, answer } = await submitJson(form.action, {
      ...texts(),
      rules: rules(),
      categories: categories.value,
      images: sent.map(factsOf),
      fingerprint: data.fingerprint,
    });
    if (ok) return reload();
    show(answer.errors ?? { form: answer.error }, sent);
  } catch (error) {
    show({ form: error instanceof Error ? error.message : String(error) }, sent);
  }
  submit.disabled = false;
});

/**
 * @param {Record<string, string>} errors
 * @param {HTMLElement[]} sent the rows of images that `images.<index>` speaks of
 */
function show(errors, sent) {
  categories.showErrors(errors);
  for (const [index, row] of sent.entries()) {
    const sentence = errors[`images.${index}`] ?? "";
    const place = find(row, "[data-row-error]", HTMLElement);
    place.textContent = sentence;
    place.classList.toggle("d-block", sentence !== "");
  }
  showErrors(form, errors);
}

function reload() {
  leaving = true;
  location.reload();
}

const section = document.getElementById("add-images");
if (section) {
  const uploadBar = find(section, "[data-upload-bar]", HTMLElement);
  const send = find(uploadBar, "[data-submit]", HTMLButtonElement);
  const uploader = new Uploader(find(section, "[data-uploader]", HTMLElement), uploadBar, { changed, done: reload });
  function changed() {
    const count = uploader.images.items.length;
    uploadBar.hidden = count === 0 && !uploader.active;
    send.textContent = `Upload ${counted(count, "image")}`;
  }
  send.addEventListener("click", () => {
    send.hidden = true;
    const { uploadUrl = "", placeUrl = "", firstPosition } = section.dataset;
    uploader.start({ upload: uploadUrl, place: placeUrl }, Number(firstPosition));
  });
}
