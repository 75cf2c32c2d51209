// Finding one's way in a page that the server rendered.

/**
 * The element a page cannot do without.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {{ new (): T, prototype: T }} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no ${selector}.`);
  return element;
}

/**
 * A copy of the row in a `<template>`.
 * @param {HTMLTemplateElement} template
 * @returns {HTMLElement}
 */
export function copyOf(template) {
  return find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), "*", HTMLElement);
}

/**
 * What the server put beside the page by `json_script`.
 * @param {string} id
 */
export function pageData(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

/**
 * Shows each error at its field and goes to the first. Empty errors clear the page.
 * @param {ParentNode} root
 * @param {Record<string, string>} errors
 */
export function showErrors(root, errors) {
  for (const place of root.querySelectorAll("[data-error]")) {
    const field = /** @type {HTMLElement} */ (place).dataset.error ?? "";
    const sentence = errors[field] ?? "";
    place.textContent = sentence;
    place.classList.toggle("d-block", sentence !== "" && place.classList.contains("invalid-feedback"));
    root.querySelector(`[name="${field}"]`)?.classList.toggle("is-invalid", sentence !== "");
  }
  if (Object.keys(errors).length === 0) return;
  requestAnimationFrame(() => {
    const first = root.querySelector(".is-invalid, .invalid-feedback.d-block");
    first?.scrollIntoView({ block: "center" });
    if (first instanceof HTMLInputElement || first instanceof HTMLTextAreaElement) first.focus();
  });
}

/**
 * @param {number} number
 * @param {string} one
 */
export function counted(number, one) {
  return `${number} ${one}${number === 1 ? "" : "s"}`;
}
