import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeGrey, encodeGrey } from "../core/png.js";
import { LabelMap, PLANE, SAVE_TILE } from "../core/tiles.js";
import { fetchTiles, nameOf } from "../net/labels.js";
import { Bottom } from "../pages/history.js";
import { factsOf, grouped } from "../ui/history.js";
import { Painter } from "../work/painter.js";
import { changesTo, Past } from "../work/past.js";
import { randomness } from "./random.js";

const [WIDTH, HEIGHT] = [1100, 600];
/** Does in place what the worker does beside the page. */
const WORKER = {
  /** @type {import("../net/labels.js").LabelWorker["load"]} */
  async load(map, urls, revision, { area } = {}) {
    const tiles = await fetchTiles(urls, revision, area);
    for (const { plane, column, row, png } of tiles) {
      const { pixels } = await decodeGrey(png);
      map.load(/** @type {0 | 1} */ (plane), column, row, /** @type {Uint8Array} */ (pixels));
    }
    return tiles.map(nameOf);
  },
};
const URLS = /** @type {any} */ ({ labels0: "/labels/0/", labels1: "/labels/1/", save: "/revisions/" });

/**
 * @param {LabelMap} map
 * @param {ReturnType<typeof randomness>} random
 */
function scribble(map, random) {
  const [y, x, value] = [random.whole(0, HEIGHT - 1), random.whole(0, WIDTH - 1), random.whole(0, 200)];
  for (let row = y; row < y + 40; row++) map.span(row, x, x + 90, value, random.whole(1, 5));
}

/** @param {LabelMap} map every pixel of both planes, by brute force */
function pixels(map) {
  const all = new Uint8Array(2 * WIDTH * HEIGHT);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      all[at++] = map.get(x, y);
      all[at++] = map.get(x, y, 1);
    }
  }
  return all;
}

/** A server that keeps each revision whole, and counts the tiles that were asked of it. */
class Server {
  constructor() {
    /** @type {{ listed: any, tiles: Map<string, Uint8Array> }[]} */
    this.revisions = [];
    this.sent = 0;
    globalThis.fetch = /** @type {any} */ ((/** @type {string} */ url) => this.answer(new URL(url, "http://server")));
  }

  /** @param {LabelMap} map */
  save(map) {
    const { dirty } = map.takeSnapshot();
    const tiles = new Map(this.revisions.at(-1)?.tiles);
    for (const key of dirty) {
      for (const plane of /** @type {const} */ ([0, 1])) {
        const name = `${plane}/${key % map.saveColumns}/${Math.floor(key / map.saveColumns)}`;
        const saved = map.savePixels(map.tiles, key, plane);
        if (saved) tiles.set(name, saved);
        else tiles.delete(name);
      }
    }
    const columns = [...dirty].map((key) => key % map.saveColumns);
    const rows = [...dirty].map((key) => Math.floor(key / map.saveColumns));
    const [column, row] = [Math.min(...columns), Math.min(...rows)];
    const area = { column, row, columns: Math.max(...columns) - column + 1, rows: Math.max(...rows) - row + 1 };
    const number = this.revisions.length + 1;
    const saved_at = new Date(1_700_000_000_000 + 60_000 * number).toISOString();
    this.revisions.push({ listed: { number, saved_at, area: dirty.size ? area : null }, tiles });
    return number;
  }

  /** @param {URL} url */
  async answer({ pathname, searchParams }) {
    const asked = (/** @type {string} */ name, otherwise = 0) => Number(searchParams.get(name) ?? otherwise);
    if (pathname === "/revisions/") {
      const listed = this.revisions.map((each) => each.listed).filter(({ number }) => number < asked("before", 1e9));
      return Response.json({ revisions: listed.reverse().slice(0, 3) });
    }
    const entries = [];
    for (const [name, saved] of this.revisions[asked("revision") - 1].tiles) {
      const [plane, column, row] = name.split("/").map(Number);
      const inside =
        column >= asked("column") &&
        column < asked("column") + asked("columns", 99) &&
        row >= asked("row") &&
        row < asked("row") + asked("rows", 99);
      if (!pathname.endsWith(`/${plane}/`) || !inside) continue;
      this.sent++;
      entries.push({ column, row, png: await encodeGrey(saved, SAVE_TILE, SAVE_TILE) });
    }
    const tiles = entries.map(({ column, row, png }) => ({ column, row, length: png.length }));
    const header = new TextEncoder().encode(JSON.stringify({ revision: 1, tiles }));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, header.length);
    return new Response(new Blob([length, header, ...entries.map(({ png }) => png)]));
  }
}

