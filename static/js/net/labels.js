// Stored labels, as the server packs them: the length of a JSON header, the header, then one PNG a tile. A worker takes
// them apart and encodes what is saved, so that the page never waits for that.

import { encodeTile } from "../core/labeltile.js";
import { request } from "./api.js";

/** @import { LabelMap } from "../core/tiles.js" */

/** @typedef {{ plane: number, column: number, row: number }} Place of a save tile */
/** @typedef {{ column: number, row: number, columns: number, rows: number }} Area of the label grid, in saved tiles */

/**
 * @param {ArrayBuffer} buffer
 * @returns {{ revision: number, tiles: { column: number, row: number, png: Uint8Array<ArrayBuffer> }[] }}
 */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let offset = 4 + length;
  const tiles = header.tiles.map((/** @type {{ column: number, row: number, length: number }} */ tile) => {
    const png = new Uint8Array(buffer, offset, tile.length);
    offset += tile.length;
    return { column: tile.column, row: tile.row, png };
  });
  if (offset !== buffer.byteLength) throw new Error("The labels arrived incomplete. Reload the page.");
  return { revision: header.revision, tiles };
}

/**
 * Both planes at a revision, packed.
 * @param {EditorConfig["urls"]} urls
 * @param {number} revision
 * @param {Partial<Area>} area
 * @returns {Promise<ArrayBuffer[]>}
 */
function fetchPacked(urls, revision, area) {
  const query = Object.entries({ revision, ...area }).map(([name, number]) => `${name}=${number}`);
  const planes = [urls.labels0, urls.labels1].map((url) => request(`${url}?${query.join("&")}`));
  return Promise.all(planes.map(async (response) => (await response).arrayBuffer()));
}

/**
 * The tiles of both planes at a revision.
 * @param {EditorConfig["urls"]} urls
 * @param {number} revision
 * @param {Partial<Area>} [area] by default everything
 */
export async function fetchTiles(urls, revision, area = {}) {
  if (revision === 0) return [];
  const packed = await fetchPacked(urls, revision, area);
  return packed.flatMap((buffer, plane) => unpack(buffer).tiles.map((tile) => ({ ...tile, plane })));
}

export class LabelWorker {
  /** @param {string} url of the worker's module */
  constructor(url) {
    this.number = 0;
    this.broken = false;
    /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void, portion: (tiles: any) => void }>} */
    this.waiting = new Map();
    this.worker = new Worker(url, { type: "module" });
    this.worker.addEventListener("message", ({ data: { number, portion, answer, error } }) => {
      const waiting = this.waiting.get(number);
      if (portion) return waiting?.portion(portion);
      this.waiting.delete(number);
      if (error) waiting?.reject(new Error(error));
      else waiting?.resolve(answer);
    });
    this.worker.addEventListener("error", () => {
      this.broken = true;
      for (const { reject } of this.waiting.values()) reject(new Error("Labels cannot be packed in the background."));
      this.waiting.clear();
    });
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} pixels of a save tile; they change hands
   * @returns {ReturnType<typeof encodeTile>}
   */
  encode(pixels) {
    return this.broken ? encodeTile(pixels) : this.ask({ pixels }, [pixels.buffer]);
  }

  /**
   * Fills the map from the server.
   * @param {LabelMap} map
   * @param {EditorConfig["urls"]} urls
   * @param {number} revision
   * @param {object} [options]
   * @param {Partial<Area>} [options.area] by default everything
   * @param {(tiles: Iterable<number>) => void} [options.arrived] called with the keys of each portion
   * @returns {Promise<string[]>} the names of the stored tiles
   */
  async load(map, urls, revision, { area = {}, arrived = () => {} } = {}) {
    if (revision === 0) return [];
    const packed = await fetchPacked(urls, revision, area);
    const { width, height } = map;
    /** @type {Place[]} */
    const places = await this.ask({ packed, width, height }, packed, (/** @type {Map<number, Uint8Array>} */ tiles) => {
      for (const [key, tile] of tiles) map.tiles.set(key, tile);
      arrived(tiles.keys());
    });
    return places.map(nameOf);
  }

  /**
   * @param {object} what
   * @param {ArrayBuffer[]} buffers that change hands
   * @param {(portion: any) => void} [portion] what comes before the answer
   * @returns {Promise<any>}
   */
  ask(what, buffers, portion = () => {}) {
    const number = ++this.number;
    this.worker.postMessage({ number, ...what }, buffers);
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject, portion }));
  }
}

/**
 * A tile as a save names it.
 * @param {Place} place
 */
export function nameOf({ plane, column, row }) {
  return `${plane}/${column}/${row}`;
}
