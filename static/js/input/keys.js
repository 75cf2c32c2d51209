// The one table of keys: what a key does, and what the help says about it.

/**
 * @typedef {object} Key
 * @property {string} command
 * @property {string} group heading in the help
 * @property {string} label what it does, in the help
 * @property {string[]} show the keys as the help names them
 * @property {string[]} match "ctrl+", "shift+" and a letter, a sign, or the code of a place on the keyboard
 * @property {boolean} [held] also told when the key is released
 */

/** @type {Key[]} */
export const KEYS = [
  { command: "brush", group: "Tools", label: "Brush", show: ["B"], match: ["b"] },
  { command: "eraser", group: "Tools", label: "Eraser", show: ["E"], match: ["e"] },
  { command: "superpixel", group: "Tools", label: "Superpixels", show: ["W"], match: ["w"] },
  { command: "fill", group: "Tools", label: "Fill a region", show: ["F"], match: ["f"] },
  { command: "lasso", group: "Tools", label: "Lasso", show: ["L"], match: ["l"] },
  { command: "polygon", group: "Tools", label: "Polygon", show: ["G"], match: ["g"] },
  { command: "finish", group: "Tools", label: "Close the polygon", show: ["Enter"], match: ["Enter"] },
  { command: "back", group: "Tools", label: "Take back its last corner", show: ["Backspace"], match: ["Backspace"] },
  { command: "picker", group: "Tools", label: "Pick the category of a place", show: ["I"], match: ["i"] },
  { command: "closeHoles", group: "Tools", label: "Close the holes in the region", show: ["C"], match: ["c"] },
  { command: "smaller", group: "Tools", label: "Smaller brush or segments", show: ["["], match: ["BracketLeft"] },
  { command: "larger", group: "Tools", label: "Larger brush or segments", show: ["]"], match: ["BracketRight"] },
  {
    command: "climbDown",
    group: "Tools",
    label: "Segment under the pointer finer; also Alt and wheel",
    show: ["Shift", "["],
    match: ["shift+BracketLeft", "PageDown"],
  },
  {
    command: "climbUp",
    group: "Tools",
    label: "Segment under the pointer coarser; also Alt and wheel",
    show: ["Shift", "]"],
    match: ["shift+BracketRight", "PageUp"],
  },
  { command: "divide", group: "Tools", label: "Open a merged segment, divide a single one", show: ["R"], match: ["r"] },
  {
    command: "cancel",
    group: "Tools",
    label: "Drop what is being painted; back from the history",
    show: ["Esc"],
    match: ["Escape"],
  },
  {
    command: "category",
    group: "Categories",
    label: "Category of the next stroke",
    show: ["1", "…", "9"],
    match: digits(""),
  },
  {
    command: "categoryAbove9",
    group: "Categories",
    label: "Categories 10 to 18",
    show: ["Shift", "1", "…", "9"],
    match: digits("shift+"),
  },
  { command: "previousCategory", group: "Categories", label: "Category used before", show: ["X"], match: ["x"] },
  {
    command: "pan",
    group: "View",
    label: "Pan while held and dragging",
    show: ["Space"],
    match: ["Space"],
    held: true,
  },
  { command: "zoomIn", group: "View", label: "Zoom in", show: ["+"], match: ["+", "shift++", "="] },
  { command: "zoomOut", group: "View", label: "Zoom out", show: ["−"], match: ["-"] },
  {
    command: "move",
    group: "View",
    label: "Move the image",
    show: ["←", "→", "↑", "↓"],
    match: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"],
  },
  { command: "fit", group: "View", label: "Whole image", show: ["0"], match: ["Digit0"] },
  {
    command: "oneToOne",
    group: "View",
    label: "One image pixel on one of the screen",
    show: ["Shift", "0"],
    match: ["shift+Digit0"],
  },
  { command: "hide", group: "View", label: "Hide or show labels", show: ["H"], match: ["h"] },
  { command: "borders", group: "View", label: "Labels as areas or borders", show: ["O"], match: ["o"] },
  { command: "peek", group: "View", label: "Hide labels while held", show: ["`"], match: ["Backquote"], held: true },
  { command: "fainter", group: "View", label: "Labels fainter", show: [","], match: [",", "shift+,"] },
  { command: "stronger", group: "View", label: "Labels stronger", show: ["."], match: [".", "shift+."] },
  { command: "undo", group: "Work", label: "Undo", show: ["Ctrl", "Z"], match: ["ctrl+z"] },
  { command: "redo", group: "Work", label: "Redo", show: ["Ctrl", "Shift", "Z"], match: ["ctrl+shift+z", "ctrl+y"] },
  { command: "history", group: "Work", label: "History of what was saved", show: ["Shift", "H"], match: ["shift+h"] },
  { command: "checkpoint", group: "Work", label: "Save checkpoint", show: ["Ctrl", "S"], match: ["ctrl+s"] },
  {
    command: "groundTruth",
    group: "Work",
    label: "Save ground truth and next image",
    show: ["Ctrl", "Enter"],
    match: ["ctrl+Enter"],
  },
  { command: "check", group: "Work", label: "Check labels; the next finding", show: ["K"], match: ["k"] },
  { command: "checkBack", group: "Work", label: "The finding before", show: ["Shift", "K"], match: ["shift+k"] },
  { command: "nextImage", group: "Work", label: "Next of the images opened before", show: ["N"], match: ["n"] },
  { command: "previousImage", group: "Work", label: "Previous of them", show: ["P"], match: ["p"] },
  { command: "instructions", group: "Work", label: "Labelling instructions", show: ["J"], match: ["j"] },
  { command: "help", group: "Work", label: "This help", show: ["?"], match: ["?", "shift+?"] },
];

