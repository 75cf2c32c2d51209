// Which superpixel maps are asked for, in which order, and how patiently. Knows nothing of what a map is.

import { keyOf } from "../core/region.js";
import { RequestError } from "../net/api.js";

/** @import { Region } from "../core/region.js" */

const AT_ONCE = 2;
const TRIES = 5;
const LONGEST_WAIT_S = 30;

/**
 * @typedef {object} LoadState
 * @property {"rest" | "loading" | "busy" | "failed"} phase
 * @property {string} message what failed; told once nothing else is to be asked for
 * @property {number} seconds until the next try, when busy
 */

/** @type {LoadState} */
const RESTING = { phase: "rest", message: "", seconds: 0 };

/** Sends `change` when its state changed. */
export class RegionLoader extends EventTarget {
  /**
   * @param {object} options
   * @param {(region: Region, signal: AbortSignal) => Promise<any>} options.load
   * @param {(region: Region, map: any) => void} options.arrived
   * @param {(region: Region) => boolean} options.has
   * @param {(milliseconds: number) => Promise<unknown>} [options.wait]
   */
  constructor({ load, arrived, has, wait = pause }) {
    super();
    this.load = load;
    this.arrived = arrived;
    this.has = has;
    this.wait = wait;
    /** In the order in which they are wanted. @type {Region[]} */
    this.wanted = [];
    /** @type {Map<string, AbortController>} */
    this.loading = new Map();
    /** What was said of regions that are not asked for again by themselves. @type {Map<string, string>} */
    this.failures = new Map();
    this.tries = 0;
    /** Whatever was asked before this number changed is stale. */
    this.generation = 0;
    this.state = RESTING;
  }

  /** Forgets everything: what is asked for from now on is something else. */
  restart() {
    this.generation++;
    for (const controller of this.loading.values()) controller.abort();
    this.loading.clear();
    this.failures.clear();
    this.wanted = [];
    this.tries = 0;
    this.become(RESTING);
  }

  /** @param {Region[]} regions */
  want(regions) {
    this.wanted = regions;
    this.next();
  }

  /** Asks once more for what failed. */
  tryAgain() {
    this.failures.clear();
    this.next();
  }

  next() {
    if (this.state.phase === "busy") return;
    const missing = this.wanted.filter((region) => !this.has(region));
    for (const region of missing) {
      if (this.loading.size >= AT_ONCE) break;
      const key = keyOf(region);
      if (!this.failures.has(key) && !this.loading.has(key)) this.ask(region);
    }
    const [message] = missing.flatMap((region) => this.failures.get(keyOf(region)) ?? []);
    if (this.loading.size) this.become({ ...RESTING, phase: "loading" });
    else this.become(message === undefined ? RESTING : { ...RESTING, phase: "failed", message });
  }

  /** @param {Region} region */
  async ask(region) {
    const { generation } = this;
    const controller = new AbortController();
    this.loading.set(keyOf(region), controller);
    try {
      const map = await this.load(region, controller.signal);
      if (generation !== this.generation) return;
      this.tries = 0;
      this.arrived(region, map);
      this.loading.delete(keyOf(region));
      this.next();
    } catch (error) {
      if (generation !== this.generation) return;
      this.loading.delete(keyOf(region));
      await this.failed(region, error);
    }
  }

  /**
   * @param {Region} region
   * @param {unknown} error
   */
  async failed(region, error) {
    const { generation } = this;
    if (this.state.phase === "busy") return; // the other request was told the same
    const busy = error instanceof RequestError && error.status === 503 && error.retryAfter > 0;
    if (!busy || ++this.tries >= TRIES) {
      // A refusal is about the settings or the person, so the others would get the same.
      const refused = error instanceof RequestError && error.status >= 400 && error.status < 500;
      const message = error instanceof Error ? error.message : String(error);
      for (const each of busy || refused ? this.wanted : [region]) this.failures.set(keyOf(each), message);
      if (busy) this.tries = 0;
      return this.next();
    }
    const seconds = Math.min(Math.max(error.retryAfter, 2 ** this.tries), LONGEST_WAIT_S);
    this.become({ phase: "busy", message: error.message, seconds });
    await this.wait(1000 * seconds);
    if (generation !== this.generation) return;
    this.become(RESTING);
    this.next();
  }

  /** @param {LoadState} state */
  become(state) {
    if (state.phase === this.state.phase && state.message === this.state.message) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
