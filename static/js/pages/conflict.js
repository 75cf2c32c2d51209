// Two people, or two windows, saved upon the same revision: both versions side by side, and a choice that loses neither.

import { difference } from "../core/compare.js";
import { lookupTable } from "../core/palette.js";
import { LabelMap } from "../core/tiles.js";
import { postForm } from "../net/api.js";
import { ask, dialog } from "../ui/dialogs.js";
import { find } from "../ui/find.js";

/** @import { LabelWorker } from "../net/labels.js" */
/** @import { Saver, Theirs } from "../net/saver.js" */

const SIDE = 320;

/**
 * @param {EditorConfig} config
 * @param {LabelMap} map what is on the screen
 * @param {Saver} saver whose save was refused
 * @param {LabelWorker} worker
 * @returns {Promise<{ choice: string, names: string[], theirs: Theirs }>} "mine", "theirs" or ""; their tiles
 */
export async function askWhoseToKeep(config, map, saver, worker) {
  const theirs = /** @type {Theirs} */ (saver.state.theirs);
  const other = new LabelMap(map.width, map.height);
  const names = await worker.load(other, config.urls, theirs.head);
  const element = dialog(document, "conflict-dialog");
  const { pixels, bounds } = difference(map, other);
  find(element, "#conflict-who", HTMLElement).textContent = whoSaved(theirs, config.person.username);
  find(element, "#conflict-count", HTMLElement).textContent = count(pixels);
  const table = lookupTable(config.categories);
  for (const [index, picture] of [...element.querySelectorAll("canvas")].entries()) {
    drawVersion(picture, index ? other : map, table, bounds);
  }
  for (const image of element.querySelectorAll("img")) image.src = config.urls.thumbnail;
  return { choice: await ask(element), names, theirs };
}

/**
 * Makes their labels the newest again, once mine are a revision too.
 * @param {EditorConfig["urls"]} urls
 * @param {Theirs} theirs
 * @param {number} head
 */
export function takeTheirs(urls, theirs, head) {
  const headers = { "If-Match": `"${head}"`, "Idempotency-Key": crypto.randomUUID() };
  return postForm(`${urls.save}${theirs.head}/restore/`, new FormData(), headers);
}

/**
 * @param {Theirs} theirs
 * @param {string} me
 */
function whoSaved({ author, savedAt }, me) {
  const time = savedAt ? new Date(savedAt).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "";
  if (author === me) return `You saved these labels in another window on ${time}, after this one was opened.`;
  return `${author} saved these labels on ${time}, after you opened them.`;
}

/** @param {number} pixels */
function count(pixels) {
  if (!pixels) return "No pixel has another label.";
  const number = pixels.toLocaleString("en-GB");
  return pixels === 1 ? "1 pixel differs; it is framed." : `${number} pixels differ, within the frame.`;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {LabelMap} map
 * @param {Uint32Array} table
 * @param {Rect | null} frame
 */
function drawVersion(canvas, map, table, frame) {
  const step = Math.max(map.width, map.height) / SIDE;
  canvas.width = Math.max(1, Math.round(map.width / step));
  canvas.height = Math.max(1, Math.round(map.height / step));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0, at = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++, at++) {
      pixels[at] = table[map.get(Math.floor((x + 0.5) * step), Math.floor((y + 0.5) * step))];
    }
  }
  context.putImageData(image, 0, 0);
  if (!frame) return;
  for (const [color, width] of /** @type {[string, number][]} */ ([
    ["#ffffff", 4],
    ["#000000", 2],
  ])) {
    context.strokeStyle = color;
    context.lineWidth = width;
    const [x, y] = [frame.x0 / step - 2, frame.y0 / step - 2];
    context.strokeRect(x, y, frame.x1 / step + 2 - x, frame.y1 / step + 2 - y);
  }
}
