// The editor's way to the images opened before and after this one: what is not saved is saved first.

/** @import { Saver } from "../net/saver.js" */
/** @import { Cover } from "../ui/status.js" */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.root
 * @param {() => boolean} parts.nothingBegun whether nothing is begun that a save would leave out
 * @param {Saver} parts.saver
 * @param {Cover} parts.cover
 * @param {(sentence: string) => void} parts.tell
 * @param {(url: string) => void} parts.leave
 */
export function createNeighbours({ root, nothingBegun, saver, cover, tell, leave }) {
  const [previous, next] = ["prev", "next"].map((rel) => root.querySelector(`a[rel="${rel}"]`));

  /** @param {Element | null} link missing where there is no such image */
  async function go(link) {
    if (!(link instanceof HTMLAnchorElement) || !nothingBegun()) return;
    if (saver.unsaved) {
      cover.show("Saving…");
      await saver.save("autosave");
      cover.hide();
    }
    if (!saver.unsaved) leave(link.href);
    else tell(`${saver.state.message} This image stays open until its work is saved.`.trim());
  }

  for (const link of [previous, next]) {
    link?.addEventListener("click", (event) => {
      const { ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
      if (ctrlKey || metaKey || shiftKey) return; // another tab or window
      event.preventDefault();
      go(link);
    });
  }

  return { commands: { nextImage: () => go(next), previousImage: () => go(previous) } };
}
