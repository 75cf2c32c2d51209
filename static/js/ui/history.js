// The strip of revisions: when, what changed, how it looked. Autosaves between two checkpoints are folded away.

import { lookupTable } from "../core/palette.js";
import { decodeGrey } from "../core/png.js";
import { request } from "../net/api.js";
import { copyOf, counted, find } from "./find.js";

/** @import { Saver } from "../net/saver.js" */
/** @import { Past, Revision } from "../work/past.js" */

const PAGE = 100; // as many as the server lists at once
const KINDS = {
  autosave: "Autosave",
  checkpoint: "Checkpoint",
  ground_truth: "Ground truth",
  correction: "Correction",
  restore: "Restored",
  import: "Import",
};
const CHIPS = 3;

export class Strip {
  /**
   * @param {HTMLElement} aside
   * @param {object} parts
   * @param {EditorConfig} parts.config
   * @param {Past} parts.past
   * @param {Saver} parts.saver
   * @param {(revision: Revision) => unknown} parts.look
   * @param {(what: () => Promise<unknown>) => Promise<unknown>} parts.attempt says what went wrong
   */
  constructor(aside, { config, past, saver, look, attempt }) {
    this.aside = aside;
    this.past = past;
    this.look = look;
    this.categories = config.categories;
    this.list = find(aside, "#revisions", HTMLOListElement);
    this.older = find(aside, "#older-revisions", HTMLButtonElement);
    this.row = find(aside, "#revision-template", HTMLTemplateElement);
    this.fold = find(aside, "#autosaves-template", HTMLTemplateElement);
    this.previews = new Previews(config);
    /** Newest first. @type {Revision[]} */
    this.revisions = [];
    this.complete = false;
    /** Folds that were opened, by the oldest revision in them. @type {Set<number>} */
    this.opened = new Set();
    /** @type {number | undefined} */
    this.marked = undefined;
    this.older.addEventListener("click", async () => {
      this.older.disabled = true;
      await attempt(() => this.showOlder());
      this.older.disabled = false;
    });
    let head = saver.head;
    saver.addEventListener("change", () => {
      if (saver.head === head) return;
      head = saver.head;
      // What is not listed now is at the next save.
      if (!aside.hidden) this.open().catch(() => {});
    });
  }

  /** Lists what is new since the last time. */
  async open() {
    const page = await this.past.list();
    const newest = this.revisions[0]?.number ?? 0;
    if (page.some(({ number }) => number <= newest)) {
      this.revisions = [...page.filter(({ number }) => number > newest), ...this.revisions];
    } else {
      // Between what is listed and what is new there may be more: the list begins afresh.
      this.revisions = page;
      this.complete = page.length < PAGE;
    }
    this.render();
  }

  async showOlder() {
    const page = await this.past.list(this.revisions.at(-1)?.number);
    this.revisions.push(...page);
    this.complete = page.length < PAGE;
    this.render();
  }

  /** Shows which revision is looked at. @param {number} [number] */
  mark(number) {
    this.marked = number;
    for (const button of this.list.querySelectorAll("[data-revision]")) {
      button.setAttribute("aria-pressed", `${button.getAttribute("data-revision") === `${number}`}`);
    }
  }

  render() {
    const focused = document.activeElement?.getAttribute("data-revision");
    find(this.aside, "#no-revisions", HTMLElement).hidden = this.revisions.length > 0;
    this.older.hidden = this.complete;
    this.list.replaceChildren(
      ...grouped(this.revisions).map((group) => (group.length > 1 ? this.foldOf(group) : this.rowOf(group[0]))),
    );
    this.mark(this.marked);
    if (focused) this.list.querySelector(`[data-revision="${focused}"]`)?.closest("button")?.focus();
  }

  /** @param {Revision[]} autosaves */
  foldOf(autosaves) {
    const item = copyOf(this.fold);
    const details = find(item, "details", HTMLDetailsElement);
    const oldest = autosaves[autosaves.length - 1];
    const times = [oldest, autosaves[0]].map(({ saved_at }) => timeOf(saved_at).slice(0, -3));
    find(item, "summary", HTMLElement).textContent = `${autosaves.length} autosaves, ${times.join(" – ")}`;
    const fill = () => {
      if (!details.open) return;
      find(item, "ol", HTMLOListElement).replaceChildren(...autosaves.map((each) => this.rowOf(each)));
      this.mark(this.marked);
    };
    details.addEventListener("toggle", () => {
      if (details.open) this.opened.add(oldest.number);
      else this.opened.delete(oldest.number);
      fill();
    });
    details.open = this.opened.has(oldest.number);
    fill();
    return item;
  }

