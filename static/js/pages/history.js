// The editor's past: undo that goes on by saves, the list of revisions, a look at one of them, and bringing it back. All
// but the first is loaded when it is first asked for.

import { Ledger } from "../core/ledger.js";
import { RequestError } from "../net/api.js";
import { find } from "../ui/find.js";

/** @import { History } from "../core/history.js" */
/** @import { LabelMap, Tiles } from "../core/tiles.js" */
/** @import { LabelWorker } from "../net/labels.js" */
/** @import { Saver } from "../net/saver.js" */
/** @import { Cover } from "../ui/status.js" */
/** @import { Stage } from "../view/stage.js" */
/** @import { Painter, Settled } from "../work/painter.js" */
/** @import { Revision } from "../work/past.js" */

const INPUTS = ["pointerdown", "pointerup", "keydown", "wheel"];
const EMPTY_START = "the empty start";

/**
 * A ledger of what happens in this page.
 * @param {Painter} painter
 */
export function keepLedger(painter) {
  const ledger = new Ledger(() => performance.now());
  const idle = window.requestIdleCallback ?? ((/** @type {() => void} */ what) => setTimeout(what, 200));
  let counting = false;
  const count = () => {
    counting = ledger.countOne();
    if (counting) idle(count);
  };
  for (const name of INPUTS) addEventListener(name, () => ledger.input(), { capture: true, passive: true });
  painter.addEventListener("settled", (event) => {
    ledger.settled(/** @type {CustomEvent<Settled>} */ (event).detail, painter.map.tiles);
    if (!counting) idle(count);
    counting = true;
  });
  return {
    /** The pointer moved over the image: told by who hears it anyway, since a listener more costs as much as painting. */
    moved: () => ledger.input(),
    activity: () => ledger.take(() => new Promise((resolve) => setTimeout(resolve))),
    giveBack: ledger.giveBack.bind(ledger),
  };
}

/** Which revision the oldest step of undo began at. */
export class Bottom {
  /**
   * @param {History} history
   * @param {{ head: number }} saver
   */
  constructor(history, saver) {
    this.history = history;
    this.saver = saver;
    this.number = saver.head;
    /** Whether it began at that very revision, or somewhere after it. */
    this.exact = true;
    /** The head when a step was made. @type {WeakMap<Tiles, number>} */
    this.heads = new WeakMap();
    /** @type {Tiles | undefined} */
    this.oldest = undefined;
  }

  /** @param {Settled} settled */
  settled({ before }) {
    if (!this.heads.has(before)) this.heads.set(before, this.saver.head);
    const oldest = this.history.past.at(0);
    // Steps that went beyond the memory of undo are gone: the oldest is now one made later.
    if (this.oldest && oldest && oldest !== this.oldest) {
      this.number = this.heads.get(oldest) ?? this.number;
      this.exact = false;
    }
    this.oldest = oldest;
  }

  /**
   * Undo went on to a revision.
   * @param {number} number
   * @param {Tiles} tiles the step from there
   */
  reached(number, tiles) {
    this.number = number;
    this.exact = true;
    this.heads.set(tiles, number);
  }
}

/**
 * @param {object} parts
 * @param {EditorConfig} parts.config
 * @param {HTMLElement} parts.root
 * @param {LabelMap} parts.map
 * @param {Painter} parts.painter
 * @param {Saver} parts.saver
 * @param {LabelWorker} parts.worker
 * @param {Stage} parts.stage
 * @param {Cover} parts.cover
 * @param {() => boolean} parts.readOnly
 * @param {(sentence: string) => void} parts.tell
 */
