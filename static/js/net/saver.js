// Saving: what changed since the last save, as one request that may be repeated without harm. Painting goes on.
//
// Saves run one after the other. A request that got no answer is kept with its key, and is sent again before anything
// else: either the server has it already and says so, or it takes it now. That happens at the next save, and by itself
// after a while, later each time and not before the server's `Retry-After`. All other refusals make its tiles dirty
// again. A later autosave only has to call `save("autosave")`.

import { encodeTile, sha256 } from "../core/labeltile.js";
import { RequestError } from "./api.js";
import { nameOf } from "./labels.js";

/** @import { LabelMap } from "../core/tiles.js" */

/** @typedef {"autosave" | "checkpoint" | "ground_truth"} Kind */
/** @typedef {{ head: number, author: string | null, savedAt: string | null }} Theirs */
/** @typedef {{ plane: 0 | 1, column: number, row: number, pixels_sha256: string, cleared: boolean }} TileEntry */

/** @typedef {{ digest: string, png: Blob }} Encoded SHA-256 of the pixels, in hex, and their PNG */

/**
 * @typedef {object} Attempt
 * @property {Kind} kind
 * @property {string} key
 * @property {number} head
 * @property {FormData} form
 * @property {TileEntry[]} tiles
 * @property {string} digest
 * @property {Set<number>} dirty
 * @property {object} activity
 */

/**
 * @typedef {object} SaveState
 * @property {"saved" | "unsaved" | "saving" | "failed" | "conflict"} phase
 * @property {Date | null} savedAt of the last save of this page
 * @property {string} message a sentence when it failed
 * @property {Theirs | null} theirs the revision that came before ours
 */

const PLANES = /** @type {const} */ ([0, 1]);
const AT_ONCE = 3; // places, so that the page gets its frames in between
const WAITS_MS = [1000, 3000];
const AGAIN_MS = [10_000, 20_000, 40_000, 60_000]; // the last one for ever

/** Sends `change` when its state changed. */
export class Saver extends EventTarget {
  /**
   * @param {object} options
   * @param {LabelMap} options.map
   * @param {number} options.head
   * @param {(form: FormData, headers: Record<string, string>) => Promise<any>} options.send
   * @param {(milliseconds: number) => Promise<unknown>} [options.wait]
   * @param {(what: () => unknown, milliseconds: number) => unknown} [options.later]
   * @param {() => Promise<object> | object} [options.activity] what the person did since the last save
   * @param {(activity: any) => void} [options.giveBack] takes it back when that save came to nothing
   * @param {(pixels: Uint8Array<ArrayBuffer>) => Promise<Encoded>} [options.encode]
   */
  constructor(options) {
    const { map, head, send, wait = pause, later = setTimeout, encode = encodeTile } = options;
    const { activity = () => ({}), giveBack = () => {} } = options;
    super();
    this.map = map;
    this.head = head;
    this.send = send;
    this.wait = wait;
    this.later = (/** @type {() => unknown} */ what, /** @type {number} */ milliseconds) => later(what, milliseconds);
    this.activity = activity;
    this.giveBack = giveBack;
    this.encode = encode;
    /** Names of the tiles that the server holds. @type {Set<string>} */
    this.stored = new Set();
    /** Digests of what was sent last: a tile that is back at that is not sent again. @type {Map<string, string>} */
    this.digests = new Map();
    /** A request without an answer. @type {Attempt | null} */
    this.pending = null;
    /** How often the pending request was put off. */
    this.putOff = 0;
    /** @type {Promise<unknown>} */
    this.queue = Promise.resolve();
    /** @type {SaveState} */
    this.state = { phase: "saved", savedAt: null, message: "", theirs: null };
  }

  /** Whether closing the page would lose something. */
  get unsaved() {
    const { phase } = this.state;
    return this.map.dirty.size > 0 || this.map.stroke !== null || this.pending !== null || phase === "saving";
  }

  /** Something was painted. */
  touched() {
    if (this.state.phase === "saved" && this.map.dirty.size) this.change({ phase: "unsaved" });
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<any>} the server's answer, or null: `state` says why
   */
  save(kind) {
    const turn = this.queue.then(() => this.run(kind));
    this.queue = turn;
    return turn;
  }

  /**
   * Makes what is shown here the next revision after theirs, whole: also where only they painted.
   * @param {string[]} theirTiles names of the tiles of their revision
   */
  keepMine(theirTiles) {
    this.head = this.state.theirs?.head ?? this.head;
    this.digests.clear();
    this.stored = new Set(theirTiles);
    for (const key of this.map.tiles.keys()) this.map.dirty.add(this.map.saveKey(key));
    for (const name of theirTiles) {
      const [, column, row] = name.split("/").map(Number);
      this.map.dirty.add(row * this.map.saveColumns + column);
    }
    return this.save("checkpoint");
  }

  /**
   * Does something while no save is under way.
   * @template T
   * @param {() => Promise<T>} what
   */
  between(what) {
    const turn = this.queue.then(what);
    this.queue = turn.catch(() => {});
    return turn;
  }

  /**
   * Takes over a revision that the server made by itself and the map shows already.
   * @param {any} answer
   * @param {string[]} names of its tiles
   */
  adopt(answer, names) {
    this.head = answer.revision;
    this.stored = new Set(names);
    this.digests.clear();
    this.map.dirty.clear();
    this.done(answer);
  }

