// One save on its way: the request, which may be sent again without harm, and what it concerned. Works in Node too.

import { encodeGrey } from "../core/png.js";
import { SAVE_TILE } from "../core/tiles.js";
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
 * @property {number} change the last change of the labels that is in it
 */

/** An attempt as a browser keeps it. @typedef {Omit<Attempt, "form"> & { parts: [string, string | Blob][] }} Packed */

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
 * @param {() => object} save.activity
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
  form.set("save", JSON.stringify({ kind, saved_sha256: digest, tiles, activity: activity() }));
  return { kind, key: crypto.randomUUID(), head, form, tiles, digest, dirty: snapshot.dirty, change };
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
 * @param {Uint8Array<ArrayBuffer>} pixels of a save tile
 * @returns {Promise<Encoded>}
 */
export async function encodeTile(pixels) {
  const [digest, png] = await Promise.all([sha256(pixels), encodeGrey(pixels, SAVE_TILE, SAVE_TILE)]);
  return { digest, png: new Blob([png], { type: "image/png" }) };
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