export function createHistory({ config, root, map, painter, saver, worker, stage, cover, readOnly, tell }) {
  const bottom = new Bottom(painter.history, saver);
  const aside = find(root, "#history", HTMLElement);
  const banner = find(root, "#looking", HTMLElement);
  const restoring = find(banner, "[data-command=restore]", HTMLButtonElement);
  /** What is looked at. @type {{ revision: Revision, map: LabelMap, names: string[] } | null} */
  let looked = null;
  /** Counts looks, so that only the last one is shown. */
  let looks = 0;
  let seeking = false;
  /** @type {Promise<import("../work/past.js").Past> | undefined} */
  let loadedPast;
  /** @type {Promise<import("../ui/history.js").Strip> | undefined} */
  let loadedStrip;

  painter.addEventListener("settled", (event) => bottom.settled(/** @type {CustomEvent<Settled>} */ (event).detail));

  function past() {
    loadedPast ??= import("../work/past.js").then(({ Past }) => new Past(map, config.urls, worker));
    return loadedPast;
  }

  function strip() {
    loadedStrip ??= Promise.all([import("../ui/history.js"), past()]).then(
      ([{ Strip }, loaded]) => new Strip(aside, { config, past: loaded, saver, look, attempt }),
    );
    return loadedStrip;
  }

  /** Does what may fail, and says so. @param {() => Promise<unknown>} what */
  async function attempt(what) {
    try {
      await what();
    } catch (error) {
      if (error instanceof RequestError && error.status === 412) return saver.failed(error);
      tell(error instanceof Error ? error.message : String(error));
    }
  }

  async function undo() {
    if (painter.busy || painter.history.past.length) return painter.undo();
    if (seeking || !here.canUndo) return;
    seeking = true;
    await attempt(undoSave);
    seeking = false;
  }

  async function undoSave() {
    const [next] = painter.history.future.slice(-1);
    tell("Looking for what was saved before…");
    const step = await (await past()).stepBack(bottom.number, bottom.exact);
    // Whoever painted or submitted meanwhile goes on from there.
    const { past: steps, future } = painter.history;
    if (cover.shown || painter.busy || steps.length || future.at(-1) !== next) return tell("");
    bottom.reached(step?.number ?? 0, step?.tiles ?? new Map());
    painter.undoTo(step?.tiles ?? new Map());
    if (!step) return tell("There is nothing older to go back to.");
    const state = step.savedAt ? `the state of ${atTime(step.savedAt)}` : EMPTY_START;
    const further = step.number ? "Ctrl+Z again goes further; " : "";
    tell(`Undo goes on by saves: back to ${state}. ${further}Ctrl+Shift+Z comes back.`);
  }

  /** @param {Revision} revision */
  async function look(revision) {
    if (looked?.revision.number === revision.number) return leave();
    const turn = ++looks;
    await attempt(async () => {
      const labels = await (await past()).load(revision.number);
      if (turn !== looks) return;
      looked = { revision, ...labels };
      stage.show(labels.map);
      showBanner();
    });
  }

  /** Back to what is being worked on. @returns {boolean} whether something else was looked at */
  function leave() {
    looks++;
    if (!looked) return false;
    looked = null;
    stage.show(map);
    showBanner();
    return true;
  }

  async function showBanner() {
    banner.hidden = !looked;
    restoring.hidden = readOnly() || (looked?.revision.number === saver.head && !saver.unsaved);
    const text = find(banner, "#looking-text", HTMLElement);
    text.textContent = looked ? `Labels as of ${atTime(new Date(looked.revision.saved_at))}` : "";
    (await strip()).mark(looked?.revision.number);
  }

  async function restore() {
    if (!looked || readOnly() || painter.busy) return;
    const { revision, map: then, names } = looked;
    const when = atTime(new Date(revision.saved_at));
    cover.show(`Restoring the labels of ${when}…`);
    await attempt(async () => {
      if (saver.unsaved && !(await saver.save("checkpoint"))) throw new Error(saver.state.message);
      const [loaded, { changesTo }] = await Promise.all([past(), import("../work/past.js")]);
      await saver.between(async () => {
        const answer = await loaded.restore(revision.number, saver.head);
        painter.restore(changesTo(map, then));
        saver.adopt(answer, names);
      });
      leave();
      tell(`The labels of ${when} are the newest now. Undo brings back what was there before.`);
    });
    cover.hide();
  }

  async function toggle() {
    aside.hidden = !aside.hidden;
    if (aside.hidden) leave();
    else await attempt(async () => (await strip()).open());
  }

  const here = {
    get canUndo() {
      return painter.history.past.length > 0 || bottom.number > 0 || !bottom.exact;
    },
    leave,
    /** What may be done whoever looks. */
    looking: { history: toggle, present: leave, restore },
    undo,
  };
  return here;
}

/** @param {Date} time */
function atTime(time) {
  const today = time.toDateString() === new Date().toDateString();
  return today
    ? time.toLocaleTimeString("en-GB")
    : time.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}
