// Takes stored labels apart and encodes those that are saved, beside the page.

import { encodeTile } from "../core/labeltile.js";
import { decodeGrey } from "../core/png.js";
import { LabelMap, SAVE_TILE } from "../core/tiles.js";
import { unpack } from "../net/labels.js";

const PORTION = 8; // places of 512 × 512 pixels a message: a tenth of a second of nothing is worse than a few messages

addEventListener("message", async ({ data: { number, pixels, packed, width, height } }) => {
  try {
    if (pixels) postMessage({ number, answer: await encodeTile(pixels) });
    else postMessage({ number, answer: await decode(number, packed, new LabelMap(width, height)) });
  } catch (error) {
    postMessage({ number, error: error instanceof Error ? error.message : String(error) });
  }
});

/**
 * Sends the tiles of both planes, a portion a message.
 * @param {number} number
 * @param {ArrayBuffer[]} packed one buffer a plane
 * @param {LabelMap} map to put them together in
 * @returns {Promise<import("../net/labels.js").Place[]>} what is stored
 */
async function decode(number, packed, map) {
  const stored = packed.flatMap((buffer, plane) => unpack(buffer).tiles.map((tile) => ({ ...tile, plane })));
  const places = Map.groupBy(stored, ({ column, row }) => row * map.saveColumns + column);
  const keys = [...places.keys()];
  for (let first = 0; first < keys.length; first += PORTION) {
    const tiles = keys.slice(first, first + PORTION).flatMap((key) => places.get(key) ?? []);
    const pixels = await Promise.all(tiles.map(({ png }) => decodeTile(png)));
    tiles.forEach(({ plane, column, row }, index) => {
      map.load(/** @type {0 | 1} */ (plane), column, row, pixels[index]);
    });
    postMessage({ number, portion: map.tiles }, { transfer: [...map.tiles.values()].map(({ buffer }) => buffer) });
    map.tiles.clear();
  }
  return stored.map(({ plane, column, row }) => ({ plane, column, row }));
}

/** @param {Uint8Array<ArrayBuffer>} png */
async function decodeTile(png) {
  const { width, height, pixels } = await decodeGrey(png);
  if (width !== SAVE_TILE || height !== SAVE_TILE) throw new Error("The stored labels are damaged.");
  return /** @type {Uint8Array} */ (pixels);
}
