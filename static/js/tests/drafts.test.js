import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { LabelMap } from "../core/tiles.js";
import { RequestError } from "../net/api.js";
import { unpack } from "../net/attempt.js";
import { Saver } from "../net/saver.js";
import { maskOf } from "../pages/rescue.js";
import { Drafts, tilesOf } from "../work/drafts.js";
import { randomness } from "./random.js";

/** @import { Draft, DraftStore } from "../work/drafts.js" */

/** A store in memory, which copies as a browser's does. @returns {DraftStore & { draft: Draft | null }} */
function memory() {
  return {
    draft: null,
    async read() {
      return structuredClone(this.draft);
    },
    async write(head, rows, gone) {
      const tiles = (this.draft?.tiles ?? []).filter(({ key }) => !gone.includes(key));
      for (const row of rows) {
        const at = tiles.findIndex(({ key }) => key === row.key);
        tiles.splice(at < 0 ? tiles.length : at, at < 0 ? 0 : 1, { ...row, pixels: row.pixels?.slice() });
      }
      this.draft = head && { ...head, tiles };
    },
  };
}

/** @param {Uint8Array} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A server that keeps what it is sent by the rules of docs/saving.md. */
function makeServer() {
  /** @type {Map<string, any>} */
  const answers = new Map();
  /** The tiles of each revision by name. @type {Map<string, any>[]} */
  const revisions = [new Map()];
  return {
    get head() {
      return revisions.length - 1;
    },
    /** Somebody else saves. */
    meanwhile: () => revisions.push(new Map(revisions.at(-1))),
    /** @param {FormData} form @param {Record<string, string>} headers */
    take(form, headers) {
      const key = headers["Idempotency-Key"];
      const text = String(form.get("save"));
      if (answers.has(key)) {
        assert.equal(answers.get(key).text, text);
        return answers.get(key).answer;
      }
      const { head } = this;
      if (headers["If-Match"] !== `"${head}"`) {
        throw new RequestError(412, "meanwhile", { head, author: "anna", saved_at: null });
      }
      const save = JSON.parse(text);
      const tiles = new Map(revisions[head]);
      for (const { plane, column, row, cleared } of save.tiles) {
        const name = `${plane}/${column}/${row}`;
        if (cleared) tiles.delete(name);
        else tiles.set(name, form.get(name));
      }
      revisions.push(tiles);
      const answer = { revision: head + 1, saved_sha256: save.saved_sha256, saved_at: "2026-11-25T14:02:31Z" };
      answers.set(key, { text, answer });
      return answer;
    },
    /** @param {LabelMap} map @param {number} revision */
    async load(map, revision) {
      for (const [name, png] of revisions[revision]) {
        const [plane, column, row] = name.split("/").map(Number);
        map.load(/** @type {0 | 1} */ (plane), column, row, new Uint8Array(await png.arrayBuffer()));
      }
      return new Set(revisions[revision].keys());
    },
  };
}

/**
 * A page upon a server. `network` says what becomes of a request: "answer", "lost before" or "lost after" it arrived.
 * @param {DraftStore} store
 * @param {ReturnType<typeof makeServer>} server
 * @param {() => string} network
 */
function openPage(store, server, network) {
  const map = new LabelMap(600, 600);
  const drafts = new Drafts(map, store, () => {});
  drafts.base = server.head;
  const saver = new Saver({
    map,
    drafts,
    head: server.head,
    encode: async (pixels) => ({ digest: sha256(pixels), png: new Blob([pixels]) }), // a PNG takes its time
    wait: async () => {},
    later: () => {},
    send: async (form, headers) => {
      const fate = network();
      if (fate === "lost before") throw new RequestError(0, "lost");
      const answer = server.take(form, headers);
      if (fate === "lost after") throw new RequestError(0, "lost");
      return answer;
    },
  });
  return {
    map,
    saver,
    drafts,
    /** @param {number} x @param {number} y @param {number} value */
    paint(x, y, value) {
      map.beginStroke();
      map.span(y, x, x + 40, value, 1);
      drafts.touched(map.endStroke()?.keys() ?? []);
    },
    async bringBack() {
      const draft = await drafts.read();
      saver.head = draft?.base ?? server.head;
      drafts.base = saver.head;
      saver.stored = await server.load(map, saver.head);
      if (!draft) return;
      map.swap(tilesOf(draft));
      saver.pending = draft.request && unpack(draft.request);
      await saver.save("autosave");
    },
  };
}

test("what was written is brought back to the bit, without the stroke that was running", async () => {
  const store = memory();
  const server = makeServer();
  const page = openPage(store, server, () => "lost before");
  page.paint(10, 10, 1);
  page.paint(300, 10, 2);
  const mask = maskOf(page.map);
  page.map.beginStroke();
  page.map.span(10, 0, 500, 3, 1);
  page.drafts.flush();
  const again = openPage(store, server, () => "answer");
  await again.bringBack();
  assert.deepEqual(maskOf(again.map), mask);
  assert.deepEqual([server.head, again.saver.state.phase, store.draft], [1, "saved", null]);
});

