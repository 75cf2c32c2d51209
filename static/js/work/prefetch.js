// The superpixels of the image after this one, asked for while nobody waits: the server keeps them, so that the next
// image opens with its segments at once.

import { regionsInView } from "../core/region.js";
import { askedFor } from "../core/sizing.js";
import { request } from "../net/api.js";
import { mapUrl } from "../net/maps.js";
import { carriedOver } from "./settings.js";

/** @import { Sizing, Values } from "../core/sizing.js" */

const REST_MS = 1500;
const RETRY_S = 10;
const MOST = 4; // regions of a large image: those in its middle

export class Prefetch {
  /**
   * @param {NextImage | null} next
   * @param {number | null} umPerPx of the present image
   */
  constructor(next, umPerPx) {
    this.next = next;
    this.umPerPx = umPerPx;
    this.timer = 0;
    /** The settings that were asked for last. */
    this.asked = "";
  }

  /**
   * Soon, if nothing else happens until then.
   * @param {Algorithm} algorithm
   * @param {Values} values
   * @param {Sizing} sizing
   */
  plan(algorithm, values, sizing) {
    const { next } = this;
    if (!next) return;
    const there = carriedOver(algorithm, values, sizing, this.umPerPx, next);
    const settings = { algorithm: algorithm.name, parameters: askedFor(algorithm, there.values, there.sizing, next) };
    clearTimeout(this.timer);
    const key = JSON.stringify(settings);
    if (key === this.asked) return;
    this.timer = window.setTimeout(async () => {
      this.asked = key;
      const { width, height } = next;
      const regions = regionsInView(width, height, { x0: 0, y0: 0, x1: width, y1: height }).slice(0, MOST);
      for (const region of regions) {
        for (const template of [next.superpixels, next.superpixelTree]) {
          if (!(await fetchQuietly(mapUrl(template, settings, region, { background: "1" })))) return;
        }
      }
    }, REST_MS);
  }

  cancel() {
    clearTimeout(this.timer);
  }
}

/**
 * Whoever opens the next image gets what is missing then, so a failure is no news. A busy server is asked once more.
 * @param {string} url
 * @returns {Promise<boolean>} whether it is there now
 */
async function fetchQuietly(url) {
  for (const wait of [RETRY_S * 1000, 0]) {
    try {
      const response = await request(url, { priority: "low" });
      await response.arrayBuffer();
      return true;
    } catch (error) {
      const busy = /** @type {{ status?: number }} */ (error).status === 503;
      if (!busy || !wait) return false;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return false;
}
