// Work that can be saved nowhere any more, offered as a file.

import { stem } from "../core/names.js";
import { encodeGrey } from "../core/png.js";
import { PLANE, TILE } from "../core/tiles.js";
import { ask, dialog } from "../ui/dialogs.js";
import { find } from "../ui/find.js";

/** @import { LabelMap } from "../core/tiles.js" */

/**
 * @param {EditorConfig} config
 * @param {LabelMap} map
 * @param {string} sentence why it cannot be saved
 * @param {boolean} shut whether this page may never open again
 * @returns {Promise<boolean>} whether the person lets go of it
 */
export async function offerAsFile({ image }, map, sentence, shut) {
  const element = dialog(document, "closed-dialog");
  find(element, "#closed-sentence", HTMLElement).textContent = sentence;
  find(element, "#closed-shut", HTMLElement).hidden = !shut;
  const button = find(element, "#closed-file", HTMLButtonElement);
  const over = new AbortController();
  button.addEventListener("click", () => download(map, `${stem(image.name)}-unsaved.png`), { signal: over.signal });
  const choice = await ask(element);
  over.abort();
  return choice === "drop";
}

/**
 * @param {LabelMap} map
 * @param {string} name
 */
async function download(map, name) {
  const png = await encodeGrey(maskOf(map), map.width, map.height);
  const url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The labels as one plane. @param {LabelMap} map */
export function maskOf(map) {
  const mask = new Uint8Array(map.width * map.height);
  for (const [key, tile] of map.tiles) {
    const { x0, y0, x1, y1 } = map.bounds(key);
    const labels = tile.subarray(0, PLANE);
    for (let y = y0; y < y1; y++) {
      const start = (y - y0) * TILE;
      mask.set(labels.subarray(start, start + x1 - x0), y * map.width + x0);
    }
  }
  return mask;
}