test("what was painted while a request was on its way outlives its answer", async () => {
  const store = memory();
  const server = makeServer();
  const page = openPage(store, server, () => {
    page.paint(10, 20, 2);
    page.drafts.flush();
    return "answer";
  });
  page.paint(10, 10, 1);
  page.paint(300, 10, 1);
  await page.saver.save("autosave");
  assert.deepEqual([store.draft?.base, store.draft?.tiles.length, store.draft?.request], [1, 1, null]);
});

test("a request that was refused is not kept, its tiles are", async () => {
  const store = memory();
  const server = makeServer();
  const page = openPage(store, server, () => "answer");
  server.meanwhile();
  page.paint(10, 10, 1);
  await page.saver.save("autosave");
  assert.equal(page.saver.state.phase, "conflict");
  assert.deepEqual([store.draft?.base, store.draft?.tiles.length, store.draft?.request], [0, 1, null]);
});

test("work that was let go of is gone", async () => {
  const store = memory();
  const page = openPage(store, makeServer(), () => "lost before");
  page.paint(10, 10, 1);
  page.drafts.flush();
  await page.drafts.drop();
  assert.equal(store.draft, null);
  assert.ok(page.drafts.empty);
});

test("a tab that looks on leaves what the working one keeps", async () => {
  const store = memory();
  const server = makeServer();
  const page = openPage(store, server, () => "lost before");
  page.paint(10, 10, 1);
  page.drafts.flush();
  const kept = structuredClone(store.draft);
  const looking = openPage(store, server, () => "answer");
  looking.drafts.rest();
  assert.equal(await looking.drafts.read(), null);
  looking.paint(300, 10, 1);
  looking.drafts.flush();
  looking.saver.adopt({ revision: 1, saved_at: "2026-11-25T14:02:31Z" }, []);
  await looking.drafts.drop();
  assert.deepEqual(store.draft, kept);
});

test("a browser that keeps nothing says so, and the page goes on", async () => {
  let lost = 0;
  const refuse = async () => {
    throw new Error("No store here.");
  };
  const map = new LabelMap(600, 600);
  const drafts = new Drafts(map, { read: refuse, write: refuse }, () => {});
  drafts.addEventListener("lost", () => lost++);
  assert.equal(await drafts.read(), null);
  drafts.touched([0]);
  await drafts.write();
  assert.deepEqual([lost, drafts.failing], [1, true]);
});

test("what a write that failed should have kept is kept by the next", async () => {
  const store = memory();
  const { write } = store;
  let full = true;
  store.write = async (...what) => (full ? Promise.reject(new Error("No space.")) : write.apply(store, what));
  /** @type {(() => unknown)[]} */
  const later = [];
  const map = new LabelMap(600, 600);
  const drafts = new Drafts(map, store, (what) => later.push(what));
  const paint = (/** @type {number} */ x, /** @type {number} */ value) => {
    map.beginStroke();
    map.span(5, x, x + 9, value, 1);
    drafts.touched(map.endStroke()?.keys() ?? []);
  };
  const inTurn = async () => {
    later.splice(0).forEach((what) => void what());
    await new Promise((resolve) => setTimeout(resolve));
  };
  const kept = () => store.draft?.tiles.map(({ key, pixels }) => [key, pixels?.[5 * 256 + 8]]);
  paint(0, 1);
  await inTurn();
  paint(300, 1);
  await inTurn();
  assert.deepEqual([store.draft, drafts.failing], [null, true]);
  full = false;
  await inTurn();
  assert.deepEqual(
    [kept(), drafts.failing, later.length],
    [
      [
        [0, 1],
        [1, 0],
      ],
      false,
      0,
    ],
  );
  full = true;
  drafts.answered(drafts.mark(), 1);
  paint(0, 2);
  await inTurn();
  full = false;
  await inTurn();
  assert.deepEqual([kept(), store.draft?.base, drafts.empty], [[[0, 2]], 1, false]);
  drafts.answered(drafts.mark(), 2);
  await inTurn();
  assert.deepEqual([store.draft, drafts.empty], [null, true]);
});

test("whatever is lost and whenever the page dies, the server ends with what was painted", async () => {
  const { whole } = randomness(11);
  for (let round = 0; round < 20; round++) {
    const store = memory();
    const server = makeServer();
    const expected = new Uint8Array(600 * 600);
    let reliable = false;
    const network = () => (reliable ? "answer" : ["answer", "lost before", "lost after"][whole(0, 2)]);
    let page = openPage(store, server, network);
    for (let step = 0; step < 12; step++) {
      const [x, y, value] = [whole(0, 560), whole(0, 599), whole(0, 2)];
      page.paint(x, y, value);
      expected.fill(value, y * 600 + x, y * 600 + x + 40);
      page.drafts.flush();
      if (whole(0, 1)) await page.saver.save("autosave");
      if (whole(0, 3)) continue;
      page = openPage(store, server, network);
      await page.bringBack();
      assert.deepEqual(maskOf(page.map), expected);
      assert.notEqual(page.saver.state.phase, "conflict");
    }
    reliable = true;
    await page.saver.save("checkpoint");
    assert.deepEqual([page.saver.state.phase, store.draft], ["saved", null]);
    const saved = new LabelMap(600, 600);
    await server.load(saved, server.head);
    assert.deepEqual(maskOf(saved), expected);
  }
});
