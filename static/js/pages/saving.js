// The editor's saving: what is sent when, what the person is told of it, and what happens when it cannot be sent. What
// is seldom needed is loaded when it is: by then the server has answered.

import { postForm, RequestError } from "../net/api.js";
import { LabelWorker } from "../net/labels.js";
import { Saver } from "../net/saver.js";
import { ask, dialog } from "../ui/dialogs.js";
import { find } from "../ui/find.js";
import { elsewhereBanner, saveStatus, sentenceOf, TAB_ONLY } from "../ui/status.js";
import { Autosave } from "../work/autosave.js";
import { Drafts, draftStore } from "../work/drafts.js";
import { Tab } from "../work/tabs.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Kind } from "../net/attempt.js" */
/** @import { Cover } from "../ui/status.js" */
/** @import { Painter, Settled } from "../work/painter.js" */

const REMARK_MS = 12_000;
const LOOKED_AT = "This image is open in another tab, where you work on it. Here it can be looked at.";
const GONE_ON = "You went on in another tab. What is shown here may be out of date.";
const NOT_YET = "The other tab has work that is not saved yet. Go on there until it is.";
const OLD_PAGE = "Reload the page to go on. Your work is kept in this browser.";

/** Of a page that is left: nothing comes after it. @type {Promise<never>} */
const NEVER = new Promise(() => {});

/**
 * @param {object} parts
 * @param {EditorConfig} parts.config
 * @param {HTMLElement} parts.root
 * @param {LabelMap} parts.map
 * @param {Painter} parts.painter
 * @param {Cover} parts.cover
 * @param {(sentence: string) => void} parts.tell
 * @param {() => Promise<boolean>} parts.beforeGroundTruth whether the labels may be saved as they are
 * @param {ReturnType<typeof import("./history.js").keepLedger>} parts.ledger
 * @param {() => void} parts.rest called when the work goes on in another tab, and this one may only be looked at
 */
