// Two people, or two windows, saved upon the same revision: both versions side by side, and a choice that loses neither.

import { difference } from "../core/compare.js";
import { lookupTable } from "../core/palette.js";
import { LabelMap } from "../core/tiles.js";
import { postForm, RequestError } from "../net/api.js";
import { ask, dialog } from "../ui/dialogs.js";
import { find } from "../ui/find.js";

/** @import { Kind } from "../net/attempt.js" */
/** @import { LabelWorker } from "../net/labels.js" */
/** @import { Saver, Theirs } from "../net/saver.js" */
/** @import { Cover } from "../ui/status.js" */

const SIDE = 320;

/**
 * @typedef {object} Parts
 * @property {EditorConfig} config
 * @property {LabelMap} map what is on the screen
 * @property {Saver} saver whose save was refused
 * @property {LabelWorker} worker
 * @property {Cover} cover shown from the choice on: what was painted then would be in neither version
 * @property {(kind: Kind, sentence: string, sending: Promise<any>) => Promise<any>} keepCovered
 * @property {(sentence: string) => Promise<unknown>} untilAgain
 */

/**
 * Asks, and does what was chosen; asks anew when somebody saved once more in between.
 * @param {Parts} parts
 * @returns {Promise<boolean>} whether theirs are the newest now, and the page is to show them
 */
export async function settle(parts) {
  const { saver, keepCovered } = parts;
  while (saver.state.phase === "conflict") {
    const { choice, names, theirs } = await askWhoseToKeep(parts);
    if (!choice) return false;
    await keepCovered("checkpoint", "Saving your labels…", saver.keepMine(names));
    if (choice === "theirs" && !saver.unsaved) {
      await takeTheirs(parts, theirs);
      return true;
    }
  }
  return false;
}

/**
 * @param {Parts} parts
 * @returns {Promise<{ choice: string, names: string[], theirs: Theirs }>} "mine", "theirs" or ""; their tiles
 */
async function askWhoseToKeep({ config, map, saver, worker }) {
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
 * Makes their labels the newest again, once mine are a revision too: by the same request until it has an answer.
 * @param {Parts} parts
 * @param {Theirs} theirs
 */
async function takeTheirs({ config, saver, cover, untilAgain }, theirs) {
  const headers = { "If-Match": `"${saver.head}"`, "Idempotency-Key": crypto.randomUUID() };
  for (;;) {
    cover.show("Restoring their labels…");
    try {
      return await postForm(`${config.urls.save}${theirs.head}/restore/`, new FormData(), headers);
    } catch (error) {
      if (!(error instanceof RequestError && (error.unanswered || error.status === 401))) throw error;
      await untilAgain(error.message);
    }
  }
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
