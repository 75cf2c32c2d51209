// What was saved before: listed, fetched, compared with what is on the screen, brought back.

import { LabelMap, PLANE } from "../core/tiles.js";
import { postForm, request } from "../net/api.js";

/** @import { Activity } from "../core/ledger.js" */
/** @import { Tiles } from "../core/tiles.js" */
/** @import { Area, LabelWorker } from "../net/labels.js" */

/**
 * A revision as the server lists it.
 * @typedef {object} Revision
 * @property {number} number
 * @property {string} kind
 * @property {string} author
 * @property {string} saved_at
 * @property {{ annotation?: number, revision: number }[]} sources
 * @property {number} tiles_changed
 * @property {Area | null} area what it changed lies in here
 * @property {Partial<Activity>} activity
 */

/** @typedef {{ number: number, savedAt: Date | null, tiles: Tiles }} Step to an earlier revision */

export class Past {
  /**
   * @param {LabelMap} map
   * @param {EditorConfig["urls"]} urls
   * @param {Pick<LabelWorker, "load">} worker
   */
  constructor(map, urls, worker) {
    this.map = map;
    this.urls = urls;
    this.worker = worker;
    /** What was asked for without an answer. @type {{ number: number, head: number, key: string } | null} */
    this.asked = null;
  }

  /**
   * A page of revisions, the newest first.
   * @param {number} [before]
   * @returns {Promise<Revision[]>}
   */
  async list(before) {
    const response = await request(before === undefined ? this.urls.save : `${this.urls.save}?before=${before}`);
    return (await response.json()).revisions;
  }

  /**
   * The labels of a revision.
   * @param {number} number
   * @param {Area} [area]
   */
  async load(number, area) {
    const then = new LabelMap(this.map.width, this.map.height);
    const names = await this.worker.load(then, this.urls, number, { area });
    return { map: then, names };
  }

  /**
   * The newest revision that differs from the map, and what differs.
   * @param {number} number of the newest revision that may be it
   * @param {boolean} exact the map is that very revision
   * @returns {Promise<Step | null>} null when there is nothing older
   */
  async stepBack(number, exact) {
    /** Outside of it the map and the revision looked at are the same. @type {Area | null | "everything"} */
    let area = exact ? null : "everything";
    for (let before = number + 1; before > 0; ) {
      const page = await this.list(before);
      for (const revision of page) {
        const tiles = await this.differing(revision.number, area);
        if (tiles.size) return { number: revision.number, savedAt: new Date(revision.saved_at), tiles };
        area = union(area, revision.area);
      }
      before = page.at(-1)?.number ?? 0;
    }
    const tiles = await this.differing(0, area);
    return tiles.size ? { number: 0, savedAt: null, tiles } : null;
  }

  /**
   * @param {number} number
   * @param {Area | null | "everything"} area
   */
  async differing(number, area) {
    if (area === null) return new Map();
    const part = area === "everything" ? undefined : area;
    return changesTo(this.map, (await this.load(number, part)).map, part);
  }

  /**
   * Has the server make a revision the newest. Asked again after no answer, it does that once.
   * @param {number} number
   * @param {number} head
   */
  async restore(number, head) {
    if (this.asked?.number !== number || this.asked.head !== head) {
      this.asked = { number, head, key: crypto.randomUUID() };
    }
    const headers = { "If-Match": `"${head}"`, "Idempotency-Key": this.asked.key };
    const answer = await postForm(`${this.urls.save}${number}/restore/`, new FormData(), headers);
    this.asked = null;
    return answer;
  }
}

/**
 * What must be put into a map to make it another.
 * @param {LabelMap} now
 * @param {LabelMap} then
 * @param {Area} [area] within this
 * @returns {Tiles}
 */
export function changesTo(now, then, area) {
  /** @type {Tiles} */
  const tiles = new Map();
  for (const key of new Set([...now.tiles.keys(), ...then.tiles.keys()])) {
    if (area && !contains(area, now.saveKey(key) % now.saveColumns, Math.floor(now.saveKey(key) / now.saveColumns)))
      continue;
    if (!isSame(now.tiles.get(key), then.tiles.get(key))) tiles.set(key, then.tiles.get(key));
  }
  return tiles;
}

const NOTHING = new Uint8Array(2 * PLANE);

/**
 * @param {Uint8Array} [one]
 * @param {Uint8Array} [other]
 */
function isSame(one = NOTHING, other = NOTHING) {
  if (one === other) return true;
  const [words, others] = [one, other].map((tile) => new Uint32Array(tile.buffer, tile.byteOffset, tile.length / 4));
  return words.every((word, index) => word === others[index]);
}

/**
 * @param {Area} area
 * @param {number} column
 * @param {number} row
 */
function contains(area, column, row) {
  const [right, down] = [column - area.column, row - area.row];
  return right >= 0 && down >= 0 && right < area.columns && down < area.rows;
}

/**
 * The smallest area around two.
 * @param {Area | null | "everything"} one
 * @param {Area | null} other
 * @returns {Area | null | "everything"}
 */
function union(one, other) {
  if (one === "everything" || !other) return one;
  if (!one) return other;
  const column = Math.min(one.column, other.column);
  const row = Math.min(one.row, other.row);
  return {
    column,
    row,
    columns: Math.max(one.column + one.columns, other.column + other.columns) - column,
    rows: Math.max(one.row + one.rows, other.row + other.rows) - row,
  };
}
