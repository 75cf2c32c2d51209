// The words around the image: how the work is saved, what lies under the pointer, what is being waited for.

import { counted, find } from "./find.js";

/** @import { SaveState } from "../net/saver.js" */

const READOUT_MS = 60;
const OFFLINE = "You can go on: your work is kept in this browser until the server answers.";
export const TAB_ONLY = "This browser keeps no unsaved work: what is not saved yet is in this tab only.";
const SIGNED_OUT = "You are logged out. Your work is kept in this browser; save to log in again.";

/**
 * @param {HTMLElement} root
 * @param {number} head
 * @returns {(state: SaveState, waiting: number) => void}
 */
export function saveStatus(root, head) {
  const place = find(root, "#save-state", HTMLElement);
  const first = head ? "Saved" : "Nothing saved yet";
  return (state, waiting) => {
    const { phase, savedAt, message } = state;
    const saved = savedAt ? `Saved ${savedAt.toLocaleTimeString("en-GB")}` : first;
    const text = phase === "saved" ? saved : wordsFor(state, counted(waiting, "tile"));
    if (place.textContent !== text) place.textContent = text;
    place.title = message;
    place.dataset.phase = phase === "saved" && !savedAt && !head ? "fresh" : phase;
    document.body.dataset.saveState = phase;
  };
}

/**
 * @param {SaveState} state
 * @param {string} tiles
 */
function wordsFor({ phase, status }, tiles) {
  if (phase === "unsaved") return "Unsaved changes";
  if (phase === "saving") return "Saving…";
  if (phase === "waiting") return `${status ? "Server not ready" : "Offline"}: ${tiles} waiting`;
  if (phase === "signed-out") return `Logged out: ${tiles} waiting`;
  return phase === "conflict" ? "Saved elsewhere since" : "Not saved";
}

/**
 * What is said of a state beside the image; "" when there is nothing to say.
 * @param {SaveState} state
 * @param {boolean} tabOnly whether the browser does not keep what is not saved
 */
export function sentenceOf({ phase, message }, tabOnly) {
  if (tabOnly && (phase === "waiting" || phase === "signed-out")) return TAB_ONLY;
  if (phase === "waiting") return OFFLINE;
  if (phase === "signed-out") return SIGNED_OUT;
  return phase === "failed" || phase === "closed" ? message : "";
}

/**
 * Above the image, when the work goes on in another tab.
 * @param {HTMLElement} root
 * @param {() => void} workHere
 */
export function elsewhereBanner(root, workHere) {
  const banner = find(root, "#elsewhere", HTMLElement);
  find(banner, "button", HTMLButtonElement).addEventListener("click", workHere);
  return (/** @type {string} */ sentence) => {
    root.dataset.resting = "true";
    banner.hidden = false;
    find(banner, "span", HTMLElement).textContent = sentence;
  };
}

/** The time of day. @param {number | string} moment */
export function clock(moment) {
  return new Date(moment).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/**
 * Where the pointer is, in words: not at each movement, since nobody reads that fast and it costs as much as painting.
 * @param {HTMLElement} root
 * @param {(value: number) => string} nameOf
 */
export function readout(root, nameOf) {
  const text = document.createTextNode("");
  let latest = "";
  let timer = 0;
  const write = () => {
    timer = 0;
    if (text.data !== latest) text.data = latest;
  };
  find(root, "#position", HTMLElement).replaceChildren(text);
  const zoom = find(root, "#zoom", HTMLElement);
  return {
    /**
     * @param {Point | null} point
     * @param {number} value category under the pointer
     * @param {string} [remark]
     */
    point(point, value, remark) {
      const words = point ? [`${Math.floor(point.x)}, ${Math.floor(point.y)}`, nameOf(value), remark] : [];
      latest = words.filter(Boolean).join(" · ");
      if (!timer) timer = window.setTimeout(write, READOUT_MS);
    },
    /** @param {View} view */
    zoom({ scale, ratio }) {
      const percent = scale * ratio * 100;
      zoom.textContent = `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    },
  };
}

/**
 * A message over the image, until another takes its place; "" for none.
 * @param {HTMLElement} root
 */
export function notice(root) {
  const place = find(root, "#notice", HTMLElement);
  return (/** @type {string} */ sentence) => {
    if (place.textContent !== sentence) place.textContent = sentence;
  };
}

/** The cover over everything while there is nothing to do but wait. */
export class Cover {
  /**
   * @param {HTMLElement} cover
   * @param {HTMLElement} covered
   */
  constructor(cover, covered) {
    this.cover = cover;
    this.covered = covered;
    this.text = find(cover, "#cover-text", HTMLElement);
    this.spinner = find(cover, ".spinner-border", HTMLElement);
    this.way = find(cover, "#cover-way", HTMLElement);
    /** What had the focus before, which is lost under the cover. @type {Element | null} */
    this.focused = null;
  }

  get shown() {
    return !this.cover.hidden;
  }

  /** @param {string} text */
  show(text) {
    if (!this.shown) this.focused = document.activeElement;
    this.text.textContent = text;
    this.spinner.hidden = false;
    this.way.hidden = true;
    this.cover.hidden = false;
    this.covered.inert = true;
  }

  hide() {
    this.cover.hidden = true;
    this.covered.inert = false;
    const lost = document.activeElement === document.body;
    if (lost && this.focused instanceof HTMLElement) this.focused.focus({ preventScroll: true });
    this.focused = null;
  }

  /**
   * What cannot go on by itself, with ways out. Resolves when the person wants to try again.
   * @param {string} sentence
   * @returns {Promise<void>}
   */
  giveUp(sentence) {
    this.show(sentence);
    this.spinner.hidden = true;
    this.way.hidden = false;
    const again = find(this.way, "#try-again", HTMLButtonElement);
    return new Promise((resolve) => again.addEventListener("click", () => resolve(), { once: true }));
  }
}