  /** @param {Kind} kind */
  async run(kind) {
    this.change({ phase: "saving", message: "", theirs: null });
    try {
      if (this.pending) {
        const before = this.pending.kind;
        const answer = await this.deliver(this.pending);
        if (before === kind && !this.map.dirty.size) return this.done(answer);
      }
      return this.done(await this.deliver(await this.prepare(kind)));
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  /** @param {any} answer */
  done(answer) {
    const savedAt = new Date(answer.saved_at);
    this.change({ phase: this.map.dirty.size ? "unsaved" : "saved", savedAt, message: "", theirs: null });
    return answer;
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof RequestError && error.status === 412) {
      const { head, author, saved_at: savedAt } = error.answer;
      this.change({ phase: "conflict", message: error.message, theirs: { head, author, savedAt } });
    } else this.change({ phase: "failed", message: error instanceof Error ? error.message : String(error) });
    // Over a ground truth that may have arrived the person is asked, since nothing may be painted meanwhile.
    if (this.pending && this.pending.kind !== "ground_truth") this.askLater(error);
  }

  /** Sends the pending request again after a while, unless a save did so before. @param {unknown} error */
  askLater(error) {
    const attempt = this.pending;
    const rest = AGAIN_MS[Math.min(this.putOff++, AGAIN_MS.length - 1)];
    const again = async () => {
      if (this.pending !== attempt || !attempt) return;
      try {
        this.change({ phase: "saving", message: "", theirs: null });
        this.done(await this.deliver(attempt));
      } catch (problem) {
        this.failed(problem);
      }
    };
    this.later(
      () => {
        this.queue = this.queue.then(again);
      },
      Math.max(rest, retryAfterMs(error)),
    );
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<Attempt>}
   */
  async prepare(kind) {
    const { dirty, tiles: pixelsOf } = this.map.takeSnapshot();
    const taken = this.activity();
    try {
      const form = new FormData();
      /** @type {TileEntry[]} */
      const tiles = [];
      const keys = [...dirty];
      while (keys.length) {
        const some = keys.splice(0, AT_ONCE);
        const entries = some.flatMap((key) => PLANES.map((plane) => this.addTile(form, pixelsOf, key, plane)));
        tiles.push(...(await Promise.all(entries)).filter((entry) => entry !== null));
      }
      const lines = tiles.map((tile) => `${nameOf(tile)}:${tile.cleared ? "cleared" : tile.pixels_sha256}\n`).sort();
      const digest = await sha256(new TextEncoder().encode(lines.join("")));
      const activity = await taken;
      form.set("save", JSON.stringify({ kind, saved_sha256: digest, tiles, activity }));
      return { kind, key: crypto.randomUUID(), head: this.head, form, tiles, digest, dirty, activity };
    } catch (error) {
      this.soil(dirty);
      this.giveBack(await taken);
      throw error;
    }
  }

  /**
   * @param {FormData} form
   * @param {Map<number, Uint8Array>} pixelsOf
   * @param {number} saveKey
   * @param {0 | 1} plane
   * @returns {Promise<TileEntry | null>} null when the server has it already
   */
  async addTile(form, pixelsOf, saveKey, plane) {
    const { saveColumns } = this.map;
    const place = { plane, column: saveKey % saveColumns, row: Math.floor(saveKey / saveColumns) };
    const name = nameOf(place);
    const pixels = this.map.savePixels(pixelsOf, saveKey, plane);
    if (!pixels) return this.stored.has(name) ? { ...place, pixels_sha256: "", cleared: true } : null;
    const { digest, png } = await this.encode(pixels);
    if (this.digests.get(name) === digest) return null;
    form.set(name, png, `${plane}.png`);
    return { ...place, pixels_sha256: digest, cleared: false };
  }

  /** @param {Attempt} attempt */
  async deliver(attempt) {
    try {
      const answer = await this.sendPatiently(attempt);
      if (answer.saved_sha256 !== attempt.digest) {
        throw new Error("The server stored something else than was sent. Save again, and tell your administrator.");
      }
      this.accept(attempt, answer);
      return answer;
    } catch (error) {
      const unanswered = error instanceof RequestError && error.unanswered;
      this.pending = unanswered ? attempt : null;
      if (!unanswered) {
        this.putOff = 0;
        this.soil(attempt.dirty);
        this.giveBack(attempt.activity);
      }
      throw error;
    }
  }

  /** @param {Attempt} attempt */
  async sendPatiently(attempt) {
    const headers = { "If-Match": `"${attempt.head}"`, "Idempotency-Key": attempt.key };
    for (const wait of WAITS_MS) {
      try {
        return await this.send(attempt.form, headers);
      } catch (error) {
        if (!(error instanceof RequestError && error.unanswered)) throw error;
        await this.wait(Math.max(wait, retryAfterMs(error)));
      }
    }
    return this.send(attempt.form, headers);
  }

  /**
   * @param {Attempt} attempt
   * @param {any} answer
   */
  accept(attempt, answer) {
    this.pending = null;
    this.putOff = 0;
    this.head = answer.revision;
    for (const tile of attempt.tiles) {
      const name = nameOf(tile);
      this.digests.delete(name);
      if (tile.cleared) this.stored.delete(name);
      else {
        this.stored.add(name);
        this.digests.set(name, tile.pixels_sha256);
      }
    }
  }

  /** Makes tiles dirty again. @param {Set<number>} dirty */
  soil(dirty) {
    for (const key of dirty) this.map.dirty.add(key);
  }

  /** @param {Partial<SaveState>} changes */
  change(changes) {
    this.state = { ...this.state, ...changes };
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {unknown} error */
function retryAfterMs(error) {
  return error instanceof RequestError ? 1000 * error.retryAfter : 0;
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