export function createSaving({ config, root, map, painter, cover, tell, beforeGroundTruth, ledger, rest }) {
  const { annotation, person, urls } = config;
  const worker = new LabelWorker(root.dataset.labelWorker ?? "");
  const drafts = new Drafts(map, draftStore(person.id, annotation.id));
  const saver = new Saver({
    map,
    drafts,
    head: annotation.head,
    send: (form, headers) => postForm(urls.save, form, { ...headers, "Labeler-Person": `${person.id}` }),
    encode: (pixels) => worker.encode(pixels),
    ...ledger,
  });
  const autosave = new Autosave(saver);
  const tab = new Tab(`annotation-${annotation.id}-${person.id}`, handOver);
  const showState = saveStatus(root, annotation.head);
  const showElsewhere = elsewhereBanner(root, workHere);
  const undecided = find(root, "#undecided", HTMLElement);
  find(undecided, "button", HTMLButtonElement).addEventListener("click", () => safely(settleConflict));
  let { phase } = saver.state;
  let remark = "";
  let timer = 0;
  let leaving = false;
  let submitting = false;
  let settling = false;

  /** @param {string} url */
  function leave(url) {
    leaving = true;
    cover.show(url === urls.home ? "Going home…" : "Opening the next image…");
    location.assign(url);
    return NEVER;
  }

  function reload() {
    leaving = true;
    location.reload();
    return NEVER;
  }

  async function saveGroundTruth() {
    if (submitting || painter.busy) return;
    submitting = true;
    try {
      if (map.isBlank() && (await ask(dialog(document, "blank-dialog"))) !== "yes") return;
      if (await beforeGroundTruth()) await leaveWith(saver.save("ground_truth"));
    } finally {
      submitting = false;
    }
  }

  /** Leaves once the ground truth has arrived. @param {Promise<any>} sending */
  async function leaveWith(sending) {
    const answer = await keepCovered("ground_truth", "Saving the ground truth…", sending);
    if (answer) await leave(answer.next);
    cover.hide();
  }

  /**
   * Until it is known whether what was sent has arrived the person stays here: what was painted now would come too late.
   * @param {Kind} kind
   * @param {string} sentence
   * @param {Promise<any>} sending
   * @returns {Promise<any>} the server's answer, or null
   */
  async function keepCovered(kind, sentence, sending) {
    for (; ; sending = saver.sendAgain()) {
      cover.show(sentence);
      const answer = await sending;
      if (answer || saver.pending?.kind !== kind) return answer;
      await untilAgain(saver.state.message);
    }
  }

  /** Until the person wants to try again, the network is back, or an answer came after all. @param {string} sentence */
  async function untilAgain(sentence) {
    const over = new AbortController();
    const { signal } = over;
    await Promise.race([
      cover.giveUp(sentence),
      new Promise((resolve) => window.addEventListener("online", resolve, { signal })),
      new Promise((resolve) => saver.addEventListener("change", () => saver.pending || resolve(null), { signal })),
    ]);
    over.abort();
  }

  function show() {
    undecided.hidden = settling || saver.state.phase !== "conflict";
    showState(saver.state, saver.waiting);
    document.body.dataset.revision = `${saver.head}`;
    tell(sentenceOf(saver.state, drafts.failing) || remark);
  }

  /** Something worth knowing for a while, whatever is saved meanwhile. @param {string} sentence "" for nothing */
  function mention(sentence) {
    clearTimeout(timer);
    remark = sentence;
    show();
    if (sentence) timer = window.setTimeout(() => mention(""), REMARK_MS);
  }

  // --- When it cannot be sent ----------------------------------------------------------------------------------------

  saver.addEventListener("change", () => {
    show();
    if (saver.state.phase === phase) return;
    phase = saver.state.phase;
    if (phase === "conflict") safely(settleConflict);
    else if (phase === "signed-out") safely(signIn);
    else if (phase === "closed") safely(settleRefused);
  });

  /** @param {() => Promise<unknown>} what */
  async function safely(what) {
    cover.hide();
    try {
      await what();
    } catch (error) {
      mention(error instanceof RequestError ? error.message : OLD_PAGE);
    }
  }

  async function settleConflict() {
    if (settling) return;
    settling = true;
    try {
      const { settle } = await import("./conflict.js");
      if (painter.busy) await new Promise((resolve) => painter.addEventListener("settled", resolve, { once: true }));
      const took = await settle({ config, map, saver, worker, cover, keepCovered, untilAgain });
      if (took) await reload();
    } finally {
      settling = false;
      cover.hide();
      show();
    }
  }

  async function signIn() {
    const { askToSignIn } = await import("./signing_in.js");
    await askToSignIn(config, saver.state.message);
    if (saver.state.phase === "signed-out") saver.save("autosave");
  }

  async function settleRefused() {
    const { message, status } = saver.state;
    if (await rescue(message, map, status !== 409)) leave(urls.home);
  }

  /**
   * Offers what cannot be saved any more as a file.
   * @param {string} sentence why
   * @param {LabelMap} mine
   * @param {boolean} [shut] whether this page may never open again
   * @returns {Promise<boolean>} whether the person let go of it
   */
  async function rescue(sentence, mine, shut = false) {
    const { offerAsFile } = await import("./rescue.js");
    const dropped = await offerAsFile(config, mine, sentence, shut);
    if (dropped) await drafts.drop();
    return dropped;
  }

  // --- Tabs ----------------------------------------------------------------------------------------------------------

  /** @param {string} sentence */
  function restHere(sentence) {
    drafts.rest();
    rest();
    showElsewhere(sentence);
  }

  async function handOver() {
    if (saver.unsaved && !painter.busy) await saver.save("autosave");
    if (saver.unsaved || cover.shown) return false;
    restHere(GONE_ON);
    return true;
  }

  async function workHere() {
    if (await tab.takeOver()) reload();
    else showElsewhere(NOT_YET);
  }

  // --- Opening -------------------------------------------------------------------------------------------------------

  /** Fills the map with what is stored, and with what this person painted upon it and could not save yet. */
  async function load() {
    const { readOnly, head } = annotation;
    const [names, draft] = await Promise.all([
      worker.load(map, urls, head, { arrived: (keys) => painter.touchTiles(keys) }),
      claim(),
    ]);
    saver.stored = new Set(names);
    drafts.base = draft?.base ?? head;
    if (draft) {
      const { bringBack, settleClosed } = await import("./bringing_back.js");
      const parts = { config, map, painter, saver, worker, drafts, mention, leaveWith, reload, rescue };
      if (readOnly) safely(() => settleClosed(parts, draft));
      else await bringBack(parts, draft);
    }
    show();
  }

  /** What is kept from earlier, unless another tab works on it. */
  async function claim() {
    if (annotation.readOnly || (await tab.claim())) return drafts.read();
    restHere(LOOKED_AT);
    return null;
  }

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && saver.unsaved) event.preventDefault();
  });
  // A page from the browser's memory may show labels that are long outdated.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  window.addEventListener("online", () => saver.pending?.kind !== "ground_truth" && saver.sendAgain());
  document.addEventListener("visibilitychange", () => drafts.flush());
  drafts.addEventListener("lost", () => mention(TAB_ONLY));
  painter.addEventListener("settled", (event) => {
    drafts.touched(/** @type {CustomEvent<Settled>} */ (event).detail.before.keys());
    saver.touched();
    autosave.touched();
  });

  return {
    saver,
    worker,
    leave,
    load,
    mention,
    commands: {
      checkpoint: () => saver.save("checkpoint"),
      groundTruth: saveGroundTruth,
    },
  };
}
