// Superpixel maps for the page: asks the worker, and only the latest question gets an answer.

import { Segments } from "../core/segments.js";

/** What a pixel is credited to when it was filled from a map of this algorithm. @type {Record<string, number>} */
const PROVENANCE = { slic: 2, felzenszwalb: 3, quickshift: 4, watershed: 5 };

export class Superpixels {
  /**
   * @param {string} workerUrl
   * @param {string} urlTemplate with `{algorithm}`
   */
  constructor(workerUrl, urlTemplate) {
    this.urlTemplate = urlTemplate;
    this.number = 0;
    /** @type {Segments | null} */
    this.current = null;
    /** @type {Map<number, (answer: any) => void>} */
    this.waiting = new Map();
    this.worker = new Worker(workerUrl, { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.waiting.get(data.number)?.(data));
    this.worker.addEventListener("error", () => {
      for (const answer of this.waiting.values()) answer({ error: "Superpixels do not work in this browser." });
    });
  }

  /**
   * @param {string} algorithm
   * @param {Record<string, number>} parameters
   * @param {{ x: number, y: number, width: number, height: number }} region
   * @returns {Promise<Segments | null>} null when another request came after this one
   */
  async calculate(algorithm, parameters, region) {
    const number = ++this.number;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...region, ...parameters })) query.set(name, `${value}`);
    const url = new URL(`${this.urlTemplate.replace("{algorithm}", algorithm)}?${query}`, location.href).href;
    const { map, error } = await new Promise((resolve) => {
      for (const [earlier, answer] of this.waiting) if (earlier !== number) answer({});
      this.waiting.clear();
      this.waiting.set(number, resolve);
      this.worker.postMessage({ number, url });
    });
    if (number !== this.number) return null;
    this.waiting.clear();
    if (error) throw new Error(error);
    this.current = new Segments({ ...region, ...map, provenance: PROVENANCE[algorithm] ?? 0 });
    return this.current;
  }
}
