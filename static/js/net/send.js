// Submitting to the server: JSON, forms, and files with their progress. What the server finds wrong with the data is an
// answer, unlike with `postJson` and `postForm` of api.js; other failures are errors whose message is a sentence.

import { csrfToken, LOST, OLD_TOKEN, RequestError, request } from "./api.js";

const SESSION =
  "The server gave an unexpected answer. You may have been logged out: log in in another tab, then try again.";
const BUSY_TRIES = 4;

/**
 * @param {number} status
 * @param {string} text
 * @returns {any}
 */
function parse(status, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(status === 413 ? "This is larger than the server takes." : SESSION);
  }
}

/**
 * @param {string} url
 * @param {BodyInit} body
 * @param {Record<string, string>} headers
 * @returns {Promise<{ ok: boolean, answer: any }>} what the server found wrong with the data is no failure: it is in the
 *   answer's `error` or `errors`
 */
async function submit(url, body, headers) {
  try {
    const options = { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), ...headers } };
    const response = await request(url, options);
    return { ok: true, answer: await response.json() };
  } catch (error) {
    const told = error instanceof RequestError && (error.answer.error || error.answer.errors);
    if (told) return { ok: false, answer: error.answer };
    throw error;
  }
}

/**
 * @param {string} url
 * @param {unknown} data
 */
export function submitJson(url, data) {
  return submit(url, JSON.stringify(data), { "Content-Type": "application/json" });
}

/**
 * @param {string} url
 * @param {FormData} [data]
 */
export function submitForm(url, data = new FormData()) {
  data.delete(OLD_TOKEN);
  return submit(url, data, {});
}

/**
 * Sends one file. A server that is busy is asked again, a little later each time and not before its `Retry-After`.
 * @param {string} url
 * @param {FormData} data
 * @param {(part: number) => void} progress from 0 to 1
 * @param {(milliseconds: number) => Promise<unknown>} [wait]
 * @returns {Promise<any>} what the server says about it
 */
export async function sendFile(url, data, progress, wait = pause) {
  for (let tried = 1; ; tried++) {
    const { status, text, retryAfter } = await exchange(url, data, progress);
    if (status === 503 && tried < BUSY_TRIES) {
      await wait(1000 * Math.max(2 * tried, retryAfter));
      continue;
    }
    const answer = parse(status, text);
    if (status === 201) return answer;
    throw new Error(answer.error ?? SESSION);
  }
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * `fetch` cannot tell how far an upload is.
 * @param {string} url
 * @param {FormData} data
 * @param {(part: number) => void} progress
 * @returns {Promise<{ status: number, text: string, retryAfter: number }>} `retryAfter` in seconds
 */
function exchange(url, data, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.addEventListener("progress", (event) => progress(event.total ? event.loaded / event.total : 0));
    request.addEventListener("load", () => {
      const retryAfter = Number(request.getResponseHeader("Retry-After") ?? 0);
      resolve({ status: request.status, text: request.responseText, retryAfter });
    });
    request.addEventListener("error", () => reject(new Error(LOST)));
    request.send(data);
  });
}
