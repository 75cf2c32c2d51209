import assert from "node:assert/strict";
import { test } from "node:test";
import { Mosaic } from "../core/mosaic.js";
import { Superpixels } from "../work/superpixels.js";
import { segmentsOf } from "./maps.js";

Object.assign(globalThis, { location: { href: "http://localhost/" } });

const [WIDTH, HEIGHT] = [32, 8];
const INSIDE = { x: 2, y: 2 };
const settings = { algorithm: "slic", parameters: {} };
/** @type {any} */
const slic = {
  name: "slic",
  provenance: 2,
  counts: { count: "n_segments", size: "size" },
  parameters: [{ name: "size", label: "Size", kind: "float", default: 0, minimum: 0, maximum: 512, off_below: 4 }],
};

/** Four squares in a row; the left two merge at 1, the right two at 2, all at 10. */
function fourSquares() {
  const ids = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => Math.floor((at % WIDTH) / 8));
  const [heights, merges] = [Float32Array.of(1, 2, 10), Uint16Array.of(0, 1, 2, 3, 0, 2)];
  const tree = { segments: 4, heights, merges, beyond: {}, straddle: new Uint8Array(7), alarm: 48 };
  return segmentsOf({ width: WIDTH, height: HEIGHT, ids, tree });
}

/** Those four shown; whatever is to be divided is cut into quarters. */
async function shown() {
  const work = { asked: 0 };
  const load = async (/** @type {string} */ url, /** @type {string | null} */ tree) => {
    if (tree) return fourSquares();
    work.asked++;
    const query = new URL(url).searchParams;
    const [width, height] = [Number(query.get("width")), Number(query.get("height"))];
    const quarter = (/** @type {number} */ at) => Number(at % width < width / 2) + 2 * Number(at / width < height / 2);
    return { ids: Uint8Array.from({ length: width * height }, (_, at) => quarter(at)) };
  };
  /** @type {any} */
  const parts = { worker: { load }, urls: { superpixels: "/{algorithm}.png", superpixelTree: "/{algorithm}.tree" } };
  const superpixels = new Superpixels({ ...parts, image: { width: WIDTH, height: HEIGHT }, algorithms: [slic] });
  superpixels.use(settings);
  superpixels.look({ x0: 0, y0: 0, x1: WIDTH, y1: HEIGHT });
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(superpixels.shown.count, 4);
  return Object.assign(work, { superpixels });
}

/** @param {Superpixels} superpixels */
const widthThere = (superpixels) => superpixels.shapeAt(INSIDE)?.bounds.x1;

test("a merged segment is opened without asking, and nothing finer is lost", async () => {
  const work = await shown();
  const { superpixels } = work;
  superpixels.setLevel(10);
  assert.equal(await superpixels.divide(INSIDE), "");
  assert.equal(superpixels.shown.count, 4);
  assert.equal(work.asked, 0);
  superpixels.setLevel(0);
  assert.equal(superpixels.shown.count, 4);
  superpixels.setLevel(30);
  assert.equal(superpixels.shown.count, 1);
});

test("a single segment is divided anew, and one that was climbed down to stays open", async () => {
  const { superpixels } = await shown();
  superpixels.setLevel(5);
  superpixels.climbAt(INSIDE, -1);
  assert.equal(widthThere(superpixels), 8);
  assert.equal(await superpixels.divide(INSIDE), "");
  assert.equal(widthThere(superpixels), 4);
  assert.equal(superpixels.shown.count, 6, "four quarters, the square beside them, and the right two");
  superpixels.setLevel(10);
  assert.equal(superpixels.shown.count, 1);
});

test("of a segment that was climbed up to, the way down is gone a step", async () => {
  const { superpixels } = await shown();
  superpixels.climbAt(INSIDE, 1);
  superpixels.climbAt(INSIDE, 1);
  assert.equal(widthThere(superpixels), 32);
  for (const width of [16, 8, 4]) {
    assert.equal(await superpixels.divide(INSIDE), "");
    assert.equal(widthThere(superpixels), width);
  }
});

test("a region that comes while a segment is being divided does not stop it", async () => {
  const { superpixels } = await shown();
  const answer = superpixels.divide(INSIDE);
  superpixels.show(new Mosaic([...superpixels.mosaic.maps]));
  assert.equal(await answer, "");
  assert.equal(superpixels.shown.count, 7);
});

test("other segments that come in the meantime stop it, with a sentence", async () => {
  const { superpixels } = await shown();
  const answer = superpixels.divide(INSIDE);
  superpixels.use(settings);
  assert.equal(await answer, "The segments here changed meanwhile; press R again.");
});
