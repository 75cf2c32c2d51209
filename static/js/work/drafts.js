// Unsaved work kept in this browser: the tiles that no server has acknowledged, and a request that has no answer yet.
//
// A draft is what was painted upon revision `base`. Each tile has the number of its last change; a save that was
// acknowledged contains all changes up to some number, and those tiles go. One transaction of the store writes what
// belongs together, and transactions happen in the order in which they were asked for. What one that failed should have
// written is written by the next.

import { pack } from "../net/attempt.js";

/** @import { LabelMap, Tiles } from "../core/tiles.js" */
/** @import { Attempt, Packed } from "../net/attempt.js" */

/** @typedef {{ base: number, at: number, request: Packed | null }} Head `at` is the time of the last change */
/** @typedef {{ key: number, change: number, pixels: Uint8Array | undefined }} Row */
/** @typedef {Head & { tiles: Row[] }} Draft */

/**
 * @typedef {object} DraftStore
 * @property {() => Promise<Draft | null>} read
 * @property {(head: Head | null, rows: Row[], gone: number[]) => Promise<unknown>} write null when nothing is left
 */

const REST_MS = 400;
const AGAIN_MS = 5000; // after a write that failed
const BATCH = 8; // tiles of 128 kB are copied on the spot, so the page gets its frames in between

/** @type {DraftStore} */
const NOWHERE = { read: async () => null, write: async () => {} };

/** Sends `lost` when the browser cannot keep the work. */
export class Drafts extends EventTarget {
  /**
   * @param {LabelMap} map
   * @param {DraftStore} store
   * @param {(what: () => unknown, milliseconds: number) => unknown} [later]
   */
  constructor(map, store, later = (what, milliseconds) => setTimeout(what, milliseconds)) {
    super();
    this.map = map;
    this.store = store;
    this.later = later;
    this.base = 0;
    this.at = 0;
    /** @type {Packed | null} */
    this.request = null;
    this.change = 1;
    /** Tiles that changed since the last write, with their change. @type {Map<number, number>} */
    this.changed = new Map();
    /** Tiles in the store, with their change. @type {Map<number, number>} */
    this.kept = new Map();
    /** Tiles in the store that the server has. @type {Set<number>} */
    this.gone = new Set();
    this.planned = false;
    /** Whether the last write failed. */
    this.failing = false;
  }

  /** Whether there is nothing that the server does not have. */
  get empty() {
    return this.changed.size + this.kept.size === 0 && !this.request;
  }

  /** What is kept from earlier. @returns {Promise<Draft | null>} */
  async read() {
    const draft = await this.store.read().catch(() => this.lost());
    if (!draft) return null;
    this.base = draft.base;
    this.at = draft.at;
    this.request = draft.request;
    this.kept = new Map(draft.tiles.map(({ key, change }) => [key, change]));
    this.change = 1 + Math.max(draft.request?.change ?? 0, ...this.kept.values());
    return draft;
  }

  /** A stroke changed these tiles. @param {Iterable<number>} keys */
  touched(keys) {
    for (const key of keys) this.changed.set(key, this.change);
    this.at = Date.now();
    if (this.changed.size) this.plan(REST_MS);
  }

  /** @param {number} milliseconds */
  plan(milliseconds) {
    if (this.planned) return;
    this.planned = true;
    this.later(() => this.flush(), milliseconds);
  }

  mark() {
    return this.change++;
  }

  /** Writes what changed. */
  flush() {
    this.planned = false;
    if (this.changed.size || this.failing) this.write();
  }

  /** A request goes out; what it contains is kept before it. @param {Attempt} attempt */
  sent(attempt) {
    this.request = pack(attempt);
    this.write();
  }

  /**
   * @param {number} upTo the last change that is in revision `head`
   * @param {number} head
   */
  answered(upTo, head) {
    this.base = head;
    this.request = null;
    for (const [key, change] of this.changed) if (change <= upTo) this.changed.delete(key);
    for (const [key, change] of this.kept) if (change <= upTo) this.forget(key);
    this.write();
  }

