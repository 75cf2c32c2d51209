// What came of the calculation: how many segments are shown, coarser or finer, and what is being waited for.

import { find } from "./find.js";

/** @import { LoadState } from "../work/regions.js" */
/** @import { Superpixels } from "../work/superpixels.js" */

const HINT = "Click or drag to label. Under the pointer, Alt + wheel goes coarser or finer, R opens or divides.";
const NOT_YET = "Not calculated yet: the segments shown are those of the settings before.";

export class GranularityPanel {
  /**
   * @param {HTMLElement} root
   * @param {(level: number) => void} setLevel
   */
  constructor(root, setLevel) {
    this.box = find(root, "#granularity", HTMLElement);
    this.slider = find(root, "#granularity-slider", HTMLInputElement);
    this.count = find(root, "#granularity-count", HTMLOutputElement);
    this.note = find(root, "#segments-note", HTMLElement);
    this.again = find(root, "#segments-again", HTMLElement);
    /** @type {Superpixels["mosaic"]["levels"] | null} */
    this.levels = null;
    // To the right is finer.
    this.slider.addEventListener("input", () => {
      if (this.levels) setLevel(this.levels.levelAtPosition(1 - this.slider.valueAsNumber));
    });
  }

  /** @param {Superpixels} superpixels */
  show({ mosaic, shown, level }) {
    this.levels = mosaic.levels;
    this.box.hidden = !mosaic.maps.length;
    if (!mosaic.maps.length) return;
    const text = `${shown.count.toLocaleString("en-GB")} segment${shown.count === 1 ? "" : "s"}`;
    this.count.value = text;
    this.slider.setAttribute("aria-valuetext", text);
    // While it is being moved it stays where the hand put it.
    const position = 1 - this.levels.position(level);
    const there = this.levels.levelAtPosition(1 - this.slider.valueAsNumber) === level;
    if (!there) this.slider.value = `${position}`;
  }

  /**
   * @param {LoadState} state
   * @param {boolean} any whether there are segments to point at
   * @param {boolean} current whether they are those of the settings
   */
  showLoading(state, any, current) {
    this.again.hidden = state.phase !== "failed";
    if (state.phase === "busy") this.tell(`The server is busy; trying again in ${state.seconds} s…`);
    else if (state.phase === "failed") this.tell(state.message, true);
    else if (state.phase === "loading") this.tell("Calculating segments…");
    else if (any) this.tell(current ? HINT : NOT_YET);
    else this.tell("");
  }

  /**
   * @param {string} sentence
   * @param {boolean} [trouble]
   */
  tell(sentence, trouble = false) {
    if (this.note.textContent !== sentence) this.note.textContent = sentence;
    this.note.classList.toggle("note-trouble", trouble);
  }
}
