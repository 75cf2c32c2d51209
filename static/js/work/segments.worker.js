// Fetches and decodes superpixel maps beside the page. A new request ends the one before.

import { decodeGrey } from "../core/png.js";
import { boundingBoxes } from "../core/segments.js";
import { RequestError, request } from "../net/api.js";

const LONGEST_WAIT_S = 10;
let running = new AbortController();

addEventListener("message", async ({ data: { number, url } }) => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  try {
    const map = await fetchMap(url, signal);
    if (!signal.aborted) postMessage({ number, map }, { transfer: [map.ids.buffer, map.boxes.buffer] });
  } catch (error) {
    if (!signal.aborted) postMessage({ number, error: error instanceof Error ? error.message : String(error) });
  }
});

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function fetchMap(url, signal) {
  const response = await fetchPatiently(url, signal);
  const count = Number(response.headers.get("X-Segments"));
  const { width, pixels: ids } = await decodeGrey(new Uint8Array(await response.arrayBuffer()));
  return { ids, boxes: boundingBoxes(ids, width, count), count };
}

/**
 * A server that is busy and says for how long is asked once more.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function fetchPatiently(url, signal) {
  try {
    return await request(url, { signal });
  } catch (error) {
    if (!(error instanceof RequestError && error.status === 503 && error.retryAfter)) throw error;
    const { retryAfter } = error;
    await new Promise((resolve) => setTimeout(resolve, Math.min(retryAfter, LONGEST_WAIT_S) * 1000));
    signal.throwIfAborted();
    return request(url, { signal });
  }
}
