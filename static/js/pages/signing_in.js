// A session that ended: the person logs in again in a window of its own, and the editor goes on.

import { ask, dialog } from "../ui/dialogs.js";
import { find } from "../ui/find.js";

/**
 * Resolves when the person may be logged in again: the window said so, or they came back to this one.
 * Does not resolve when they decide to do it later.
 * @param {EditorConfig} config
 * @param {string} sentence what the server said
 * @returns {Promise<void>}
 */
export function askToSignIn(config, sentence) {
  const element = dialog(document, "sign-in-dialog");
  find(element, "#sign-in-sentence", HTMLElement).textContent = sentence;
  const button = find(element, "#sign-in", HTMLButtonElement);
  const over = new AbortController();
  const { signal } = over;
  const sessions = new BroadcastChannel("labeler-sessions");
  return new Promise((resolve) => {
    /** @type {Window | null} */
    let opened = null;
    const goOn = () => {
      element.close();
      resolve();
    };
    button.addEventListener(
      "click",
      () => {
        opened = window.open(config.urls.signIn, "labeler-sign-in", "popup,width=520,height=720");
      },
      { signal },
    );
    sessions.addEventListener("message", ({ data }) => data === config.person.id && goOn(), { signal });
    window.addEventListener("focus", () => opened && goOn(), { signal });
    ask(element).then(() => {
      over.abort();
      sessions.close();
    });
  });
}
