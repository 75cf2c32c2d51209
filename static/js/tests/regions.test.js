import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf } from "../core/region.js";
import { RequestError } from "../net/api.js";
import { RegionLoader } from "../work/regions.js";

/** @param {number} x */
const region = (x) => ({ x, y: 0, width: 1024, height: 1024 });

/** A loader whose requests are answered by hand. */
function byHand() {
  /** @type {{ x: number, signal: AbortSignal, resolve: (map: any) => void, reject: (error: Error) => void }[]} */
  const requests = [];
  /** @type {Map<string, any>} */
  const there = new Map();
  /** @type {number[]} */
  const waits = [];
  const loader = new RegionLoader({
    load: ({ x }, signal) =>
      new Promise((resolve, reject) => {
        requests.push({ x, signal, resolve, reject });
      }),
    arrived: (place, map) => there.set(keyOf(place), map),
    has: (place) => there.has(keyOf(place)),
    wait: async (milliseconds) => waits.push(milliseconds),
  });
  return { loader, requests, there, waits };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const busy = () => new RequestError(503, "The server is busy.", {}, 2);

test("two are asked for at a time, in the order in which they are wanted", async () => {
  const { loader, requests, there } = byHand();
  loader.want([region(0), region(1), region(2)]);
  assert.deepEqual(
    requests.map(({ x }) => x),
    [0, 1],
  );
  assert.equal(loader.state.phase, "loading");
  requests[1].resolve("b");
  await settled();
  assert.deepEqual(
    requests.map(({ x }) => x),
    [0, 1, 2],
  );
  requests[0].resolve("a");
  requests[2].resolve("c");
  await settled();
  assert.deepEqual([...there.values()], ["b", "a", "c"]);
  assert.equal(loader.state.phase, "rest");
});

test("looking elsewhere changes what comes next, and nothing is asked for twice", async () => {
  const { loader, requests } = byHand();
  loader.want([region(0), region(1), region(2)]);
  loader.want([region(3), region(1)]);
  requests[0].resolve("a");
  await settled();
  assert.deepEqual(
    requests.map(({ x }) => x),
    [0, 1, 3],
  );
  requests[1].resolve("b");
  requests[2].resolve("d");
  await settled();
  loader.want([region(0), region(3)]);
  assert.equal(requests.length, 3);
});

test("an answer to settings of before is dropped, and its request ended", async () => {
  const { loader, requests, there } = byHand();
  loader.want([region(0)]);
  loader.restart();
  assert.ok(requests[0].signal.aborted);
  requests[0].resolve("old");
  loader.want([region(0)]);
  await settled();
  assert.equal(there.size, 0);
  requests[1].resolve("new");
  await settled();
  assert.deepEqual([...there.values()], ["new"]);
});

test("a busy server is asked again, ever more patiently, and given up in the end with its sentence", async () => {
  const { loader, requests, waits, there } = byHand();
  const phases = new Set();
  loader.addEventListener("change", () => phases.add(loader.state.phase));
  loader.want([region(0)]);
  for (let tried = 0; tried < 5; tried++) {
    requests[tried].reject(busy());
    await settled();
  }
  assert.deepEqual(waits, [2000, 4000, 8000, 16000]);
  assert.deepEqual([...phases], ["loading", "busy", "rest", "failed"]);
  assert.equal(loader.state.message, "The server is busy.");
  assert.equal(requests.length, 5);
  loader.tryAgain();
  assert.equal(requests.length, 6);
  requests[5].resolve("a");
  await settled();
  assert.equal(there.size, 1);
  assert.equal(loader.state.phase, "rest");
});

test("two refusals at once are one wait", async () => {
  const { loader, requests, waits } = byHand();
  loader.want([region(0), region(1)]);
  requests[0].reject(busy());
  requests[1].reject(busy());
  await settled();
  await settled();
  assert.equal(waits.length, 1);
  assert.equal(requests.length, 4);
});

test("a refusal is told at once and stops the rest", async () => {
  const { loader, requests } = byHand();
  loader.want([region(0), region(1), region(2)]);
  requests[0].reject(new RequestError(400, "Compactness must be a number from 1 to 100."));
  requests[1].resolve("b");
  await settled();
  assert.equal(loader.state.phase, "failed");
  assert.equal(loader.state.message, "Compactness must be a number from 1 to 100.");
  assert.equal(requests.length, 2);
  loader.restart();
  assert.equal(loader.state.phase, "rest");
});

test("a region that fails does not keep the others from coming, and is told of at the end", async () => {
  const { loader, requests, there } = byHand();
  const tooLong = new RequestError(503, "The calculation took too long.");
  loader.want([region(0), region(1), region(2)]);
  requests[0].reject(tooLong);
  await settled();
  assert.equal(loader.state.phase, "loading");
  requests[1].resolve("b");
  requests[2].resolve("c");
  await settled();
  assert.deepEqual([...there.values()], ["b", "c"]);
  assert.deepEqual([loader.state.phase, loader.state.message], ["failed", tooLong.message]);
  loader.want([region(0), region(1), region(3)]);
  assert.equal(requests.at(-1)?.x, 3, "it is not asked for again by itself");
  requests[3].reject(tooLong);
  await settled();
  loader.want([region(1), region(2)]);
  assert.equal(loader.state.phase, "rest", "what failed is not looked at any more");
  loader.want([region(0), region(1), region(3)]);
  assert.equal(loader.state.phase, "failed");
  assert.equal(requests.length, 4);
  loader.tryAgain();
  assert.deepEqual(
    requests.slice(4).map(({ x }) => x),
    [0, 3],
  );
});
