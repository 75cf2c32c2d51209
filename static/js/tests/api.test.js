// What comes of a request that fails: an error whose message is a sentence.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { LOST, postForm, postJson, RequestError } from "../net/api.js";
import { submitForm } from "../net/send.js";

test("a connection that hangs counts as lost after two minutes, since what was asked may still arrive", async () => {
  mock.method(AbortSignal, "timeout", (/** @type {number} */ milliseconds) => {
    assert.equal(milliseconds, 120_000);
    return AbortSignal.abort(new DOMException("The time is over.", "TimeoutError"));
  });
  Object.assign(globalThis, { document: { cookie: "csrftoken=abc" } });
  mock.method(globalThis, "fetch", async (/** @type {string} */ _, /** @type {RequestInit} */ { signal }) => {
    signal?.throwIfAborted();
  });
  await assert.rejects(postJson("/revisions/", {}), (error) => {
    assert.ok(error instanceof RequestError);
    assert.equal(error.message, LOST);
    assert.ok(error.unanswered);
    return true;
  });
  mock.restoreAll();
});

for (const post of [postForm, submitForm]) {
  test(`${post.name} sends the token of now, not that of when the page was made`, async () => {
    Object.assign(globalThis, { document: { cookie: "csrftoken=new" } });
    mock.method(globalThis, "fetch", async (/** @type {string} */ _, /** @type {any} */ { headers, body }) => {
      assert.equal(headers["X-CSRFToken"], "new");
      assert.deepEqual([...body], [["reason", "other"]]);
      return new Response("{}");
    });
    const form = new FormData();
    form.set("csrfmiddlewaretoken", "old");
    form.set("reason", "other");
    await post("/cannot-label/", form);
    mock.restoreAll();
  });
}
