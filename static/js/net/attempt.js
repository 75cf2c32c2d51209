// One save on its way: the request, which may be sent again without harm, and what it concerned. Works in Node too.

import { sha256 } from "../core/labeltile.js";
import { RequestError } from "./api.js";
import { nameOf } from "./labels.js";

/** @import { LabelMap } from "../core/tiles.js" */

/** @typedef {"autosave" | "checkpoint" | "ground_truth"} Kind */
/** @typedef {{ plane: 0 | 1, column: number, row: number, pixels_sha256: string, cleared: boolean }} TileEntry */
/** @typedef {{ digest: string, png: Blob }} Encoded SHA-256 of the pixels, in hex, and their PNG */
/** @typedef {(pixels: Uint8Array<ArrayBuffer>) => Promise<Encoded>} Encode */

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
 * @property {number} change the last change of the labels that is in it
 */

/** An attempt as a browser keeps it. @typedef {Omit<Attempt, "form"> & { parts: [string, string | Blob][] }} Packed */

/**
 * What keeps unsaved work in the browser.
 * @typedef {object} Keeper
 * @property {() => number} mark the number of the last change; what comes next has another one
 * @property {(attempt: Attempt) => void} sent
 * @property {(change: number, head: number) => void} answered everything up to a change is in revision `head`
 * @property {() => void} refused
 */

/**
 * - waiting: a request has no answer yet and is sent again by itself
 * - signed out: also when somebody else is logged in now
 * - closed: nothing can be saved here any more
 * - failed: anything else
 * @typedef {"saved" | "unsaved" | "saving" | "waiting" | "failed" | "conflict" | "signed-out" | "closed"} Phase
 */

const PLANES = /** @type {const} */ ([0, 1]);
const AT_ONCE = 3; // places, so that the page gets its frames in between

/**
 * @param {object} save
 * @param {Kind} save.kind
 * @param {LabelMap} save.map
 * @param {ReturnType<LabelMap["takeSnapshot"]>} save.snapshot
 * @param {number} save.change
 * @param {number} save.head
 * @param {Set<string>} save.stored names of the tiles that the server holds
 * @param {Map<string, string>} save.digests of tiles that the server holds
 * @param {Promise<object> | object} save.activity
 * @param {Encode} save.encode
 * @returns {Promise<Attempt>}
 */
export async function makeAttempt({ kind, map, snapshot, change, head, stored, digests, activity, encode }) {
  const form = new FormData();

  /**
   * @param {number} saveKey
   * @param {0 | 1} plane
   * @returns {Promise<TileEntry | null>} null when the server has it already
   */
  async function addTile(saveKey, plane) {
    const { saveColumns } = map;
    const place = { plane, column: saveKey % saveColumns, row: Math.floor(saveKey / saveColumns) };
    const name = nameOf(place);
    const pixels = map.savePixels(snapshot.tiles, saveKey, plane);
    if (!pixels) return stored.has(name) ? { ...place, pixels_sha256: "", cleared: true } : null;
    const { digest, png } = await encode(pixels);
    if (digests.get(name) === digest) return null;
    form.set(name, png, `${plane}.png`);
    return { ...place, pixels_sha256: digest, cleared: false };
  }

  /** @type {TileEntry[]} */
  const tiles = [];
  const keys = [...snapshot.dirty];
  while (keys.length) {
    const some = keys.splice(0, AT_ONCE);
    const entries = some.flatMap((key) => PLANES.map((plane) => addTile(key, plane)));
    tiles.push(...(await Promise.all(entries)).filter((entry) => entry !== null));
  }
  const lines = tiles.map((tile) => `${nameOf(tile)}:${tile.cleared ? "cleared" : tile.pixels_sha256}\n`).sort();
  const digest = await sha256(new TextEncoder().encode(lines.join("")));
  const known = await activity;
  form.set("save", JSON.stringify({ kind, saved_sha256: digest, tiles, activity: known }));
  const key = crypto.randomUUID();
  return { kind, key, head, form, tiles, digest, dirty: snapshot.dirty, activity: known, change };
}

/** @param {Attempt} attempt @returns {Packed} */
export function pack({ form, ...rest }) {
  return { ...rest, parts: [...form] };
}

/** The very same request again. @param {Packed} packed @returns {Attempt} */
export function unpack({ parts, ...rest }) {
  const form = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === "string") form.set(name, value);
    else form.set(name, value, `${name[0]}.png`);
  }
  return { ...rest, form };
}

/**
 * How saving stands after a failure.
 * @param {unknown} error
 * @returns {Phase}
 */
export function phaseAfter(error) {
  if (!(error instanceof RequestError)) return "failed";
  if (error.unanswered) return "waiting";
  if (error.status === 401) return "signed-out";
  if (error.status === 412) return "conflict";
  // Without a sentence of the server's, 403 is about the log-in of before.
  return [403, 404, 409].includes(error.status) && error.answer.error ? "closed" : "failed";
}
