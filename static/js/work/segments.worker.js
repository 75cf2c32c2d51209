// Fetches, decodes and indexes superpixel maps beside the page.

import { growTree, parseTree } from "../core/mergetree.js";
import { decodeGrey } from "../core/png.js";
import { borderPixels, boundingBoxes } from "../core/segments.js";
import { RequestError, request } from "../net/api.js";

/** @type {Map<number, AbortController>} */
const running = new Map();

addEventListener("message", async ({ data: { number, png, tree, aborted } }) => {
  if (aborted) return running.get(number)?.abort();
  const controller = new AbortController();
  running.set(number, controller);
  try {
    const map = await fetchMap(png, tree, controller.signal);
    postMessage({ number, map }, { transfer: buffersOf(map) });
  } catch (error) {
    postMessage({ number, error: plain(error) });
  }
  running.delete(number);
});

/**
 * @param {string} png
 * @param {string | null} tree null when only the numbers are wanted
 * @param {AbortSignal} signal
 */
async function fetchMap(png, tree, signal) {
  // One after the other: the second is kept by then, and a busy server is asked but once.
  const response = await request(png, { signal });
  const { width, height, pixels: ids } = await decodeGrey(new Uint8Array(await response.arrayBuffer()));
  if (!tree) return { ids };
  const answer = await request(tree, { signal, headers: { Accept: "application/octet-stream" } });
  const grown = growTree(parseTree(await answer.arrayBuffer(), width, height));
  return { ids, boxes: boundingBoxes(ids, width, grown.segments), borders: borderPixels(ids, width), tree: grown };
}

/**
 * All memory of a map, which changes hands rather than being copied.
 * @param {object} value
 * @returns {ArrayBuffer[]}
 */
function buffersOf(value) {
  const buffers = Object.values(value).flatMap((each) => {
    if (ArrayBuffer.isView(each)) return [/** @type {ArrayBuffer} */ (each.buffer)];
    return each && typeof each === "object" ? buffersOf(each) : [];
  });
  return [...new Set(buffers)];
}

/** An error as it travels between threads. @param {unknown} error */
function plain(error) {
  const { status, retryAfter } = error instanceof RequestError ? error : { status: 0, retryAfter: 0 };
  return { message: error instanceof Error ? error.message : String(error), status, retryAfter };
}