  refused() {
    this.request = null;
    this.write();
  }

  /** What is kept belongs to another tab now. */
  rest() {
    this.store = NOWHERE;
  }

  /** Forgets everything. */
  drop() {
    this.request = null;
    this.changed.clear();
    for (const key of this.kept.keys()) this.forget(key);
    return this.write();
  }

  /** @param {number} key */
  forget(key) {
    this.kept.delete(key);
    this.gone.add(key);
  }

  async write() {
    const rows = [...this.changed].map(([key, change]) => ({ key, change, pixels: this.pixels(key) }));
    const gone = [...this.gone];
    this.changed.clear();
    this.gone.clear();
    for (const { key, change } of rows) this.kept.set(key, change);
    const { base, at, request } = this;
    try {
      await this.store.write(this.empty ? null : { base, at, request }, rows, gone);
      this.failing = false;
    } catch {
      const open = rows.filter(({ key, change }) => this.kept.get(key) === change && !this.changed.has(key));
      for (const { key, change } of open) this.changed.set(key, change);
      for (const key of gone) if (!this.kept.has(key)) this.gone.add(key);
      this.lost();
      this.plan(AGAIN_MS);
    }
  }

  lost() {
    if (!this.failing) this.dispatchEvent(new Event("lost"));
    this.failing = true;
    return null;
  }

  /** The tile as it is without the stroke that may be running. @param {number} key */
  pixels(key) {
    return this.map.stroke?.has(key) ? this.map.stroke.get(key) : this.map.tiles.get(key);
  }
}

/**
 * What a draft lays over the labels it was made upon.
 * @param {Draft} draft
 * @returns {Tiles}
 */
export function tilesOf({ tiles }) {
  return new Map(tiles.map(({ key, pixels }) => [key, pixels]));
}

/**
 * The draft of one person of one annotation. Where the browser keeps nothing, reading and writing fail.
 * @param {number} person
 * @param {number} annotation
 * @returns {DraftStore}
 */
export function draftStore(person, annotation) {
  const opening = open();
  opening.catch(() => {}); // whoever reads or writes is told
  const owner = { person, annotation };
  const place = [person, annotation];
  const everything = IDBKeyRange.bound(place, [...place, []]);

  /** @type {DraftStore["read"]} */
  async function read() {
    const transaction = (await opening).transaction(["drafts", "tiles"]);
    const head = answer(transaction.objectStore("drafts").get(place));
    const tiles = answer(transaction.objectStore("tiles").getAll(everything));
    return (await head) ? { .../** @type {Head} */ (await head), tiles: /** @type {Row[]} */ (await tiles) } : null;
  }

  /** @type {DraftStore["write"]} */
  async function write(head, rows, gone) {
    const transaction = (await opening).transaction(["drafts", "tiles"], "readwrite");
    const [drafts, tiles] = ["drafts", "tiles"].map((name) => transaction.objectStore(name));
    if (head) drafts.put({ ...owner, ...head });
    else drafts.delete(place);
    for (const key of gone) tiles.delete([...place, key]);

    /** @param {number} from */
    function put(from) {
      const batch = rows.slice(from, from + BATCH).map((row) => tiles.put({ ...owner, ...row }));
      batch.at(-1)?.addEventListener("success", () => put(from + BATCH));
    }
    put(0);
    return new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve);
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
  }

  return { read, write };
}

/** @returns {Promise<IDBDatabase>} */
async function open() {
  const opening = indexedDB.open("labeler-drafts", 1);
  opening.addEventListener("upgradeneeded", () => {
    opening.result.createObjectStore("drafts", { keyPath: ["person", "annotation"] });
    opening.result.createObjectStore("tiles", { keyPath: ["person", "annotation", "key"] });
  });
  return answer(opening);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
