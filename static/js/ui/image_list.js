// Images picked for upload: taken by drop or picker, put in order, told about. `uploader.js` sends them.

import { caseFromName, decimal, factsFromCsv, nameKey, naturalOrder, stem } from "../core/names.js";
import { droppedFiles } from "./dropped.js";
import { copyOf, counted, find } from "./find.js";
import { Previews } from "./previews.js";
import { makeSortable, updateEnds } from "./sortable.js";

/** @typedef {{ file: File, row: HTMLElement, state: "ready" | "sending" | "sent" | "failed", position: number }} Item */

export class ImageList {
  /**
   * @param {HTMLElement} root [data-uploader]
   * @param {() => void} changed
   */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.list = find(root, "[data-list]", HTMLOListElement);
    this.template = find(root, "[data-row]", HTMLTemplateElement);
    this.note = find(root, "[data-facts-note]", HTMLElement);
    this.previews = new Previews();
    /** @type {Map<Element, Item>} */
    this.byRow = new Map();
    makeSortable(this.list, () => this.update());
    this.#listenToPicking();
    this.#listenToFacts();
    find(root, "[data-sort]", HTMLElement).addEventListener("click", () => this.#sort());
    find(root, "[data-clear]", HTMLElement).addEventListener("click", () => this.#clear());
  }

  /** @returns {Item[]} in the order of the list */
  get items() {
    return [...this.list.children].flatMap((row) => this.byRow.get(row) ?? []);
  }

  /** From now on the order is fixed and nothing is added. */
  lock() {
    this.list.dataset.locked = "true";
    this.root.classList.add("locked");
  }

  /** @param {Item} item */
  remove(item) {
    this.byRow.delete(item.row);
    item.row.remove();
    this.update();
  }

  /**
   * @param {Item} item
   * @param {File} file
   */
  replace(item, file) {
    item.file = file;
    this.#describe(item);
  }

  /**
   * What goes beside the file.
   * @param {Item} item
   */
  facts(item) {
    return {
      case: find(item.row, "[data-case]", HTMLInputElement).value.trim(),
      um_per_px: decimal(find(item.row, "[data-um]", HTMLInputElement).value),
    };
  }

  update() {
    const items = this.items;
    for (const [index, { row }] of items.entries()) {
      find(row, "[data-number]", HTMLElement).textContent = String(index + 1);
    }
    updateEnds(this.list);
    find(this.root, "[data-list-section]", HTMLElement).hidden = items.length === 0;
    find(this.root, "[data-count]", HTMLElement).textContent = counted(items.length, "image");
    this.changed();
  }

  /** @param {File[]} files */
  #add(files) {
    const ordered = [...files].sort((one, other) => naturalOrder(one.name, other.name));
    const rows = document.createDocumentFragment();
    for (const file of ordered) rows.append(this.#item(file).row);
    const first = rows.firstElementChild;
    this.list.append(rows);
    this.update();
    first?.scrollIntoView({ block: "center" });
  }

  /** @param {File} file */
  #item(file) {
    /** @type {Item} */
    const item = { file, row: copyOf(this.template), state: "ready", position: -1 };
    this.byRow.set(item.row, item);
    this.#describe(item);
    return item;
  }

