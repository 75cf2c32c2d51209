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
 * @property {string} message what failed
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
    this.wanted = [];
    this.tries = 0;
    this.become(RESTING);
  }

  /** @param {Region[]} regions */
  want(regions) {
    this.wanted = regions;
    this.next();
  }

  /** After a failure. */
  tryAgain() {
    this.tries = 0;
    this.become(RESTING);
    this.next();
  }

  next() {
    if (this.state.phase === "failed" || this.state.phase === "busy") return;
    for (const region of this.wanted) {
      if (this.loading.size >= AT_ONCE) break;
      if (!this.has(region) && !this.loading.has(keyOf(region))) this.ask(region);
    }
    this.become({ ...RESTING, phase: this.loading.size ? "loading" : "rest" });
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
      await this.failed(error);
    }
  }

  /** @param {unknown} error */
  async failed(error) {
    const { generation } = this;
    if (this.state.phase === "busy") return; // the other request was told the same
    const busy = error instanceof RequestError && error.status === 503 && error.retryAfter > 0;
    if (!busy || ++this.tries >= TRIES) {
      const message = error instanceof Error ? error.message : String(error);
      return this.become({ ...RESTING, phase: "failed", message });
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
