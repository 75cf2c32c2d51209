// The labels as the inspector's worker knows them: it is sent what changed, and asked about the state of now.

import { PLANE } from "../core/tiles.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Mend, Question, Report } from "../core/findings.js" */

const BROKEN = "The labels could not be checked here.";
const AT_ONCE = 64; // tiles copied between two frames, 4 MB

export class Inspection {
  /**
   * @param {LabelMap} map
   * @param {string} url of the worker's module
   */
  constructor(map, url) {
    this.map = map;
    this.url = url;
    /** One that failed is never asked again: the next question starts another. @type {Worker | null} */
    this.worker = null;
    /** What the worker has; a tile never changes once its stroke has ended. @type {Map<number, Uint8Array>} */
    this.sent = new Map();
    /** Counts changes of the labels. */
    this.version = 1;
    /** The version that was surveyed. */
    this.surveyed = 0;
    this.number = 0;
    /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
    this.waiting = new Map();
    /** @type {Promise<unknown>} */
    this.queue = Promise.resolve();
  }

  start() {
    const worker = new Worker(this.url, { type: "module" });
    worker.addEventListener("message", ({ data: { number, answer, error } }) => {
      const waiting = this.waiting.get(number);
      this.waiting.delete(number);
      if (error) waiting?.reject(new Error(error));
      else waiting?.resolve(answer);
    });
    worker.addEventListener("error", () => {
      worker.terminate();
      this.worker = null;
      this.sent.clear();
      this.surveyed = 0;
      for (const { reject } of this.waiting.values()) reject(new Error(BROKEN));
      this.waiting.clear();
    });
    return worker;
  }

  /** The labels changed. */
  touched() {
    this.version++;
  }

  get isCurrent() {
    return this.surveyed === this.version;
  }

  /**
   * @param {Question} question
   * @returns {Promise<Report>}
   */
  report(question) {
    return this.afterSurvey("report", question);
  }

  /**
   * @param {Mend} mend
   * @returns {Promise<Int32Array>} y, x0, x1 and new value of each run
   */
  mend(mend) {
    return this.afterSurvey("mend", mend);
  }

  /**
   * @param {string} ask
   * @param {object} what
   * @returns {Promise<any>}
   */
  afterSurvey(ask, what) {
    const turn = this.queue.then(async () => {
      if (!this.isCurrent) await this.survey();
      return this.ask(ask, what);
    });
    this.queue = turn.catch(() => {});
    return turn;
  }

  async survey() {
    const { version } = this;
    const { width, height } = this.map;
    this.worker ??= this.start();
    const { worker } = this;
    const changed = this.changes();
    while (changed.length) {
      const some = changed.splice(0, AT_ONCE).map(([key, tile]) => /** @type {const} */ ([key, tile?.slice(0, PLANE)]));
      this.post(
        0,
        "take",
        some,
        some.flatMap(([, copy]) => copy?.buffer ?? []),
      );
      await new Promise((resolve) => setTimeout(resolve));
      if (worker !== this.worker) throw new Error(BROKEN); // another would know a part of the labels
    }
    await this.ask("survey", { width, height });
    this.surveyed = version;
  }

  /** The tiles that the worker does not have, as they were before the stroke that may be running. */
  changes() {
    const { tiles, stroke } = this.map;
    /** @type {[number, Uint8Array | undefined][]} */
    const changed = [];
    for (const key of new Set([...this.sent.keys(), ...tiles.keys(), ...(stroke?.keys() ?? [])])) {
      const tile = stroke?.has(key) ? stroke.get(key) : tiles.get(key);
      if (tile === this.sent.get(key)) continue;
      changed.push([key, tile]);
      if (tile) this.sent.set(key, tile);
      else this.sent.delete(key);
    }
    return changed;
  }

  /**
   * @param {string} ask
   * @param {object} what
   * @returns {Promise<any>}
   */
  ask(ask, what) {
    const number = ++this.number;
    this.post(number, ask, what);
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
  }

  /**
   * @param {number} number 0 when no answer is waited for
   * @param {string} ask
   * @param {object} what
   * @param {ArrayBuffer[]} [transfer]
   */
  post(number, ask, what, transfer = []) {
    this.worker?.postMessage({ number, ask, what }, transfer);
  }
}
