// Sends the picked images, two at a time, each with its place; what fails is retried, replaced or left out.

import { sendFile, submitForm } from "../net/send.js";
import { counted, find } from "./find.js";
import { ImageList } from "./image_list.js";

/** @typedef {import("./image_list.js").Item} Item */

const AT_ONCE = 2;

export class Uploader {
  /**
   * @param {HTMLElement} root [data-uploader]
   * @param {HTMLElement} bar where the upload is talked about: [data-status], [data-overall], the buttons
   * @param {{ changed?: () => void, done: (placed: number) => void }} callbacks
   */
  constructor(root, bar, { changed = () => {}, done }) {
    this.images = new ImageList(root, changed);
    this.bar = bar;
    this.done = done;
    this.urls = { upload: "", place: "" };
    this.active = false; // from the first file until all are placed
    this.running = 0;
    this.retryAll = find(bar, "[data-retry-all]", HTMLButtonElement);
    this.continueButton = find(bar, "[data-continue]", HTMLButtonElement);
    this.retryAll.addEventListener("click", () => this.#retry(this.#those("failed")));
    this.continueButton.addEventListener("click", () => this.#place());
    this.images.list.addEventListener("click", (event) => this.#click(event));
    addEventListener("beforeunload", (event) => {
      if (this.active) event.preventDefault();
    });
  }

  /**
   * @param {{ upload: string, place: string }} urls
   * @param {number} first the position of the first image
   */
  start(urls, first) {
    this.urls = urls;
    this.active = true;
    this.images.lock();
    for (const [index, item] of this.images.items.entries()) {
      item.position = first + index;
      this.#show(item, "ready", "Waiting");
    }
    this.#pump();
  }

  /** @param {Item["state"]} state */
  #those(state) {
    return this.images.items.filter((item) => item.state === state);
  }

  #pump() {
    for (const item of this.#those("ready").slice(0, AT_ONCE - this.running)) this.#send(item);
    this.#report();
  }

  /** @param {Item} item */
  async #send(item) {
    this.running++;
    this.#show(item, "sending", "Uploading");
    const progress = find(item.row, "[data-progress]", HTMLProgressElement);
    const data = new FormData();
    data.set("position", String(item.position));
    data.set("name", item.file.name);
    for (const [name, value] of Object.entries(this.images.facts(item))) data.set(name, value);
    data.set("file", item.file);
    try {
      const answer = await sendFile(this.urls.upload, data, (part) => {
        progress.value = 100 * part;
        if (part === 1) this.#show(item, "sending", "Being read");
      });
      this.#show(item, "sent", ["Uploaded", ...answer.report].join(" · "));
    } catch (error) {
      this.#show(item, "failed", error instanceof Error ? error.message : String(error));
    }
    this.running--;
    this.#pump();
  }

  /**
   * @param {Item} item
   * @param {Item["state"]} state
   * @param {string} words
   */
  #show(item, state, words) {
    item.state = state;
    item.row.dataset.upload = state;
    find(item.row, "[data-state]", HTMLElement).textContent = words;
    find(item.row, "[data-progress]", HTMLElement).hidden = state !== "sending";
    for (const button of ["[data-retry]", "[data-replace]", "[data-remove]"]) {
      find(item.row, button, HTMLElement).hidden = state !== "failed";
    }
    for (const input of item.row.querySelectorAll("input")) input.disabled = state === "sending" || state === "sent";
    if (state === "failed") item.row.scrollIntoView({ block: "nearest" });
  }

  #report() {
    const items = this.images.items;
    const sent = this.#those("sent").length;
    const failed = this.#those("failed").length;
    const busy = this.running > 0;
    const overall = find(this.bar, "[data-overall]", HTMLProgressElement);
    overall.hidden = !busy;
    overall.max = Math.max(1, items.length);
    overall.value = sent + failed;
    this.retryAll.hidden = this.continueButton.hidden = busy || failed === 0;
    this.continueButton.textContent = `Continue without ${failed === 1 ? "it" : counted(failed, "file")}`;
    if (busy) this.#say(`Uploading: ${sent} of ${items.length} done${failed ? `, ${failed} failed` : ""}`);
    else if (failed) this.#say(`${counted(failed, "file")} could not be uploaded, ${sent} could. Nothing is lost.`);
    else this.#place();
  }

  /** @param {string} words */
  #say(words) {
    find(this.bar, "[data-status]", HTMLElement).textContent = words;
  }

  /** @param {Item[]} items */
  #retry(items) {
    for (const item of items) this.#show(item, "ready", "Waiting");
    this.#pump();
  }

  async #place() {
    this.retryAll.hidden = this.continueButton.hidden = true;
    this.#say("Putting the images in order");
    try {
      const { ok, answer } = await submitForm(this.urls.place);
      if (!ok) throw new Error(answer.error);
      this.active = false;
      this.done(answer.placed);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
      this.continueButton.textContent = "Try again";
      this.continueButton.hidden = false;
    }
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest("li");
    const item = row && this.images.byRow.get(row);
    if (this.active && target?.closest("[data-remove]")) this.#report();
    if (!item || !target) return;
    if (target.closest("[data-retry]")) this.#retry([item]);
    if (target.closest("[data-replace]")) this.#pickInstead(item);
  }

  /** @param {Item} item */
  #pickInstead(item) {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.accept = find(this.images.root, "[data-files]", HTMLInputElement).accept;
    picker.addEventListener("change", () => {
      const file = picker.files?.[0];
      if (!file) return;
      this.images.replace(item, file);
      this.#retry([item]);
    });
    picker.click();
  }
}
