// What this person painted in this browser and could not save before the page was closed.

import { LabelMap } from "../core/tiles.js";
import { RequestError } from "../net/api.js";
import { unpack } from "../net/attempt.js";
import { clock } from "../ui/status.js";
import { tilesOf } from "../work/drafts.js";

/** @import { LabelWorker } from "../net/labels.js" */
/** @import { Saver } from "../net/saver.js" */
/** @import { Draft, Drafts } from "../work/drafts.js" */
/** @import { Painter } from "../work/painter.js" */

/**
 * @typedef {object} Parts
 * @property {EditorConfig} config
 * @property {LabelMap} map
 * @property {Painter} painter
 * @property {Saver} saver
 * @property {LabelWorker} worker
 * @property {Drafts} drafts
 * @property {(sentence: string) => void} mention
 * @property {(sending: Promise<any>) => Promise<void>} leaveWith
 * @property {() => unknown} reload
 * @property {(sentence: string, mine: LabelMap) => Promise<unknown>} rescue
 */

/**
 * Lays a draft over the labels it was made upon, and sends first what had no answer.
 * @param {Parts} parts
 * @param {Draft} draft
 */
export async function bringBack(parts, draft) {
  const { map, painter, saver, leaveWith, reload, mention } = parts;
  const { annotation } = parts.config;
  if (draft.base !== annotation.head) {
    map.tiles.clear();
    saver.stored = new Set(await loadBase(parts, draft, map));
    saver.head = draft.base;
  }
  painter.restore(tilesOf(draft));
  saver.pending = draft.request && unpack(draft.request);
  mention(`Your unsaved work of ${clock(draft.at)} was brought back.`);
  if (saver.pending?.kind === "ground_truth") return leaveWith(saver.sendAgain());
  saver.save("autosave").then((answer) => {
    // Of a request that had arrived, the revision may be outdated by now.
    if (answer && saver.head < annotation.head && !saver.unsaved) reload();
  });
}

/**
 * A draft of what is closed by now, perhaps by its own request.
 * @param {Parts} parts
 * @param {Draft} draft
 */
export async function settleClosed(parts, draft) {
  const { config, map, saver, drafts, rescue } = parts;
  if (draft.request) {
    const answer = await saver.deliver(unpack(draft.request)).catch((error) => error);
    saver.pending = null;
    map.dirty.clear();
    if (answer.unanswered) return;
  }
  if (drafts.empty) return;
  const mine = new LabelMap(map.width, map.height);
  await loadBase(parts, draft, mine);
  mine.swap(tilesOf(draft));
  const why = config.annotation.ended || "This image was closed before.";
  await rescue(`Your work of ${clock(draft.at)} could not be saved. ${why}`, mine);
}

/**
 * Loads what a draft was made upon; if that was an autosave and was thinned out since, what there is now.
 * @param {Parts} parts
 * @param {Draft} draft
 * @param {LabelMap} into
 */
async function loadBase({ config, worker }, { base }, into) {
  try {
    return await worker.load(into, config.urls, base);
  } catch (error) {
    if (!(error instanceof RequestError && error.status === 404)) throw error;
    return worker.load(into, config.urls, config.annotation.head);
  }
}
