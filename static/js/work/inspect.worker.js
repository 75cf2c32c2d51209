// Looks for gaps, holes and specks beside the page. It keeps the labels it was sent and the last survey of them.

import { mended, report } from "../core/findings.js";
import { spansOf, survey } from "../core/inspect.js";

/** @import { Mend, Question } from "../core/findings.js" */
/** @import { Survey } from "../core/inspect.js" */

/** @type {Map<number, Uint8Array>} */
const tiles = new Map();
/** @type {Survey} */
let all;

/** @type {Record<string, (what: any) => unknown>} */
const answers = {
  /** @param {[number, Uint8Array | null][]} changed tile key → its labels, null where there are none any more */
  take(changed) {
    for (const [key, tile] of changed) {
      if (tile) tiles.set(key, tile);
      else tiles.delete(key);
    }
  },
  /** @param {{ width: number, height: number }} size */
  survey({ width, height }) {
    all = survey(tiles, width, height);
  },
  /** @param {Question} question */
  report: (question) => report(all, question),
  /** @param {Mend} mend */
  mend: (mend) => spansOf(all, mended(all, mend)),
};

addEventListener("message", ({ data: { number, ask, what } }) => {
  try {
    postMessage({ number, answer: answers[ask](what) });
  } catch (error) {
    postMessage({ number, error: error instanceof Error ? error.message : String(error) });
  }
});
