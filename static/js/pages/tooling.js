// The editor's tools: which one is in hand, and the commands that concern them.

import { LOST } from "../net/api.js";
import { createBrush } from "../tools/brush.js";
import { createSuperpixelTool } from "../tools/superpixel.js";
import { IGNORE } from "../ui/palette.js";
import { showTools } from "../ui/tools.js";
import { resized } from "../work/store.js";

/** @import { Painter } from "../work/painter.js" */
/** @import { Store, ToolName } from "../work/store.js" */

/** In hand while a tool is under way: paints nothing, since a press means the one that comes. @type {Tool} */
const COMING = { down() {}, move() {}, up() {}, cancel() {}, cursor: () => ({ kind: "none" }) };

/**
 * @param {object} parts
 * @param {HTMLElement} parts.root
 * @param {Category[]} parts.palette categories with a key
 * @param {Store} parts.store
 * @param {Painter} parts.painter
 * @param {Parameters<typeof createSuperpixelTool>[2]} parts.work the segments
 * @param {() => number} parts.scaleOf screen pixels an image pixel
 * @param {() => Point | null} parts.pointed where the pointer is
 * @param {(sentence: string) => void} parts.tell
 * @param {(value: number) => void} parts.chosen told which category was chosen
 */
export function createTooling({ root, palette, store, painter, work, scaleOf, pointed, tell, chosen }) {
  const paintable = [...palette, IGNORE];
  const brush = createBrush(painter, store, scaleOf);
  /** @type {Partial<Record<ToolName, Tool>>} */
  const tools = {
    brush,
    eraser: createBrush(painter, store, scaleOf, true),
    superpixel: createSuperpixelTool(painter, store, work),
  };
  /** The tool that the picker gives back. @type {ToolName} */
  let before = "brush";
  /** The tool that was asked for and is under way. @type {ToolName | null} */
  let coming = null;
  /** @type {ReturnType<typeof import("../tools/areas.js").createAreas> | null} */
  let areas = null;

  async function loadAreas() {
    const { createAreas } = await import("../tools/areas.js");
    areas ??= createAreas({ painter, store, colorOf: work.colorOf, scaleOf, brush, pick, tell });
    Object.assign(tools, areas.tools);
    return areas;
  }

  /** The same, with a word to the person where it cannot be. */
  async function fetchAreas() {
    try {
      return await loadAreas();
    } catch {
      tell(LOST);
      return null;
    }
  }

  /** @param {ToolName} tool */
  async function take(tool) {
    coming = tool;
    if (!tools[tool]) await fetchAreas();
    if (coming !== tool) return; // another was taken meanwhile
    coming = null;
    if (!tools[tool]) return;
    if (tool === "picker" && store.state.tool !== "picker") before = store.state.tool;
    store.set({ tool });
  }

  /** @param {number | undefined} value */
  function choose(value) {
    if (value === undefined) return;
    const { tool } = store.state;
    const next = tool === "picker" ? before : tool;
    store.set({ category: value, tool: next === "eraser" ? "brush" : next });
    chosen(value);
  }

  /** @param {number} value */
  function pick(value) {
    if (paintable.some((category) => category.value === value)) choose(value);
    else tell("This category is retired; it is not painted any more.");
  }

  showTools(root, paintable, store);

  return {
    choose,
    get current() {
      return (coming ? null : tools[store.state.tool]) ?? COMING;
    },
    /** Loads the tool that was in hand the last time. */
    load: () => tools[store.state.tool] ?? loadAreas(),
    /** What is not in the labels yet, in a sentence; "" for nothing. A polygon may also wait behind another tool. */
    unfinished() {
      if (painter.busy) return "A change of the labels is not finished yet; try again in a moment.";
      if (!tools.polygon?.rest || tools.polygon.rest().kind === "none") return "";
      store.set({ tool: "polygon" });
      return "Your polygon is not closed: Enter closes it, Esc drops it.";
    },
    /** Drops what is unfinished. */
    drop() {
      if (painter.working) painter.cancel();
      else tools[store.state.tool]?.drop?.();
    },
    /** Takes back a step of what is unfinished; false when there is none. */
    back: () => tools[store.state.tool]?.back?.() ?? false,
    /** @param {1 | -1} direction */
    resize(direction) {
      store.set({ diameter: resized(store.state.diameter, direction) });
    },
    /** @type {Record<string, (digit: number) => unknown>} */
    commands: {
      brush: () => take("brush"),
      eraser: () => take("eraser"),
      superpixel: () => take("superpixel"),
      fill: () => take("fill"),
      polygon: () => take("polygon"),
      lasso: () => take("lasso"),
      picker: () => take("picker"),
      closeHoles: async () => (await fetchAreas())?.closeHolesAt(pointed()),
      finish: () => tools[store.state.tool]?.finish?.(),
      back: () => tools[store.state.tool]?.back?.(),
      category: (digit) => choose(palette[digit - 1]?.value),
      categoryAbove9: (digit) => choose(palette[digit + 8]?.value),
      previousCategory: () => choose(store.state.previous),
      redo: () => painter.redo(),
      clear: () => painter.clear(),
    },
  };
}
