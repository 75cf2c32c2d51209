// The time ledger: how long somebody worked since the last save, and what was painted with which tool. No DOM.
//
// Tiles are never changed once their stroke has ended, so a stroke can be noted by its tiles before and after it, and
// its pixels be counted when there is time.

import { PLANE } from "./tiles.js";

/** @import { Tiles } from "./tiles.js" */
/** @import { Settled } from "../work/painter.js" */

/** @typedef {{ tool: number, category: number, strokes: number, pixels: number }} Painted */
/** @typedef {{ active_ms: number, undone: number, redone: number, painted: Painted[] }} Activity */
/** @typedef {[before: Uint8Array | undefined, after: Uint8Array | undefined][]} Stroke */

const IDLE_MS = 30_000;
const TOOLS = 10;
const NOTHING = new Uint8Array(2 * PLANE);

export class Ledger {
  /** @param {() => number} now milliseconds that never go back */
  constructor(now) {
    this.now = now;
    this.last = Number.NEGATIVE_INFINITY;
    this.tally = new Tally();
  }

  /** The person moved, pressed or turned something. A longer rest before it was none of the work. */
  input() {
    const now = this.now();
    if (now - this.last <= IDLE_MS) this.tally.activeMs += now - this.last;
    this.last = now;
  }

  /**
   * Notes what the painter has done.
   * @param {Settled} settled
   * @param {Tiles} tiles as they are now
   */
  settled({ kind, before }, tiles) {
    if (!before.size) return;
    if (kind === "undo") this.tally.undone++;
    else if (kind === "redo") this.tally.redone++;
    else if (kind !== "restore") this.tally.waiting.push([...before].map(([key, tile]) => [tile, tiles.get(key)]));
  }

  /** Counts one stroke that waits for it. @returns {boolean} whether more are waiting */
  countOne() {
    const stroke = this.tally.waiting.shift();
    if (stroke) this.tally.count(stroke);
    return this.tally.waiting.length > 0;
  }

  /**
   * What happened until now; from now on a new page of the ledger is filled.
   * @param {() => Promise<unknown>} [rest] after each stroke that is still to be counted
   * @returns {Promise<Activity>}
   */
  async take(rest = async () => {}) {
    const tally = this.tally;
    this.tally = new Tally();
    for (const stroke of tally.waiting) {
      tally.count(stroke);
      await rest();
    }
    return tally.asActivity();
  }

  /** Takes back what was taken for a save that came to nothing. @param {Activity} activity */
  giveBack({ active_ms, undone, redone, painted }) {
    this.tally.activeMs += active_ms;
    this.tally.undone += undone;
    this.tally.redone += redone;
    for (const { tool, category, strokes, pixels } of painted) this.tally.add(tool, category, strokes, pixels);
  }
}

class Tally {
  constructor() {
    this.activeMs = 0;
    this.undone = 0;
    this.redone = 0;
    /** By tool · 256 + category. @type {Map<number, { strokes: number, pixels: number }>} */
    this.painted = new Map();
    /** @type {Stroke[]} */
    this.waiting = [];
  }

  /** Credits a stroke to the tool and category of most of the labels it changed. @param {Stroke} stroke */
  count(stroke) {
    const pixels = new Uint32Array(TOOLS * 256);
    for (const [before, after] of stroke) countChanged(before ?? NOTHING, after ?? NOTHING, pixels);
    const most = pixels.reduce((best, number, index) => (number > pixels[best] ? index : best), 0);
    if (!pixels[most]) return;
    pixels.forEach((number, index) => {
      if (number) this.add(index >> 8, index & 255, index === most ? 1 : 0, number);
    });
  }

  /**
   * @param {number} tool
   * @param {number} category
   * @param {number} strokes
   * @param {number} pixels
   */
  add(tool, category, strokes, pixels) {
    const sum = this.painted.get((tool << 8) | category) ?? { strokes: 0, pixels: 0 };
    this.painted.set((tool << 8) | category, { strokes: sum.strokes + strokes, pixels: sum.pixels + pixels });
  }

  /** @returns {Activity} */
  asActivity() {
    const painted = [...this.painted].sort(([one], [other]) => one - other);
    return {
      active_ms: Math.round(this.activeMs),
      undone: this.undone,
      redone: this.redone,
      painted: painted.map(([index, sums]) => ({ tool: index >> 8, category: index & 255, ...sums })),
    };
  }
}

/**
 * Counts the pixels whose category changed by their new tool and category, four at a time where nothing did.
 * @param {Uint8Array} before
 * @param {Uint8Array} after
 * @param {Uint32Array} pixels
 */
function countChanged(before, after, pixels) {
  if (before === after) return;
  const old = new Uint32Array(before.buffer, before.byteOffset, PLANE / 4);
  const young = new Uint32Array(after.buffer, after.byteOffset, PLANE / 4);
  for (let word = 0; word < old.length; word++) {
    if (old[word] === young[word]) continue;
    for (let at = 4 * word; at < 4 * word + 4; at++) {
      if (before[at] !== after[at]) pixels[(after[PLANE + at] << 8) | after[at]]++;
    }
  }
}
