// The page of a new project: first the project is created, then its images follow, then they are placed.

import { submitJson } from "../net/send.js";
import { CategoryList } from "../ui/categories.js";
import { find, pageData, showErrors } from "../ui/find.js";
import { Uploader } from "../ui/uploader.js";

const form = find(document, "#project-form", HTMLFormElement);
const bar = find(form, ".action-bar", HTMLElement);
const submit = find(bar, "[data-submit]", HTMLButtonElement);
const status = find(bar, "[data-status]", HTMLElement);
const categories = new CategoryList(find(form, "[data-categories]", HTMLElement), pageData("project-data"));
/** @type {number | null} */
let created = null; // from then on only images can fail, and nothing is created twice

const uploader = new Uploader(find(form, "[data-uploader]", HTMLElement), bar, { done: leave });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (created !== null || submit.disabled) return;
  submit.disabled = true;
  show({});
  try {
    const { ok, answer } = await submitJson(form.action, {
      name: find(form, "#name", HTMLInputElement).value,
      protocol: find(form, "#protocol", HTMLSelectElement).value,
      description: find(form, "#description", HTMLTextAreaElement).value,
      instructions: find(form, "#instructions", HTMLTextAreaElement).value,
      categories: categories.value,
    });
    if (ok) upload(answer);
    else show(answer.errors ?? { form: answer.error });
  } catch (error) {
    show({ form: error instanceof Error ? error.message : String(error) });
  }
  submit.disabled = false;
});

/** @param {Record<string, string>} errors */
function show(errors) {
  categories.showErrors(errors);
  showErrors(form, errors);
}

/** @param {{ id: number, upload_url: string, place_url: string }} project */
function upload(project) {
  created = project.id;
  for (const part of form.querySelectorAll("[data-lockable]")) part.setAttribute("disabled", "");
  find(bar, "[data-cancel]", HTMLElement).hidden = true;
  submit.hidden = true;
  if (uploader.images.items.length === 0) return leave();
  status.textContent = "Uploading";
  find(form, "[data-uploader]", HTMLElement).scrollIntoView({ block: "start" });
  uploader.start({ upload: project.upload_url, place: project.place_url }, 0);
}

submit.disabled = false; // before, the browser would have sent the form by itself

function leave() {
  location.assign(`${form.dataset.home}#project-${created}`);
}
