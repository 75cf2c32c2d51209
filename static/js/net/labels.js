// Stored labels, as the server packs them: the length of a JSON header, the header, then one PNG a tile.

import { decodeGrey } from "../core/png.js";
import { request } from "./api.js";

/** @import { LabelMap } from "../core/tiles.js" */

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
 * The tiles of both planes at a revision.
 * @param {EditorConfig["urls"]} urls
 * @param {number} revision
 * @param {Record<string, number>} [area] `column`, `row`, `columns`, `rows`; by default everything
 */
export async function fetchTiles(urls, revision, area = {}) {
  if (revision === 0) return [];
  const query = Object.entries({ revision, ...area }).map(([name, number]) => `${name}=${number}`);
  const planes = [urls.labels0, urls.labels1].map(async (url, plane) => {
    const response = await request(`${url}?${query.join("&")}`);
    const { tiles } = unpack(await response.arrayBuffer());
    return tiles.map((tile) => ({ ...tile, plane: /** @type {0 | 1} */ (plane) }));
  });
  return (await Promise.all(planes)).flat();
}

/**
 * Fills the map from the server.
 * @param {LabelMap} map
 * @param {EditorConfig["urls"]} urls
 * @param {number} revision
 * @param {Record<string, number>} [area]
 * @returns {Promise<string[]>} the names of the stored tiles
 */
export async function loadLabels(map, urls, revision, area) {
  const tiles = await fetchTiles(urls, revision, area);
  for (const { plane, column, row, png } of tiles) {
    const { pixels } = await decodeGrey(png);
    map.load(plane, column, row, /** @type {Uint8Array} */ (pixels));
  }
  return tiles.map(nameOf);
}

/**
 * A tile as a save names it.
 * @param {{ plane: number, column: number, row: number }} tile
 */
export function nameOf({ plane, column, row }) {
  return `${plane}/${column}/${row}`;
}