test("the changes to another map make it that map, in both planes", () => {
  const random = randomness(11);
  for (let turn = 0; turn < 3; turn++) {
    const [now, then] = [new LabelMap(WIDTH, HEIGHT), new LabelMap(WIDTH, HEIGHT)];
    for (const map of [now, then]) {
      map.beginStroke();
      for (let times = 0; times < 12; times++) scribble(map, random);
      map.endStroke();
    }
    const painter = new Painter(now, () => {});
    const before = pixels(now);
    painter.restore(changesTo(now, then));
    assert.deepEqual(pixels(now), pixels(then));
    assert.equal(changesTo(now, then).size, 0);
    painter.undo();
    assert.deepEqual(pixels(now), before);
  }
});

test("an erased tile is the same as none", () => {
  const [now, then] = [new LabelMap(WIDTH, HEIGHT), new LabelMap(WIDTH, HEIGHT)];
  now.tiles.set(0, new Uint8Array(2 * PLANE));
  assert.equal(changesTo(now, then).size, 0);
  assert.equal(changesTo(then, now).size, 0);
});

/** An editor that was just opened: undo as the page does it. */
function open(/** @type {Server} */ server, /** @type {LabelMap} */ map) {
  const saver = { head: server.revisions.length };
  const painter = new Painter(map, () => {});
  const bottom = new Bottom(painter.history, saver);
  painter.addEventListener("settled", (event) => bottom.settled(/** @type {CustomEvent} */ (event).detail));
  const past = new Past(map, URLS, WORKER);
  return {
    saver,
    painter,
    bottom,
    async undo() {
      if (painter.history.past.length) {
        painter.undo();
        return true;
      }
      const step = await past.stepBack(bottom.number, bottom.exact);
      if (!step) return false;
      bottom.reached(step.number, step.tiles);
      painter.undoTo(step.tiles);
      return true;
    },
  };
}

test("after a reload undo walks back through the saves, redo comes back, pixel by pixel", async () => {
  const random = randomness(5);
  const server = new Server();
  const map = new LabelMap(WIDTH, HEIGHT);
  const states = [pixels(map)];
  for (let number = 1; number <= 7; number++) {
    map.beginStroke();
    if (number !== 4) scribble(map, random); // the fourth save changes nothing
    map.endStroke();
    server.save(map);
    const now = pixels(map);
    if (Buffer.compare(now, states[states.length - 1])) states.push(now);
  }
  const editor = open(server, map);
  map.beginStroke();
  scribble(map, random);
  editor.painter.commit();
  states.push(pixels(map));
  for (let at = states.length - 2; at >= 0; at--) {
    assert.ok(await editor.undo());
    assert.deepEqual(pixels(map), states[at]);
  }
  assert.equal(await editor.undo(), false);
  for (let at = 1; at < states.length; at++) {
    editor.painter.redo();
    assert.deepEqual(pixels(map), states[at]);
  }
  assert.ok(server.sent < 40, `${server.sent} tiles for six small steps`);
});

test("where the memory of undo was too small, undo goes on by the save that came before", async () => {
  const random = randomness(8);
  const server = new Server();
  const map = new LabelMap(WIDTH, HEIGHT);
  const editor = open(server, map);
  editor.painter.history.capBytes = 3 * 2 * PLANE;
  const saved = [pixels(map)];
  for (let turn = 0; turn < 24; turn++) {
    editor.painter.begin();
    scribble(map, random);
    editor.painter.commit();
    if (turn % 6 !== 5) continue;
    editor.saver.head = server.save(map);
    saved.push(pixels(map));
  }
  assert.equal(editor.bottom.exact, false);
  while (editor.painter.history.past.length) editor.painter.undo();
  const before = editor.bottom.number;
  assert.ok(before > 0);
  for (let number = before; number >= 0; number--) {
    assert.ok(await editor.undo());
    assert.deepEqual(pixels(map), saved[number]);
  }
  assert.equal(await editor.undo(), false);
});

/** @param {string} kinds */
const revisions = (kinds) =>
  /** @type {any} */ (
    [...kinds].map((kind, at) => ({ number: 99 - at, kind: kind === "a" ? "autosave" : "checkpoint" }))
  );

test("autosaves between two others are one group; the newest revision stands alone", () => {
  const sizes = (/** @type {string} */ kinds) => grouped(revisions(kinds)).map((group) => group.length);
  assert.deepEqual(sizes(""), []);
  assert.deepEqual(sizes("aaaca"), [1, 2, 1, 1]);
  assert.deepEqual(sizes("caaaacc"), [1, 4, 1, 1]);
});

test("a revision says in words what was done", () => {
  const facts = (/** @type {any} */ activity, tiles = 0) =>
    factsOf(/** @type {any} */ ({ activity, tiles_changed: tiles }));
  const painted = [{ strokes: 1 }, { strokes: 11 }];
  assert.equal(facts({ painted, undone: 2, active_ms: 190_000 }), "12 strokes · 2 undone · 3 min of work");
  assert.equal(facts({ painted: [{ strokes: 1 }], active_ms: 4_400 }), "1 stroke · 4 s of work");
  assert.equal(facts({}, 1), "1 tile changed");
  assert.equal(facts({}), "Nothing changed");
});
