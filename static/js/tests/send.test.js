import assert from "node:assert/strict";
import { test } from "node:test";
import { sendFile } from "../net/send.js";

/** @typedef {{ status: number, body: object, retryAfter?: string }} Answer */

/**
 * Let the server give these answers, one after the other; returns how long was waited before each further try.
 * @param {Answer[]} answers
 */
async function upload(answers) {
  class Request extends EventTarget {
    upload = new EventTarget();
    open() {}
    setRequestHeader() {}
    /** @param {string} name */
    getResponseHeader(name) {
      return name === "Retry-After" ? (this.answer?.retryAfter ?? null) : null;
    }
    send() {
      this.answer = /** @type {Answer} */ (answers.shift());
      this.status = this.answer.status;
      this.responseText = JSON.stringify(this.answer.body);
      this.dispatchEvent(new Event("load"));
    }
  }
  Object.assign(globalThis, { XMLHttpRequest: Request, document: { cookie: "csrftoken=abc" } });
  /** @type {number[]} */
  const waits = [];
  const wait = async (/** @type {number} */ milliseconds) => waits.push(milliseconds);
  const answer = await sendFile("/images/", new FormData(), () => {}, wait).catch((error) => error);
  return { answer, waits, left: answers.length };
}

/** @param {string} [retryAfter] */
const busy = (retryAfter) => ({ status: 503, body: { error: "Try again soon." }, retryAfter });

test("a busy server is asked again, later each time", async () => {
  const { answer, waits } = await upload([busy(), busy(), { status: 201, body: { id: 7 } }]);
  assert.deepEqual(answer, { id: 7 });
  assert.deepEqual(waits, [2000, 4000]);
});

test("but never before it said", async () => {
  const { waits } = await upload([busy("5"), busy("5"), busy("5"), { status: 201, body: {} }]);
  assert.deepEqual(waits, [5000, 5000, 6000]);
});

test("after four tries its sentence is shown", async () => {
  const { answer, waits, left } = await upload([busy("1"), busy("1"), busy("1"), busy("1"), busy("1")]);
  assert.equal(answer.message, "Try again soon.");
  assert.equal(waits.length, 3);
  assert.equal(left, 1);
});

test("a file that the server refuses is sent once", async () => {
  const { answer, waits } = await upload([{ status: 400, body: { error: "No image." } }]);
  assert.equal(answer.message, "No image.");
  assert.deepEqual(waits, []);
});
