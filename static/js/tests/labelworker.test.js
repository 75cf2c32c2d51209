import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { encodeTile } from "../core/labeltile.js";
import { decodeGrey, encodeGrey } from "../core/png.js";
import { LabelMap, SAVE_TILE } from "../core/tiles.js";
import { randomness } from "./random.js";

/** @type {any[]} */
const sent = [];
/** @type {(event: { data: object }) => Promise<void>} */
let receive = async () => {};
Object.assign(globalThis, {
  addEventListener: (/** @type {string} */ _, /** @type {typeof receive} */ listener) => {
    receive = listener;
  },
  postMessage: (/** @type {any} */ message) => sent.push(structuredClone(message)),
});
await import("../work/labels.worker.js");

/**
 * @param {number} seed
 * @returns {Uint8Array<ArrayBuffer>}
 */
function speckled(seed) {
  const { whole } = randomness(seed);
  const pixels = new Uint8Array(SAVE_TILE * SAVE_TILE);
  for (let run = 0; run < 300; run++) {
    const start = whole(0, pixels.length);
    pixels.fill(whole(0, 5), start, start + whole(1, 2000));
  }
  return pixels;
}

/**
 * As the server packs a plane.
 * @param {{ column: number, row: number, pixels: Uint8Array }[]} tiles
 */
async function packed(tiles) {
  const pngs = await Promise.all(tiles.map(({ pixels }) => encodeGrey(pixels, SAVE_TILE, SAVE_TILE)));
  const places = tiles.map(({ column, row }, index) => ({ column, row, length: pngs[index].length }));
  const header = Buffer.from(JSON.stringify({ revision: 3, tiles: places }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return new Uint8Array(Buffer.concat([length, header, ...pngs])).buffer;
}

test("a tile is told by the digest of its pixels, and its PNG holds them", async () => {
  const pixels = speckled(1);
  const { digest, png } = await encodeTile(pixels);
  assert.equal(digest, createHash("sha256").update(pixels).digest("hex"));
  assert.deepEqual((await decodeGrey(new Uint8Array(await png.arrayBuffer()))).pixels, pixels);
});

test("the worker encodes as the page would", async () => {
  sent.length = 0;
  await receive({ data: { number: 7, pixels: speckled(2) } });
  assert.equal(sent[0].number, 7);
  assert.equal(sent[0].answer.digest, (await encodeTile(speckled(2))).digest);
});

test("both planes of all places arrive as the map would have read them", async () => {
  const places = Array.from({ length: 11 }, (_, index) => ({ column: index % 4, row: Math.floor(index / 4) }));
  const planes = [
    places.map((place, index) => ({ ...place, pixels: speckled(index + 10) })),
    places.slice(3).map((place, index) => ({ ...place, pixels: speckled(index + 50) })),
  ];
  const expected = new LabelMap(1900, 1300);
  planes.forEach((tiles, plane) => {
    for (const { column, row, pixels } of tiles) expected.load(/** @type {0 | 1} */ (plane), column, row, pixels);
  });
  sent.length = 0;
  const buffers = await Promise.all(planes.map(packed));
  await receive({ data: { number: 8, packed: buffers, width: 1900, height: 1300 } });
  const { answer } = sent.pop();
  assert.ok(sent.length > 1, "all came at once");
  const arrived = new Map(sent.flatMap(({ portion }) => [...portion]));
  assert.deepEqual([...arrived.keys()].sort(), [...expected.tiles.keys()].sort());
  for (const [key, tile] of arrived) assert.deepEqual(tile, expected.tiles.get(key));
  assert.equal(answer.length, 19);
  assert.deepEqual(answer[0], { plane: 0, column: 0, row: 0 });
});

test("what is damaged is said, and nothing is taken for labels", async () => {
  sent.length = 0;
  const small = await encodeGrey(new Uint8Array(4), 2, 2);
  const header = Buffer.from(JSON.stringify({ revision: 1, tiles: [{ column: 0, row: 0, length: small.length }] }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  const buffer = new Uint8Array(Buffer.concat([length, header, small])).buffer;
  await receive({ data: { number: 9, packed: [buffer], width: 600, height: 600 } });
  assert.deepEqual(sent, [{ number: 9, error: "The stored labels are damaged." }]);
});