/** @param {string} modifier */
function digits(modifier) {
  return [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `${modifier}Digit${digit}`);
}

const TABLE = new Map(KEYS.flatMap((key) => key.match.map((match) => [match, key])));

/**
 * @typedef {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} Press
 */

/**
 * The entry for a key press. Letters and signs go by what is printed on the key; digits and brackets by their place, because
 * other keyboards put other signs there. Where that sign is one of ours it counts, but on a digit only with Shift: each
 * category has its key on every keyboard.
 * @param {Press} press
 */
export function keyFor(press) {
  if (press.altKey) return undefined;
  const modifiers = (press.ctrlKey || press.metaKey ? "ctrl+" : "") + (press.shiftKey ? "shift+" : "");
  const printed = modifiers + letter(press);
  const placed = TABLE.get(modifiers + place(press.code));
  if (placed?.command === "category") return placed;
  const sign = press.key.length === 1 ? TABLE.get(printed) : undefined;
  return sign ?? placed ?? TABLE.get(printed);
}

/** @param {string} code */
function place(code) {
  return code.replace(/^Numpad(?=\d$)/, "Digit");
}

/** @param {Press} press */
function letter({ key, code }) {
  // A keyboard without Latin letters still has their places.
  if (/^\p{L}$/u.test(key) && !/^[a-z]$/i.test(key)) return code.replace(/^Key/, "").toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

/** @param {Key} key @param {Press} press @returns {number} the digit of a category key, which of the arrows */
export function digitOf(key, press) {
  if (key.command === "move") return key.match.indexOf(press.code);
  return key.command.startsWith("category") ? Number(place(press.code).slice(-1)) : 0;
}

/**
 * @param {(command: string, digit: number, held: boolean) => void} run
 * @param {() => boolean} letterKeys whether keys without Ctrl are on
 */
export function listenToKeys(run, letterKeys) {
  /** Held keys by their place, so that a release is seen whatever else changed. @type {Map<string, Key>} */
  const held = new Map();
  document.addEventListener("keydown", (event) => {
    const key = keyFor(event);
    if (!key || event.isComposing || !listens(event, key)) return;
    if (!letterKeys() && !event.ctrlKey && !event.metaKey && key.command !== "cancel") return;
    if (key.command !== "cancel") event.preventDefault();
    if (event.repeat && (key.held || key.group === "Work")) return;
    if (key.held) held.set(event.code, key);
    run(key.command, digitOf(key, event), true);
  });
  document.addEventListener("keyup", (event) => release(event.code));
  window.addEventListener("blur", () => [...held.keys()].forEach(release));

  /** @param {string} code */
  function release(code) {
    const key = held.get(code);
    held.delete(code);
    if (key) run(key.command, 0, false);
  }
}

/**
 * Whether the editor may take this key, or something that has the focus needs it.
 * @param {KeyboardEvent} event
 * @param {Key} key
 */
function listens(event, key) {
  const element = event.target instanceof Element ? event.target : document.body;
  if (document.querySelector("dialog[open]")) return false;
  if (key.command === "move") return element === document.body || element.closest("#stage") !== null;
  if (element.closest("textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])")) {
    return key.match.some((match) => match.startsWith("ctrl+")) && key.command !== "undo" && key.command !== "redo";
  }
  const presses = event.code === "Space" || (event.key === "Enter" && !event.ctrlKey && !event.metaKey);
  return !(presses && element.closest("button, input, a, summary"));
}
