import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { PointerInput } from "../input/pointer.js";

/** @type {Record<string, (event: any) => void>} */
let handlers;
/** What the tool was told. @type {string[]} */
let told;
let penSeen = false;

beforeEach(() => {
  handlers = {};
  told = [];
  penSeen = false;
  /** @type {any} */
  const surface = {
    dataset: {},
    addEventListener: (/** @type {string} */ name, /** @type {any} */ handler) => {
      handlers[name] = handler;
    },
    closest: () => null,
    setPointerCapture: () => {},
  };
  const say = (/** @type {string} */ word) => () => told.push(word);
  /** @type {any} */
  const tool = { down: say("down"), move: say("move"), up: say("up"), cancel: say("cancel") };
  new PointerInput(surface, {
    tool: () => tool,
    waits: () => false,
    penSeen: () => penSeen,
    pen: () => {
      penSeen = true;
    },
    toImage: ({ clientX, clientY }) => ({ x: clientX, y: clientY }),
    hover: () => {},
    pan: say("pan"),
    zoom: say("zoom"),
    climb: () => false,
  });
});

/**
 * @param {string} name
 * @param {"touch" | "pen"} pointerType
 * @param {number} pointerId
 * @param {number} [timeStamp]
 */
function event(name, pointerType, pointerId, timeStamp = 0) {
  const place = { clientX: 10 * pointerId, clientY: timeStamp };
  handlers[name]({ pointerType, pointerId, timeStamp, button: 0, pressure: 0.5, ...place, stopPropagation() {} });
}

test("a pen paints although a palm rested on the image before", () => {
  event("pointerdown", "touch", 1);
  event("pointerdown", "pen", 2, 900);
  event("pointermove", "touch", 1, 910);
  event("pointerup", "touch", 1, 920);
  event("pointermove", "pen", 2, 930);
  event("pointerup", "pen", 2, 940);
  assert.deepEqual(told, ["down", "cancel", "down", "move", "move", "up"]);
});

test("a pen that comes near takes back what the palm paints", () => {
  event("pointerdown", "touch", 1);
  event("pointerenter", "pen", 2, 900);
  event("pointermove", "touch", 1, 910);
  assert.deepEqual(told, ["down", "cancel"]);
  event("pointerdown", "pen", 2, 920);
  event("pointerup", "pen", 2, 930);
  assert.deepEqual(told.slice(2), ["down", "move", "up"]);
});

test("where a pen was seen before, a palm moves the image until the pen paints", () => {
  penSeen = true;
  event("pointerdown", "touch", 1);
  event("pointermove", "touch", 1, 10);
  event("pointerdown", "pen", 2, 20);
  event("pointermove", "touch", 1, 30);
  event("pointerup", "pen", 2, 40);
  assert.deepEqual(told, ["pan", "down", "move", "up"]);
});

for (const { name, after, end } of [
  { name: "at once says that the first did not mean to paint", after: 90, end: "cancel" },
  { name: "after a while leaves what the first painted", after: 1200, end: "up" },
]) {
  test(`a second finger ${name}`, () => {
    event("pointerdown", "touch", 1);
    event("pointermove", "touch", 1, after - 10);
    event("pointerdown", "touch", 2, after);
    event("pointermove", "touch", 2, after + 20);
    assert.deepEqual(told, ["down", "move", end, "pan", "zoom"]);
  });
}
