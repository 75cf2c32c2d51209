// Saving: what changed since the last save, as one request that may be repeated without harm. Painting goes on.
//
// Saves run one after the other. A request that got no answer is kept with its key, and is sent again before anything
// else: either the server has it already and says so, or it takes it now. That happens at the next save, and by itself
// after a while, later each time and not before the server's `Retry-After`. All other refusals make its tiles dirty
// again. `drafts` keeps in the browser what no server has acknowledged yet.

import { encodeTile } from "../core/labeltile.js";
import { RequestError } from "./api.js";
import { makeAttempt, phaseAfter } from "./attempt.js";
import { nameOf } from "./labels.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Attempt, Encode, Keeper, Kind, Phase } from "./attempt.js" */

/** @typedef {{ head: number, author: string | null, savedAt: string | null }} Theirs */

/**
 * @typedef {object} SaveState
 * @property {Phase} phase
 * @property {Date | null} savedAt of the last save of this page
 * @property {string} message a sentence when it failed
 * @property {number} status of the answer when it failed, 0 for none
 * @property {Theirs | null} theirs the revision that came before ours
 */

const WAITS_MS = [1000, 3000];
const AGAIN_MS = [10_000, 20_000, 40_000, 60_000]; // the last one for ever
const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** @type {Keeper} */
const NOBODY = { mark: () => 0, sent: () => {}, answered: () => {}, refused: () => {} };

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
   * @param {Encode} [options.encode]
   * @param {Keeper} [options.drafts]
   */
  constructor(options) {
    const { map, head, send, wait = pause, later = setTimeout, encode = encodeTile, drafts = NOBODY } = options;
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
    this.drafts = drafts;
    /** Names of the tiles that the server holds. @type {Set<string>} */
    this.stored = new Set();
    /** Digests of what was sent last: a tile that is back at that is not sent again. @type {Map<string, string>} */
    this.digests = new Map();
    /** A request without an answer. @type {Attempt | null} */
    this.pending = null;
    this.putOff = 0; // how often the pending request was
    /** @type {Promise<any>} */
    this.queue = Promise.resolve();
    /** @type {SaveState} */
    this.state = { phase: "saved", savedAt: null, message: "", status: 0, theirs: null };
  }

  /** Whether closing the page would lose something. */
  get unsaved() {
    const { phase } = this.state;
    return this.map.dirty.size > 0 || this.map.stroke !== null || this.pending !== null || phase === "saving";
  }

  /** How many tiles no server has acknowledged. */
  get waiting() {
    return new Set([...this.map.dirty, ...(this.pending?.dirty ?? [])]).size;
  }

  touched() {
    if (this.state.phase !== "saved") this.change({});
    else if (this.map.dirty.size) this.change({ phase: "unsaved" });
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<any>} the server's answer, or null: `state` says why
   */
  save(kind) {
    this.queue = this.queue.then(() => this.run(kind));
    return this.queue;
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
    this.drafts.answered(this.drafts.mark(), this.head);
    this.done(answer);
  }

  /** @param {Kind} kind */
  async run(kind) {
    this.begin();
    try {
      if (this.pending) {
        const before = this.pending.kind;
        const answer = await this.deliver(this.pending);
        if (before === kind && !this.map.dirty.size) return this.done(answer);
      }
      const attempt = await this.prepare(kind);
      if (kind === "autosave" && !attempt.tiles.length) return this.nothingNew(attempt);
      this.drafts.sent(attempt);
      return this.done(await this.deliver(attempt));
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  /** What waits goes on waiting, in words, until there is an answer. */
  begin() {
    if (this.state.phase !== "waiting") this.change({ phase: "saving", message: "", theirs: null });
  }

  /** @param {any} answer */
  done(answer) {
    this.settle({ savedAt: new Date(answer.saved_at) });
    return answer;
  }

  /** What was painted was undone again. @param {Attempt} attempt */
  nothingNew(attempt) {
    this.drafts.answered(attempt.change, this.head);
    this.giveBack(attempt.activity);
    this.settle({});
    return { revision: this.head };
  }

  /** @param {Partial<SaveState>} changes */
  settle(changes) {
    this.change({ ...changes, phase: this.map.dirty.size ? "unsaved" : "saved", message: "", theirs: null });
  }

  /** @param {unknown} error */
  failed(error) {
    const message = error instanceof Error ? error.message : String(error);
    const { status, answer } = error instanceof RequestError ? error : new RequestError(-1, message);
    const theirs = status === 412 ? { head: answer.head, author: answer.author, savedAt: answer.saved_at } : null;
    this.change({ phase: phaseAfter(error), message, status, theirs });
    // Over a ground truth that may have arrived the person is asked, since nothing may be painted meanwhile.
    const { pending } = this;
    if (!pending || pending.kind === "ground_truth") return;
    const rest = AGAIN_MS[Math.min(this.putOff++, AGAIN_MS.length - 1)];
    this.later(() => this.sendAgain(pending), Math.max(rest, retryAfterMs(error)));
  }

  /**
   * Sends a request without an answer again, unless a save did so before.
   * @returns {Promise<any>} the server's answer, or null
   */
  sendAgain(attempt = this.pending) {
    this.queue = this.queue.then(async () => {
      if (!attempt || this.pending !== attempt) return null;
      try {
        this.begin();
        return this.done(await this.deliver(attempt));
      } catch (error) {
        this.failed(error);
        return null;
      }
    });
    return this.queue;
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<Attempt>}
   */
  async prepare(kind) {
    const { map, head, stored, digests, encode } = this;
    const snapshot = map.takeSnapshot();
    const change = this.drafts.mark();
    const taken = this.activity();
    try {
      return await makeAttempt({ kind, map, snapshot, change, head, stored, digests, activity: taken, encode });
    } catch (error) {
      this.soil(snapshot.dirty);
      this.giveBack(await taken);
      throw error;
    }
  }

  /** @param {Attempt} attempt */
  async deliver(attempt) {
    let answer;
    try {
      answer = await this.sendPatiently(attempt);
    } catch (error) {
      const unanswered = error instanceof RequestError && error.unanswered;
      this.pending = unanswered ? attempt : null;
      if (!unanswered) {
        this.putOff = 0;
        this.soil(attempt.dirty);
        this.drafts.refused();
        this.giveBack(attempt.activity);
      }
      throw error;
    }
    this.accept(attempt, answer);
    return answer;
  }

  /** @param {Attempt} attempt */
  async sendPatiently(attempt) {
    const headers = { "If-Match": `"${attempt.head}"`, "Idempotency-Key": attempt.key };
    for (const wait of WAITS_MS) {
      try {
        return await this.send(attempt.form, headers);
      } catch (error) {
        if (!(error instanceof RequestError && error.unanswered)) throw error;
        this.pending = attempt;
        this.change({ phase: "waiting", message: error.message, status: error.status });
        await this.wait(Math.max(wait, retryAfterMs(error)));
      }
    }
    return this.send(attempt.form, headers);
  }

  /**
   * The revision is there, whatever is in it: what was done counts with it, and the next save goes on from it.
   * @param {Attempt} attempt
   * @param {any} answer
   */
  accept(attempt, answer) {
    const same = answer.saved_sha256 === attempt.digest;
    this.pending = null;
    this.putOff = 0;
    this.head = answer.revision;
    this.drafts.answered(same ? attempt.change : 0, this.head);
    for (const tile of attempt.tiles) {
      const name = nameOf(tile);
      this.digests.delete(name);
      if (tile.cleared) this.stored.delete(name);
      else {
        this.stored.add(name);
        if (same) this.digests.set(name, tile.pixels_sha256);
      }
    }
    if (!same) {
      this.soil(attempt.dirty);
      throw new Error("The server stored something else than was sent. Save again, and tell your administrator.");
    }
    this.state.savedAt = new Date(answer.saved_at);
  }

  /** @param {Set<number>} dirty */
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