  /** @param {Revision} revision */
  rowOf(revision) {
    const item = copyOf(this.row);
    const button = find(item, "button", HTMLButtonElement);
    button.dataset.revision = `${revision.number}`;
    button.title = `Look at revision ${revision.number}`;
    button.addEventListener("click", () => this.look(revision));
    const time = find(item, "time", HTMLTimeElement);
    time.dateTime = revision.saved_at;
    time.textContent = timeOf(revision.saved_at);
    const kind = KINDS[/** @type {keyof typeof KINDS} */ (revision.kind)];
    const by = revision.author === this.aside.dataset.username ? "" : ` by ${revision.author}`;
    const source = revision.kind === "restore" ? this.sourceOf(revision) : "";
    find(item, ".revision-kind", HTMLElement).textContent = `${kind}${source}${by}`;
    find(item, ".revision-facts", HTMLElement).textContent = factsOf(revision);
    find(item, ".revision-chips", HTMLElement).append(...this.chipsOf(revision));
    find(item, ".revision-preview", HTMLElement).append(this.previews.canvasOf(revision.number));
    return item;
  }

  /** @param {Revision} revision */
  sourceOf({ sources }) {
    const source = this.revisions.find(({ number }) => number === sources[0]?.revision);
    return source ? `: ${timeOf(source.saved_at)}` : "";
  }

  /** What was painted most, in its colours. @param {Revision} revision */
  chipsOf({ activity }) {
    const pixels = new Map();
    for (const each of activity.painted ?? []) {
      pixels.set(each.category, (pixels.get(each.category) ?? 0) + each.pixels);
    }
    return [...pixels]
      .sort(([, one], [, other]) => other - one)
      .slice(0, CHIPS)
      .map(([value, number]) => {
        const chip = document.createElement("span");
        const category = this.categories.find((each) => each.value === value);
        chip.className = "revision-chip";
        chip.style.setProperty("--chip-color", category?.color ?? (value ? "#808080" : "transparent"));
        const name = category?.name ?? (value ? "ignored" : "erased");
        chip.title = `${name}: ${number.toLocaleString("en-GB")} px`;
        chip.textContent = `${compact.format(number)} px`;
        const hidden = document.createElement("span");
        hidden.className = "visually-hidden";
        hidden.textContent = ` ${name}`;
        chip.append(hidden);
        return chip;
      });
  }
}

const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });

/**
 * Runs of autosaves are one group each; the newest revision always stands alone.
 * @param {Revision[]} revisions
 * @returns {Revision[][]}
 */
export function grouped(revisions) {
  /** @type {Revision[][]} */
  const groups = [];
  for (const revision of revisions) {
    const last = groups.at(-1);
    const joins = groups.length > 1 && revision.kind === "autosave" && last?.[0].kind === "autosave";
    if (joins) last?.push(revision);
    else groups.push([revision]);
  }
  return groups;
}

/** @param {Revision} revision */
export function factsOf({ activity, tiles_changed: tiles }) {
  const strokes = (activity.painted ?? []).reduce((sum, each) => sum + each.strokes, 0);
  const seconds = Math.round((activity.active_ms ?? 0) / 1000);
  const time = seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  const facts = [
    strokes && counted(strokes, "stroke"),
    activity.undone && `${activity.undone} undone`,
    activity.redone && `${activity.redone} redone`,
    seconds && `${time} of work`,
  ].filter(Boolean);
  // Lines break between facts only.
  if (facts.length) return facts.map((fact) => `${fact}`.replaceAll(" ", "\u00a0")).join(" · ");
  return tiles ? `${counted(tiles, "tile")} changed` : "Nothing changed";
}

/** @param {string} moment */
function timeOf(moment) {
  const time = new Date(moment);
  if (time.toDateString() === new Date().toDateString()) return time.toLocaleTimeString("en-GB");
  const day = time.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return `${day}, ${time.toLocaleTimeString("en-GB")}`;
}

/** Small pictures of revisions, made one after the other and only of those in sight. */
class Previews {
  /** @param {EditorConfig} config */
  constructor({ urls, categories }) {
    this.urls = urls;
    this.colors = lookupTable(categories);
    /** @type {Map<number, HTMLCanvasElement>} */
    this.canvases = new Map();
    /** @type {Set<HTMLCanvasElement>} */
    this.wanted = new Set();
    this.working = false;
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const canvas = /** @type {HTMLCanvasElement} */ (target);
        if (isIntersecting) this.wanted.add(canvas);
        else this.wanted.delete(canvas);
      }
      this.work();
    });
  }

  /** @param {number} number */
  canvasOf(number) {
    const known = this.canvases.get(number);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.dataset.preview = `${number}`;
    canvas.width = canvas.height = 1;
    this.canvases.set(number, canvas);
    this.observer.observe(canvas);
    return canvas;
  }

  async work() {
    if (this.working) return;
    this.working = true;
    for (const canvas of this.wanted) {
      this.wanted.delete(canvas);
      this.observer.unobserve(canvas);
      // Without its picture a revision can be looked at all the same.
      await this.draw(canvas).catch(() => {});
    }
    this.working = false;
  }

  /** @param {HTMLCanvasElement} canvas */
  async draw(canvas) {
    const response = await request(`${this.urls.save}${canvas.dataset.preview}/preview.png`);
    const { width, height, pixels } = await decodeGrey(new Uint8Array(await response.arrayBuffer()));
    const picture = new ImageData(width, height);
    new Uint32Array(picture.data.buffer).set(Uint32Array.from(pixels, (value) => this.colors[value]));
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.putImageData(picture, 0, 0);
  }
}
