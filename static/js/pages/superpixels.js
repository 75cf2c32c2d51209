// The editor's superpixels before they are there: most of the editor's modules are theirs, so these come when the tool is
// first taken.

/** @typedef {ReturnType<typeof import("./segmenting.js").createSegmenting>} Segmenting */

/**
 * @param {Parameters<typeof import("./segmenting.js").createSegmenting>[0]} parts
 * @param {(sentence: string) => void} tell
 */
export function createSuperpixels(parts, tell) {
  /** @type {Segmenting | null} */
  let segmenting = null;
  let loading = false;

  async function load() {
    loading = true;
    try {
      const { createSegmenting } = await import("./segmenting.js");
      segmenting = createSegmenting(parts);
      segmenting.begin();
    } catch {
      tell("The superpixels could not be loaded. Choose the tool again in a moment.");
    }
    loading = false;
  }

  return {
    get loaded() {
      return segmenting;
    },
    /** Nobody can ask before a segment was pointed at. */
    get shown() {
      return /** @type {Segmenting} */ (segmenting).superpixels.shown;
    },
    /** The tool was taken. */
    begin() {
      if (segmenting) segmenting.begin();
      else if (!loading) load();
    },
  };
}
