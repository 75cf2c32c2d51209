// The editor's saving: what is sent when, what the person is told of it, and whose labels stay when two people saved.

import { postForm } from "../net/api.js";
import { fetchTiles, LabelWorker, nameOf } from "../net/labels.js";
import { Saver } from "../net/saver.js";
import { ask, askWhoseToKeep, dialog } from "../ui/dialogs.js";
import { saveStatus } from "../ui/status.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Cover } from "../ui/status.js" */
/** @import { Painter } from "../work/painter.js" */

/**
 * @param {object} parts
 * @param {EditorConfig} parts.config
 * @param {HTMLElement} parts.root
 * @param {LabelMap} parts.map
 * @param {Painter} parts.painter
 * @param {Cover} parts.cover
 * @param {(sentence: string) => void} parts.tell
 * @param {ReturnType<typeof import("./history.js").keepLedger>} parts.ledger
 */
export function createSaving({ config, root, map, painter, cover, tell, ledger }) {
  const { annotation, urls } = config;
  const worker = new LabelWorker(root.dataset.labelWorker ?? "");
  const saver = new Saver({
    map,
    head: annotation.head,
    send: (form, headers) => postForm(urls.save, form, headers),
    encode: (pixels) => worker.encode(pixels),
    ...ledger,
  });
  const showState = saveStatus(root, annotation.head);
  let leaving = false;

  /** @param {string} url */
  function leave(url) {
    leaving = true;
    cover.show("Opening the next image…");
    location.assign(url);
  }

  async function saveGroundTruth() {
    if (painter.busy) return;
    if (map.isBlank() && (await ask(dialog(document, "blank-dialog"))) !== "yes") return;
    for (;;) {
      cover.show("Saving the ground truth…");
      const answer = await saver.save("ground_truth");
      if (answer) return leave(answer.next);
      if (saver.pending?.kind !== "ground_truth") return cover.hide();
      // It may have arrived. Whatever was painted now would come too late, so the person stays here until it is known.
      await cover.giveUp(saver.state.message);
    }
  }

  function show() {
    showState(saver.state);
    document.body.dataset.revision = `${saver.head}`;
    tell(saver.state.phase === "failed" ? saver.state.message : "");
  }

  saver.addEventListener("change", async () => {
    const { state } = saver;
    show();
    if (state.phase !== "conflict" || !state.theirs) return;
    cover.hide();
    const choice = await askWhoseToKeep(dialog(document, "conflict-dialog"), state.theirs);
    if (choice === "theirs") {
      leaving = true;
      location.reload();
    } else if (choice === "mine") await keepMine(state.theirs.head);
  });

  /** @param {number} head of their revision */
  async function keepMine(head) {
    try {
      await saver.keepMine((await fetchTiles(urls, head)).map(nameOf));
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
    }
  }

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && saver.unsaved) event.preventDefault();
  });
  // A page from the browser's memory may show labels that are long outdated.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  painter.addEventListener("settled", () => saver.touched());

  return {
    saver,
    worker,
    leave,
    /** Fills the map with what is stored. */
    async load() {
      const stored = await worker.load(map, urls, annotation.head, { arrived: (keys) => painter.touchTiles(keys) });
      saver.stored = new Set(stored);
      show();
    },
    commands: {
      checkpoint: () => saver.save("checkpoint"),
      groundTruth: saveGroundTruth,
    },
  };
}
