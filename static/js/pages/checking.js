// The way to the check of the labels, which is seldom needed and so is fetched when it is.

import { LOST } from "../net/api.js";

/** @typedef {Parameters<typeof import("./inspector.js").createInspector>[0]} Parts */

/** @param {Parts & { tell: (sentence: string) => void }} parts */
export function createChecking({ tell, ...parts }) {
  /** @type {Promise<ReturnType<typeof import("./inspector.js").createInspector>> | null} */
  let fetched = null;

  async function inspector() {
    fetched ??= import("./inspector.js").then(({ createInspector }) => createInspector(parts));
    try {
      return await fetched;
    } catch {
      fetched = null;
      return null;
    }
  }

  /** @param {1 | -1} direction */
  async function check(direction) {
    const found = await inspector();
    if (found) found.check(direction);
    else tell(LOST);
  }

  return {
    /** Whether the labels may be saved as ground truth. Where the check cannot be fetched, the server checks alone. */
    allows: async () => (await inspector())?.allows() ?? true,
    /** Nothing is checked or mended any more. */
    close: async () => (await fetched)?.close(),
    commands: { check: () => check(1), checkBack: () => check(-1) },
  };
}
