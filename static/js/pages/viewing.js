// The editor's view: which labels are shown and how, how the image looks, and where in it one is.

import { magnification, scaleBar } from "../core/scale.js";
import { Shares } from "../core/shares.js";
import { find } from "../ui/find.js";
import { showPalette } from "../ui/palette.js";

/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Stage } from "../view/stage.js" */
/** @import { Viewer } from "../view/viewer.js" */
/** @import { Painter, Settled } from "../work/painter.js" */
/** @import { EditorState, Store } from "../work/store.js" */

const LONGEST_BAR = 120; // CSS px
const OVERVIEW = { least: 140, part: 1 / 7, most: 280 }; // CSS px, of the stage
const STEP = 0.15; // of the stage that an arrow key moves
const COUNTED_AFTER = 1000; // ms at the latest, however busy the page is

/**
 * @param {object} parts
 * @param {EditorConfig} parts.config
 * @param {HTMLElement} parts.root
 * @param {LabelMap} parts.map
 * @param {Viewer} parts.viewer
 * @param {Stage} parts.stage
 * @param {Store} parts.store
 * @param {Painter} parts.painter
 * @param {(value: number) => void} parts.choose a category
 */
export function createViewing({ config, root, map, viewer, stage, store, painter, choose }) {
  // --- Labels ---

  let peeking = false;
  let shownWith = "";

  /** @param {Readonly<EditorState>} state */
  function showLabels({ hidden, opacity, borders, hiddenCategories }) {
    const { canvas } = stage.labels;
    canvas.hidden = hidden || peeking;
    canvas.style.opacity = `${borders ? Math.min(2 * opacity, 1) : opacity}`; // a line is weaker than an area
    const how = JSON.stringify([borders, hiddenCategories]);
    if (how !== shownWith) stage.showLabels({ borders, hidden: hiddenCategories });
    shownWith = how;
  }

  /** Nobody paints what cannot be seen. @param {number} value */
  function reveal(value) {
    const { hidden, hiddenCategories } = store.state;
    if (!hidden && !hiddenCategories.includes(value)) return;
    store.set({ hidden: false, hiddenCategories: hiddenCategories.filter((each) => each !== value) });
  }

  // --- Shares ---

  const shares = new Shares(map);
  const showShares = showPalette(root, config.categories, store, choose);
  let counting = false;

  /** @param {Iterable<number>} keys tiles that changed */
  function count(keys) {
    shares.touch(keys);
    if (counting) return;
    counting = true;
    whenIdle((deadline) => {
      counting = false;
      const done = shares.count(() => deadline.timeRemaining() > 1);
      showShares(shares);
      if (!done) count([]);
    });
  }

  painter.addEventListener("settled", (event) => {
    const { kind, before } = /** @type {CustomEvent<Settled>} */ (event).detail;
    count(before.keys());
    if (kind === "stroke" && before.size) reveal(store.state.tool === "eraser" ? 0 : store.state.category);
  });

  // --- Image ---

  const bar = find(root, ".scale-bar", HTMLElement);
  const barText = find(root, "#scale-text", HTMLElement);
  const times = find(root, "#magnification", HTMLElement);
  find(root, "#scale", HTMLElement).hidden = !config.image.umPerPx;

  function showScale() {
    const { umPerPx } = config.image;
    if (!umPerPx) return;
    const { scale, ratio } = viewer.view;
    const { pixels, text } = scaleBar(umPerPx / scale, LONGEST_BAR);
    bar.style.width = `${pixels}px`;
    barText.textContent = text;
    times.textContent = magnification(umPerPx / (scale * ratio));
  }

  /** @type {Promise<import("../view/overview.js").Overview> | null} */
  let overview = null;
  /** @type {HTMLCanvasElement | null} */
  let picture = null;

  async function showOverview() {
    const wanted = picture !== null && store.state.overview && !viewer.showsAll;
    if (!overview && wanted && picture) overview = loadOverview(picture);
    (await overview)?.show(viewer.visible, wanted);
  }

  /** @param {HTMLCanvasElement} canvas */
  async function loadOverview(canvas) {
    const { Overview } = await import("../view/overview.js");
    return new Overview(find(root, "#overview-place", HTMLElement), canvas, viewer);
  }

  viewer.addEventListener("view", () => {
    showScale();
    showOverview();
  });

  const changed = find(root, "#image-changed", HTMLElement);
  const reset = find(root, "[data-command=resetImage]", HTMLButtonElement);

  /** @param {Readonly<EditorState>} state */
  function showImage({ brightness, contrast }) {
    const same = brightness === 1 && contrast === 1;
    const filter = same ? "" : `brightness(${brightness}) contrast(${contrast})`;
    viewer.canvas.style.filter = filter;
    if (picture) picture.style.filter = filter;
    changed.hidden = same;
    reset.disabled = same;
  }

  // --- Surroundings ---

  const panelButton = find(root, "[data-command=panel]", HTMLButtonElement);
  const announcement = find(root, "#announcement", HTMLElement);

  /** Tells those who cannot see it what a key did. @param {Readonly<EditorState>} state */
  function announce({ tool, category, hidden, borders }) {
    const hand = root.querySelector(`[data-tool="${tool}"]`)?.getAttribute("aria-label") ?? tool;
    const name = category === 255 ? "Ignore" : config.categories.find(({ value }) => value === category)?.name;
    const view = hidden ? "labels hidden" : borders ? "borders only" : "";
    const text = [hand, name, view].filter(Boolean).join(", ");
    if (announcement.textContent !== text) announcement.textContent = text;
  }

  store.watch((state) => {
    showLabels(state);
    showImage(state);
    showOverview();
    announce(state);
    root.dataset.panel = state.panel ? "open" : "closed";
    panelButton.ariaExpanded = `${state.panel}`;
  });

  return {
    /** Shows a category that is going to be painted. */
    reveal,
    /** To those who cannot see it. @param {string} sentence */
    say(sentence) {
      announcement.textContent = sentence;
    },
    /** After labels and image have come. */
    async begin() {
      count(map.tiles.keys());
      const { least, part, most } = OVERVIEW;
      picture = await viewer.picture(Math.min(Math.max(viewer.view.width * part, least), most));
      showImage(store.state);
    },
    /** @type {Record<string, (digit: number, held: boolean) => unknown>} */
    commands: {
      peek: (_, held) => {
        peeking = held;
        showLabels(store.state);
      },
      hide: () => store.set({ hidden: !store.state.hidden }),
      borders: () => store.set({ borders: !store.state.borders }),
      resetImage: () => store.set({ brightness: 1, contrast: 1 }),
      panel: () => store.set({ panel: !store.state.panel }),
      move: (direction) => {
        const { width, height } = viewer.view;
        const [dx, dy] = [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ][direction];
        viewer.pan(dx * STEP * width, dy * STEP * height);
      },
    },
  };
}

/** @param {(deadline: { timeRemaining(): number }) => void} work */
function whenIdle(work) {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: COUNTED_AFTER });
  else setTimeout(() => work({ timeRemaining: () => 0 }), 30); // Safari: a tile at a time
}
