// When to save by itself: once the person rests, and often enough while they do not.

/** @import { Saver } from "../net/saver.js" */

export const REST_MS = 3000;
export const WORK_MS = 20_000;

export class Autosave {
  /**
   * @param {Saver} saver
   * @param {{ now: () => number, set: (what: () => void, ms: number) => any, clear: (timer: any) => void }} [clock]
   */
  constructor(saver, clock = browserClock) {
    this.saver = saver;
    this.clock = clock;
    /** Since when there is something to save. @type {number | null} */
    this.since = null;
    /** @type {unknown} */
    this.timer = null;
    this.phase = saver.state.phase;
    saver.addEventListener("change", () => this.changed());
  }

  /** Something was painted. */
  touched() {
    if (!this.saver.map.dirty.size) return;
    const now = this.clock.now();
    this.since ??= now;
    this.plan(Math.min(REST_MS, this.since + WORK_MS - now));
  }

  changed() {
    const { phase } = this.saver.state;
    if (phase === this.phase) return;
    this.phase = phase;
    if (phase === "unsaved") this.touched();
    else if (phase === "failed") this.plan(WORK_MS);
  }

  /** @param {number} milliseconds */
  plan(milliseconds) {
    this.clock.clear(this.timer);
    this.timer = this.clock.set(() => this.due(), milliseconds);
  }

  /** While a request is on its way or the person is asked something, that comes first. */
  due() {
    this.since = null;
    const { phase } = this.saver.state;
    if ((phase === "unsaved" || phase === "failed") && this.saver.map.dirty.size) this.saver.save("autosave");
  }
}

const browserClock = {
  now: () => performance.now(),
  set: (/** @type {() => void} */ what, /** @type {number} */ milliseconds) => setTimeout(what, milliseconds),
  clear: (/** @type {any} */ timer) => clearTimeout(timer),
};
