// Superpixel maps from the server: their addresses, and the worker that fetches and decodes them.

import { RequestError } from "./api.js";

/** @import { Region } from "../core/region.js" */
/** @import { Values } from "../core/sizing.js" */

/** @typedef {{ algorithm: string, parameters: Values }} Settings */

/**
 * @param {string} template with `{algorithm}`
 * @param {Settings} settings
 * @param {Region} region
 * @param {Record<string, string>} [more]
 */
export function mapUrl(template, { algorithm, parameters }, { x, y, width, height }, more = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ x, y, width, height, ...parameters, ...more }))
    query.set(name, `${value}`);
  return new URL(`${template.replace("{algorithm}", algorithm)}?${query}`, location.href).href;
}

export class MapWorker {
  /** @param {string} url of the worker's module */
  constructor(url) {
    this.url = url;
    this.number = 0;
    /** @type {Map<number, { resolve: (map: any) => void, reject: (error: Error) => void }>} */
    this.waiting = new Map();
    /** One that failed is never asked again: the next map starts another. @type {Worker | null} */
    this.worker = null;
  }

  start() {
    const worker = new Worker(this.url, { type: "module" });
    worker.addEventListener("message", ({ data: { number, map, error } }) => {
      const waiting = this.waiting.get(number);
      this.waiting.delete(number);
      if (error) waiting?.reject(new RequestError(error.status, error.message, {}, error.retryAfter));
      else waiting?.resolve(map);
    });
    worker.addEventListener("error", () => {
      worker.terminate();
      this.worker = null;
      for (const { reject } of this.waiting.values())
        reject(new Error("Superpixels could not be started here; try again in a moment."));
      this.waiting.clear();
    });
    return worker;
  }

  /**
   * @param {string} png address of the map
   * @param {string | null} tree address of its merge tree; null when only the numbers are wanted
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>} what the worker made of it
   */
  load(png, tree, signal) {
    const number = ++this.number;
    this.worker ??= this.start();
    const { worker } = this;
    signal?.addEventListener("abort", () => worker.postMessage({ number, aborted: true }), { once: true });
    worker.postMessage({ number, png, tree });
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
  }
}
