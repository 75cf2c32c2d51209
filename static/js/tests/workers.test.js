import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { LabelMap } from "../core/tiles.js";
import { MapWorker } from "../net/maps.js";
import { Inspection } from "../work/inspection.js";

/** The workers that were started, oldest first. @type {FakeWorker[]} */
let started = [];

class FakeWorker {
  constructor() {
    /** @type {Record<string, (event: any) => void>} */
    this.listeners = {};
    /** @type {any[]} */
    this.asked = [];
    started.push(this);
  }

  /** @param {string} name @param {(event: any) => void} listener */
  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }

  /** @param {any} message */
  postMessage(message) {
    this.asked.push(message);
  }

  terminate() {}

  fail() {
    this.listeners.error({});
  }

  /** Answers what was asked last. @param {object} answer */
  async answer(answer) {
    await turn();
    const { number } = this.asked.at(-1);
    this.listeners.message({ data: { number, ...answer } });
  }
}

Object.assign(globalThis, { Worker: FakeWorker });
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

beforeEach(() => {
  started = [];
});

/** @type {any} */
const question = { below: 20 };

function inspectionOf() {
  const map = new LabelMap(300, 200);
  map.beginStroke();
  map.span(5, 0, 300, 1, 1);
  map.endStroke();
  return new Inspection(map, "inspect.worker.js");
}

test("a check whose worker fails ends, and the next one asks another worker, which gets all labels", async () => {
  const inspection = inspectionOf();
  const first = assert.rejects(inspection.report(question), /could not be checked/);
  await turn();
  started[0].fail();
  await first;
  const second = inspection.report(question);
  await turn();
  assert.equal(started.length, 2);
  assert.deepEqual(
    started[1].asked.map(({ ask, what }) => [ask, what.length]),
    [
      ["take", 2],
      ["survey", undefined],
    ],
  );
  await started[1].answer({ answer: undefined });
  await started[1].answer({ answer: "a report" });
  assert.equal(await second, "a report");
});

test("a worker that fails while the labels are sent to it leaves no half-known labels behind", async () => {
  const inspection = inspectionOf();
  const report = assert.rejects(inspection.report(question), /could not be checked/);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(
    started[0].asked.map(({ ask }) => ask),
    ["take"],
  );
  started[0].fail();
  await report;
  assert.equal(started.length, 1);
});

test("a worker of superpixel maps that failed is not asked again", async () => {
  const worker = new MapWorker("segments.worker.js");
  const first = assert.rejects(worker.load("one.png", null), /could not be started/);
  started[0].fail();
  await first;
  const second = worker.load("two.png", null);
  await started[1].answer({ map: "a map" });
  assert.equal(await second, "a map");
});
