// The editor: puts the parts together and says what each command does.

import { LabelMap } from "../core/tiles.js";
import { listenToKeys } from "../input/keys.js";
import { PointerInput } from "../input/pointer.js";
import { postForm } from "../net/api.js";
import { listenToButtons, showControls } from "../ui/controls.js";
import { ask, dialog, listenToCannotLabel, showKeys } from "../ui/dialogs.js";
import { find, pageData } from "../ui/find.js";
import { Cover, notice, readout } from "../ui/status.js";
import { Stage } from "../view/stage.js";
import { Viewer } from "../view/viewer.js";
import { Painter } from "../work/painter.js";
import { initialState, keep } from "../work/settings.js";
import { createStore, faded } from "../work/store.js";
import { createChecking } from "./checking.js";
import { createHistory, keepLedger } from "./history.js";
import { createNeighbours } from "./neighbours.js";
import { createSaving } from "./saving.js";
import { createSuperpixels } from "./superpixels.js";
import { createTooling } from "./tooling.js";
import { createViewing } from "./viewing.js";

/** @import { Settled } from "../work/painter.js" */

const HELD_BACK = "Nothing changed here: the painting rule or a locked category is in the way.";

/** @type {EditorConfig} */
const config = pageData("editor-config");
const { annotation, image, urls } = config;
let readOnly = annotation.readOnly;
const root = find(document, "#editor", HTMLElement);
const cover = new Cover(find(document, "#cover", HTMLElement), root);
const tell = notice(root);
const palette = config.categories.filter((category) => !category.retired);
const store = createStore(initialState(config));

const map = new LabelMap(image.width, image.height);
const canvasOnly = new URLSearchParams(location.search).get("drawer") === "canvas";
const viewer = new Viewer(find(root, "#stage", HTMLElement), image, { canvas: canvasOnly });
const stage = new Stage(viewer, map, config.categories, () => cursorNow());
const painter = new Painter(
  map,
  (area) => stage.touch(area),
  () => store.state,
);

const ledger = keepLedger(painter);

/** @param {number} value */
const categoryOf = (value) => config.categories.find((category) => category.value === value);
/** Where in the window the pointer is. @type {{ clientX: number, clientY: number } | null} */
let place = null;
/** What is pointed at now, image position: the image may have moved under a pointer that rests. */
const pointed = () => place && stage.toImage(place);
const segments = createSuperpixels({ root, config, store, map, viewer, stage, changed: () => stage.request() }, tell);
const viewing = createViewing({
  config,
  root,
  map,
  viewer,
  stage,
  store,
  painter,
  choose: (value) => tooling.choose(value),
});
const work = {
  get shown() {
    return segments.shown;
  },
  shapeAt: (/** @type {Point} */ point) => segments.loaded?.superpixels.shapeAt(point) ?? null,
  settle: () => segments.loaded?.superpixels.climb.reset(),
  colorOf: (/** @type {number} */ value) => categoryOf(value)?.color ?? "#808080",
};
const tooling = createTooling({
  ...{ root, palette, store, painter, work, tell },
  chosen: viewing.reveal,
  scaleOf: () => viewer.view.scale,
  pointed,
});

// --- Pointer ---------------------------------------------------------------------------------------------------------

const read = readout(root, (value) => (value === 255 ? "ignored" : (categoryOf(value)?.name ?? "unlabelled")));
const pointer = new PointerInput(stage.surface, {
  tool: () => (readOnly || stage.map !== map ? null : tooling.current),
  waits: () => painter.working,
  penSeen: () => store.state.pen,
  pen: () => store.set({ pen: true }),
  toImage: (event) => stage.toImage(event),
  hover: (event) => {
    place = event;
    ledger.moved();
    stage.request();
  },
  pan: (dx, dy) => viewer.pan(dx, dy),
  zoom: (factor, { clientX, clientY }) => {
    const box = viewer.element.getBoundingClientRect();
    viewer.zoom(factor, { x: clientX - box.left, y: clientY - box.top }, true);
  },
  climb: (point, direction) => {
    const climbs = store.state.tool === "superpixel" && !readOnly;
    if (climbs && !painter.busy) segments.loaded?.climb(point, direction);
    return climbs;
  },
});

/** What the pointer would do where it is; says in words what lies there. @returns {Cursor} */
function cursorNow() {
  const pans =
    readOnly || stage.map !== map || pointer.gesture === "pan" || pointer.gesture === "pinch" || pointer.panKey;
  const point = pointed();
  /** @type {Cursor} */
  const cursor = (point && !pans ? tooling.current.cursor(point) : tooling.current.rest?.()) ?? { kind: "none" };
  // Writing the same again would have the browser match style rules at each movement.
  if (stage.surface.dataset.cursor !== cursor.kind) stage.surface.dataset.cursor = cursor.kind;
  const inside = point && point.x >= 0 && point.y >= 0 && point.x < image.width && point.y < image.height;
  const outside =
    store.state.tool === "superpixel" && segments.loaded?.superpixels.shown.count && cursor.kind === "none" && !pans;
  read.point(
    inside ? point : null,
    inside && point ? stage.map.get(Math.floor(point.x), Math.floor(point.y)) : 0,
    outside ? "no segments here" : "",
  );
  return cursor;
}

// --- Checking and saving ---------------------------------------------------------------------------------------------

const checking = createChecking({ config, root, map, store, painter, viewer, cover, tell });

/** Whether nothing is begun that a save would leave out; if not, the person is told. */
function nothingBegun() {
  const begun = pointer.stroke
    ? "Your stroke is not finished: let go first, or drop it with Esc."
    : tooling.unfinished();
  if (begun) tell(begun);
  return !begun;
}

