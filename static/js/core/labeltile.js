// A tile of labels on its way to the server. No DOM; works in workers and in Node.

import { encodeGrey } from "./png.js";
import { SAVE_TILE } from "./tiles.js";

/**
 * @param {Uint8Array<ArrayBuffer>} pixels of a save tile
 * @returns {Promise<{ digest: string, png: Blob }>} SHA-256 of the pixels, in hex, and their PNG
 */
export async function encodeTile(pixels) {
  const [digest, png] = await Promise.all([sha256(pixels), encodeGrey(pixels, SAVE_TILE, SAVE_TILE)]);
  return { digest, png: new Blob([png], { type: "image/png" }) };
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
