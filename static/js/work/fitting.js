// The fit meter: what was painted teaches which setting would have followed it best, asked of the server at rest.

import { fitOfShown, isWorthwhile, labelsOf, WINDOW, windowToLearnFrom } from "../core/fit.js";
import { encodeGrey } from "../core/png.js";

/** @import { Fit } from "../core/fit.js" */
/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Superpixels } from "./superpixels.js" */

const REST_MS = 4000;
const SELDOM_MS = 60_000;

/** @typedef {{ fit: Fit | null, present: number | null }} Advice `fit` null when the present setting is the one */

export class FitMeter {
  /**
   * @param {object} options
   * @param {LabelMap} options.map
   * @param {Superpixels} options.superpixels
   * @param {(form: FormData, background: boolean) => Promise<{ settings: Fit[], best: number }>} options.send
   * @param {(advice: Advice) => void} options.advise
   * @param {() => boolean} options.wanted whether advice is of any use at present
   */
  constructor({ map, superpixels, send, advise, wanted }) {
    this.map = map;
    this.superpixels = superpixels;
    this.send = send;
    this.advise = advise;
    this.wanted = wanted;
    this.timer = 0;
    this.last = -SELDOM_MS;
    this.running = false;
  }

  /** Something was painted: asks when the hand has rested, and not too often. */
  touched() {
    clearTimeout(this.timer);
    const wait = Math.max(REST_MS, this.last + SELDOM_MS - performance.now());
    this.timer = window.setTimeout(() => this.askByItself(), wait);
  }

  async askByItself() {
    if (!this.wanted() || this.map.stroke || this.running || !windowToLearnFrom(this.map)) return;
    try {
      const advice = await this.ask({ background: true });
      if (advice.fit) this.advise(advice);
    } catch {
      // Nobody asked, so nobody is told; the next strokes ask again.
    }
  }

  /**
   * Asks now.
   * @param {{ background?: boolean }} [options] in the background it gives way to those who wait
   * @returns {Promise<Advice>} throws an error whose message is a sentence
   */
  async ask({ background = false } = {}) {
    const corner = windowToLearnFrom(this.map);
    if (!corner) throw new Error("Paint two categories side by side first; then a setting can be suggested.");
    this.running = true;
    this.last = performance.now();
    try {
      const labels = labelsOf(this.map, corner);
      const form = new FormData();
      const png = await encodeGrey(labels, WINDOW, WINDOW);
      form.append("tile", new Blob([png], { type: "image/png" }), "tile.png");
      form.append("x", `${corner.x}`);
      form.append("y", `${corner.y}`);
      const { settings, best } = await this.send(form, background);
      const present = fitOfShown(this.superpixels.shown, labels, corner);
      const fit = isWorthwhile(settings[best], present) ? settings[best] : null;
      return { fit, present: present?.accuracy ?? null };
    } finally {
      this.running = false;
    }
  }
}