  /** @param {Item} item */
  #describe({ file, row }) {
    find(row, "[data-name]", HTMLElement).textContent = file.name;
    find(row, "[data-state]", HTMLElement).textContent = readableSize(file.size);
    this.previews.show(find(row, "[data-preview]", HTMLCanvasElement), file);
    const labels = { case: "Case of", um: "µm/px of", up: "Move up:", down: "Move down:", remove: "Remove" };
    for (const [part, words] of Object.entries(labels)) {
      find(row, `[data-${part}]`, HTMLElement).setAttribute("aria-label", `${words} ${file.name}`);
    }
  }

  #sort() {
    this.list.append(...this.items.sort((a, b) => naturalOrder(a.file.name, b.file.name)).map((item) => item.row));
    this.update();
  }

  #clear() {
    this.byRow.clear();
    this.list.replaceChildren();
    this.update();
    find(this.root, "[data-pick]", HTMLElement).focus();
  }

  #listenToPicking() {
    const picker = find(this.root, "[data-files]", HTMLInputElement);
    const zone = find(this.root, "[data-dropzone]", HTMLElement);
    const pick = find(this.root, "[data-pick]", HTMLButtonElement);
    pick.addEventListener("click", () => picker.click());
    pick.disabled = false; // until here a click would have done nothing
    picker.addEventListener("change", () => {
      this.#add([...(picker.files ?? [])]);
      picker.value = "";
    });
    // A file that misses the zone must not make the browser leave the page for it.
    const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      zone.classList.toggle("over", event.target instanceof Node && this.root.contains(event.target));
    });
    document.addEventListener("dragleave", () => zone.classList.remove("over"));
    document.addEventListener("drop", async (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      zone.classList.remove("over");
      const inside = event.target instanceof Node && this.root.contains(event.target);
      if (!inside || this.list.dataset.locked || !event.dataTransfer) return;
      this.#add(await droppedFiles(event.dataTransfer));
    });
    // The click that removes a row; later, while uploading, the uploader decides.
    this.list.addEventListener("click", (event) => {
      const row = event.target instanceof Element && event.target.closest("[data-remove]")?.closest("li");
      const item = row && this.byRow.get(row);
      if (!item) return;
      const neighbour = item.row.nextElementSibling ?? item.row.previousElementSibling;
      this.remove(item);
      const next = neighbour?.querySelector("[data-remove]") ?? this.root.querySelector("[data-pick]");
      if (next instanceof HTMLElement) next.focus();
    });
  }

  #listenToFacts() {
    const csv = find(this.root, "[data-csv]", HTMLInputElement);
    csv.addEventListener("change", async () => {
      const file = csv.files?.[0];
      if (file) this.note.textContent = this.#applyCsv(await file.text());
      csv.value = "";
    });
    this.#applies("[data-pattern]", "[data-apply-pattern]", (pattern) => {
      if (!pattern.includes("{case}")) return "Write {case} where the case stands in the name, such as {case}_*.";
      return this.#fill(
        "[data-case]",
        (item) => caseFromName(pattern, item.file.name) ?? caseFromName(pattern, stem(item.file.name)),
      );
    });
    this.#applies("[data-um-all]", "[data-apply-um]", (text) => this.#fill("[data-um]", () => decimal(text)));
  }

  /**
   * @param {string} field
   * @param {string} button
   * @param {(text: string) => string} apply returns what to say about it
   */
  #applies(field, button, apply) {
    const input = find(this.root, field, HTMLInputElement);
    const run = () => {
      this.note.textContent = apply(input.value.trim());
    };
    find(this.root, button, HTMLElement).addEventListener("click", run);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it would submit the form
      run();
    });
  }

  /**
   * @param {string} field
   * @param {(item: Item) => string | null} value null leaves the image as it is
   */
  #fill(field, value) {
    let filled = 0;
    for (const item of this.items) {
      const text = value(item);
      if (text === null) continue;
      find(item.row, field, HTMLInputElement).value = text;
      filled++;
    }
    return `Filled in for ${filled} of ${counted(this.items.length, "image")}.`;
  }

  /** @param {string} text */
  #applyCsv(text) {
    let facts;
    try {
      facts = factsFromCsv(text);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const known = (/** @type {Item} */ { file }) =>
      facts.get(nameKey(file.name)) ?? facts.get(nameKey(stem(file.name)));
    this.#fill("[data-um]", (item) => (known(item)?.umPerPx ? decimal(known(item)?.umPerPx ?? "") : null));
    this.#fill("[data-case]", (item) => known(item)?.case || null);
    const matched = this.items.filter(known).length;
    return `${counted(facts.size, "line")} read, ${counted(matched, "image")} of ${this.items.length} found in it.`;
  }
}

/** @param {number} bytes */
function readableSize(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
