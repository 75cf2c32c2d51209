import assert from "node:assert/strict";
import { test } from "node:test";
import { digitOf, KEYS, keyFor } from "../input/keys.js";

/**
 * @param {string} key
 * @param {string} code
 * @param {Partial<KeyboardEvent>} [modifiers]
 */
function press(key, code, modifiers = {}) {
  return { key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers };
}

test("no key stands for two things", () => {
  const all = KEYS.flatMap((key) => key.match);
  assert.equal(new Set(all).size, all.length);
});

test("every entry says what it does", () => {
  assert.ok(KEYS.every((key) => key.label && key.show.length && key.match.length));
});

for (const { name, event, command } of [
  { name: "a letter", event: press("b", "KeyB"), command: "brush" },
  { name: "a letter on a French keyboard", event: press("w", "KeyZ"), command: "superpixel" },
  { name: "a letter on a Greek keyboard", event: press("ε", "KeyE"), command: "eraser" },
  { name: "a digit on a French keyboard", event: press("&", "Digit1"), command: "category" },
  { name: "a digit of the number pad", event: press("4", "Numpad4"), command: "category" },
  { name: "Shift and a digit", event: press("!", "Digit1", { shiftKey: true }), command: "categoryAbove9" },
  { name: "zero", event: press("0", "Digit0"), command: "fit" },
  { name: "Shift and zero", event: press(")", "Digit0", { shiftKey: true }), command: "oneToOne" },
  { name: "a bracket on a German keyboard", event: press("ü", "BracketLeft"), command: "smaller" },
  { name: "plus with Shift", event: press("+", "Equal", { shiftKey: true }), command: "zoomIn" },
  { name: "plus on a German keyboard", event: press("+", "BracketRight"), command: "zoomIn" },
  { name: "the six of a French keyboard, which is minus", event: press("-", "Digit6"), command: "category" },
  { name: "a full stop on a French keyboard", event: press(".", "Comma", { shiftKey: true }), command: "stronger" },
  { name: "a comma on a Russian keyboard", event: press(",", "Slash", { shiftKey: true }), command: "fainter" },
  { name: "Shift and zero on a German keyboard", event: press("=", "Digit0", { shiftKey: true }), command: "oneToOne" },
  { name: "a letter of a French keyboard for typists", event: press("w", "BracketRight"), command: "superpixel" },
  { name: "a bracket on a Russian keyboard", event: press("х", "BracketLeft"), command: "smaller" },
  { name: "three of a number pad without digits", event: press("PageDown", "Numpad3"), command: "category" },
  { name: "undo", event: press("z", "KeyZ", { ctrlKey: true }), command: "undo" },
  { name: "undo on a Mac", event: press("z", "KeyZ", { metaKey: true }), command: "undo" },
  { name: "redo", event: press("Z", "KeyZ", { ctrlKey: true, shiftKey: true }), command: "redo" },
  { name: "redo, the other way", event: press("y", "KeyY", { ctrlKey: true }), command: "redo" },
  { name: "a question mark over a digit", event: press("?", "Digit7", { shiftKey: true }), command: "help" },
  { name: "the question mark", event: press("?", "Slash", { shiftKey: true }), command: "help" },
  { name: "a letter with Alt", event: press("b", "KeyB", { altKey: true }), command: undefined },
  {
    name: "a letter with Ctrl that is the browser's",
    event: press("b", "KeyB", { ctrlKey: true }),
    command: undefined,
  },
  { name: "a key without meaning", event: press("q", "KeyQ"), command: undefined },
  { name: "a letter for the next image", event: press("n", "KeyN"), command: "nextImage" },
  {
    name: "its letter with Ctrl, which opens a window",
    event: press("n", "KeyN", { ctrlKey: true }),
    command: undefined,
  },
]) {
  test(`${name} means ${command ?? "nothing"}`, () => assert.equal(keyFor(event)?.command, command));
}

test("a category key says which", () => {
  const event = press("&", "Digit7");
  const key = keyFor(event);
  assert.ok(key);
  assert.equal(digitOf(key, event), 7);
});
