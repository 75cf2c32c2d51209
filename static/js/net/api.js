// Asking the server: every failure is an error whose message is a sentence. Works in workers too.

export const LOST = "The server could not be reached. Your work stays in this page; try again in a moment.";
const SIGNED_OUT = "You are logged out. Log in again to go on; your work stays in this page.";
const NO_ACCESS =
  "You have no access to this any more, or you logged in anew. Try once more; your work stays in this page.";
const FAILED = "The server could not do this. Your work stays in this page; try again in a moment.";

/** After so long without a whole answer the server counts as out of reach: a connection may hang for ever. */
const PATIENCE_MS = 120_000;

/** A field of forms with the token of when the page was made, which the server would prefer to the one in the header. */
export const OLD_TOKEN = "csrfmiddlewaretoken";
/** What comes from something in front of the server while it is started anew or has too much to do. */
const PASSING = [404, 408, 409, 429];

export class RequestError extends Error {
  /**
   * @param {number} status 0 when no answer came, 401 when logged out
   * @param {string} message
   * @param {Record<string, any>} [answer] what the server said
   * @param {number} [retryAfter] seconds
   */
  constructor(status, message, answer = {}, retryAfter = 0) {
    super(message);
    this.status = status;
    this.answer = answer;
    this.retryAfter = retryAfter;
  }

  /** Whether what was asked has no answer of the server's own, which always has a sentence, and may have been done. */
  get unanswered() {
    return this.status === 0 || this.status >= 500 || (PASSING.includes(this.status) && !this.answer.error);
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 */
export async function request(url, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  let response;
  try {
    response = await fetch(url, { ...options, headers, redirect: "manual" });
  } catch (error) {
    if (options.signal?.aborted && /** @type {Error} */ (error).name !== "TimeoutError") throw error;
    throw new RequestError(0, LOST);
  }
  if (response.type === "opaqueredirect") throw new RequestError(401, SIGNED_OUT);
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  const message = answer.error ?? (response.status === 403 ? NO_ACCESS : FAILED);
  throw new RequestError(response.status, message, answer, Number(response.headers.get("Retry-After") ?? 0));
}

/**
 * @param {string} url
 * @param {FormData} form
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function postForm(url, form, headers = {}) {
  form.delete(OLD_TOKEN);
  return post(url, form, headers);
}

/**
 * @param {string} url
 * @param {object} value
 * @returns {Promise<any>}
 */
export async function postJson(url, value) {
  return post(url, JSON.stringify(value), { "Content-Type": "application/json" });
}

/**
 * @param {string} url
 * @param {FormData | string} body
 * @param {Record<string, string>} headers
 */
async function post(url, body, headers) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const options = { method: "POST", body, signal, headers: { ...headers, "X-CSRFToken": csrfToken() } };
  const response = await request(url, options);
  try {
    return await response.json();
  } catch {
    throw new RequestError(0, LOST);
  }
}

/** From the cookie, because logging in in another tab makes a new one. */
export function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  return cookie ?? document.querySelector(`[name="${OLD_TOKEN}"]`)?.getAttribute("value") ?? "";
}