/** Also what was begun while the labels were checked counts. */
const beforeGroundTruth = async () => (await checking.allows()) && nothingBegun();
const saving = createSaving({
  config,
  root,
  map,
  painter,
  cover,
  tell,
  ledger,
  beforeGroundTruth,
  rest,
});
const { saver } = saving;
const neighbours = createNeighbours({ root, nothingBegun, saver, cover, tell, leave: saving.leave });
const past = createHistory({
  ...{ ...saving, config, root, map, painter, stage, cover },
  readOnly: () => readOnly,
  tell: saving.mention,
});

/** The work goes on in another tab. */
function rest() {
  readOnly = true;
  painter.rest();
  past.leave();
  checking.close();
  stage.request();
}

// --- Commands --------------------------------------------------------------------------------------------------------

/** Whether a key may concern the segments. */
function picksSegments() {
  return store.state.tool === "superpixel" && !painter.busy;
}

/** @param {1 | -1} direction */
function resize(direction) {
  if (picksSegments()) segments.loaded?.superpixels.step(direction);
  else if (["brush", "eraser"].includes(store.state.tool)) tooling.resize(direction);
}

/** @param {1 | -1} direction */
function climb(direction) {
  if (picksSegments()) segments.loaded?.climb(pointed(), direction);
}

/** @type {Record<string, (digit: number, held: boolean) => unknown>} */
const looking = {
  pan: (_, held) => {
    pointer.setPanKey(held);
    stage.request();
  },
  zoomIn: () => viewer.zoom(1.5),
  zoomOut: () => viewer.zoom(1 / 1.5),
  fit: () => viewer.fit(),
  oneToOne: () => viewer.oneToOne(),
  fainter: () => store.set({ opacity: faded(store.state.opacity, -0.1) }),
  stronger: () => store.set({ opacity: faded(store.state.opacity, 0.1) }),
  instructions: () => ask(dialog(document, "instructions-dialog")),
  help: () => ask(dialog(document, "help-dialog")),
  cancel() {
    if (!past.leave() && !pointer.cancel()) tooling.drop();
    stage.request();
  },
  ...past.looking,
  return: () => ask(dialog(document, "return-dialog")),
  ...neighbours.commands,
  ...viewing.commands,
};

/** @type {typeof looking} */
const painting = {
  ...tooling.commands,
  smaller: () => resize(-1),
  larger: () => resize(1),
  climbDown: () => climb(-1),
  climbUp: () => climb(1),
  divide: () => picksSegments() && segments.loaded?.divide(pointed()),
  undo: () => tooling.back() || past.undo(),
  calculate: () => segments.loaded?.calculate(),
  tryAgain: () => segments.loaded?.tryAgain(),
  suggest: () => segments.loaded?.suggest(),
  makeDefault: () => segments.loaded?.makeDefault(),
  ...saving.commands,
  checkpoint: async () => (await saving.commands.checkpoint()) && viewing.say("Checkpoint saved."),
  groundTruth: () => nothingBegun() && saving.commands.groundTruth(),
  ...checking.commands,
  cannotLabel: () => ask(dialog(document, "cannot-dialog")),
};

/**
 * @param {string} command
 * @param {number} [digit]
 * @param {boolean} [held]
 */
function run(command, digit = 0, held = true) {
  if (cover.shown && held) return; // a key is let go whatever is shown
  if (command in looking) looking[command](digit, held);
  else if (!readOnly && command in painting) {
    past.leave();
    painting[command](digit, held);
  }
}

// --- Start -----------------------------------------------------------------------------------------------------------

function wire() {
  showControls(root, store);
  showKeys(find(document, "#key-table", HTMLElement));
  listenToButtons(root, run);
  listenToKeys(run, () => store.state.letterKeys);
  const letterKeys = find(document, "#letter-keys", HTMLInputElement);
  letterKeys.addEventListener("change", () => store.set({ letterKeys: letterKeys.checked }));
  for (const button of document.querySelectorAll("dialog [data-close]")) {
    button.addEventListener("click", () => button.closest("dialog")?.close());
  }
  const cannot = dialog(document, "cannot-dialog");
  listenToCannotLabel(cannot, async (form) => {
    if (saver.unsaved && !(await saver.save("checkpoint"))) throw new Error(saver.state.message);
    const { next } = await postForm(urls.cannotLabel, form);
    cannot.close();
    saving.leave(next);
  });
  const [undo, redo] = ["undo", "redo"].map((name) => find(root, `[data-command="${name}"]`, HTMLButtonElement));
  const showUndo = () => {
    undo.disabled = !past.canUndo;
    redo.disabled = !painter.history.future.length;
  };
  showUndo();
  painter.addEventListener("settled", (event) => {
    const { kind, before } = /** @type {CustomEvent<Settled>} */ (event).detail;
    if (kind === "stroke" && map.heldBack && !before.size) saving.mention(HELD_BACK);
    showUndo();
    segments.loaded?.meter.touched();
    stage.request();
  });
  viewer.addEventListener("view", () => read.zoom(viewer.view));
  store.watch((state) => {
    stage.request();
    letterKeys.checked = state.letterKeys;
    keep(config, state);
    if (state.tool === "superpixel" && !readOnly && document.body.dataset.ready) segments.begin();
  });
}

async function start() {
  wire();
  const pixels = new Promise((resolve, reject) => {
    viewer.addEventListener("ready", resolve);
    viewer.addEventListener("failed", () => reject(new Error("The image could not be loaded.")));
  });
  try {
    await Promise.all([saving.load(), tooling.load(), pixels]);
  } catch (error) {
    await cover.giveUp(error instanceof Error ? error.message : String(error));
    location.reload();
    return;
  }
  viewing.begin();
  document.body.dataset.ready = "true";
  cover.hide();
  viewer.element.focus({ preventScroll: true });
  store.set({});
}

start();
