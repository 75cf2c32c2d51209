// One line that proposes a setting, with a way to take it and one to send it away.

import { find } from "./find.js";

/** @import { Fit } from "../core/fit.js" */

/**
 * @param {HTMLElement} root
 * @param {Algorithm[]} algorithms
 * @param {(fit: Fit) => void} use
 * @returns {(fit: Fit | null) => void}
 */
export function proposal(root, algorithms, use) {
  const box = find(root, "#proposal", HTMLElement);
  const text = find(box, "#proposal-text", HTMLElement);
  /** @type {Fit | null} */
  let offered = null;
  find(box, "#proposal-use", HTMLButtonElement).addEventListener("click", () => {
    if (offered) use(offered);
    show(null);
  });
  find(box, "#proposal-dismiss", HTMLButtonElement).addEventListener("click", () => show(null));

  /** @param {Fit | null} fit */
  function show(fit) {
    offered = fit;
    box.hidden = !fit;
    text.textContent = fit ? sentence(fit, algorithms) : "";
  }
  return show;
}

/**
 * "SLIC, segment size 24 px, follows what you painted best (97 %)."
 * @param {Fit} fit
 * @param {Algorithm[]} algorithms
 */
export function sentence({ algorithm: name, parameters, accuracy }, algorithms) {
  const algorithm = algorithms.find((each) => each.name === name);
  const told = algorithm?.parameters.find(({ name }) => isTelling(algorithm, name, parameters));
  const unit = told && told.kind !== "choice" && told.unit ? ` ${told.unit}` : "";
  const value = told ? `, ${told.label.toLowerCase()} ${parameters[told.name]}${unit}` : "";
  return `${algorithm?.label ?? name}${value}, follows what you painted best (${Math.round(accuracy * 100)} %).`;
}

/**
 * The parameter that says most: how large the segments become.
 * @param {Algorithm} algorithm
 * @param {string} name
 * @param {Fit["parameters"]} parameters
 */
function isTelling({ counts }, name, parameters) {
  if (!counts) return true;
  return name === (parameters[counts.size] ? counts.size : counts.count);
}
