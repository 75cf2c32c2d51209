// What a survey of the labels found, in groups: the part that is shown, and what a project needs mended. No DOM.

import { kindOf, majorities, regionAt, signOf } from "./inspect.js";

/** @import { Kind, Sign, Survey } from "./inspect.js" */

export const GROUPS = /** @type {const} */ (["unlabelled", "hole", "speck", "intended"]);

/** @typedef {typeof GROUPS[number]} Group */

/**
 * What is looked for.
 * @typedef {object} Question
 * @property {number} below pixels; holes and specks have fewer. Not less than the project's
 * @property {{ labelled: boolean, below: number | null }} rules what the project needs
 * @property {Sign[]} intended
 * @property {number[]} locked categories that are not changed
 */

/**
 * @typedef {object} Finding
 * @property {Group} group
 * @property {Sign} sign
 * @property {Rect} box
 * @property {number} around the category that encloses it, or 0
 * @property {number} into what it becomes when it is mended
 * @property {boolean} needed the project does not accept it
 * @property {boolean} mayIntend
 * @property {boolean} locked its category is not changed
 */

/**
 * @typedef {object} Found
 * @property {number} count
 * @property {number} mendable how many are mended by one command: all small ones that are not locked
 * @property {Finding[]} shown the largest first, not more than the limit
 */

/** @typedef {Record<Group, Found> & { needed: number }} Report */

/** @typedef {Question & ({ group: Kind } | { signs: Sign[] })} Mend all small regions of a group, or these */

/**
 * @param {Survey} all
 * @param {Question} question
 * @param {number} [limit]
 * @returns {Report}
 */
export function report(all, question, limit = 200) {
  const judge = judging(all, question);
  const found = grouped(all, judge);
  const shown = GROUPS.map((group) =>
    found[group].sort((one, other) => all.pixels[other] - all.pixels[one]).slice(0, limit),
  );
  const into = majorities(all, shown.flat());
  let needed = 0;
  for (let region = 0; region < all.first.length; region++) if (judge.needs(region)) needed++;
  const groups = GROUPS.map((group, index) => [
    group,
    {
      count: found[group].length,
      mendable: found[group].filter(judge.mendable).length,
      shown: shown[index].map((region) => ({
        group,
        sign: signOf(all, region),
        box: boxOf(all, region),
        around: all.around[region],
        into: into.get(region) ?? 0,
        needed: judge.needs(region),
        mayIntend: !judge.wantsLabel(region),
        locked: judge.locked(region),
      })),
    },
  ]);
  return { ...Object.fromEntries(groups), needed };
}

/**
 * The values that regions get when they are mended.
 * @param {Survey} all
 * @param {Mend} mend
 * @returns {Map<number, number>}
 */
export function mended(all, mend) {
  const judge = judging(all, mend);
  const regions =
    "signs" in mend
      ? mend.signs.map((sign) => regionAt(all, sign)).filter((region) => region >= 0 && !judge.locked(region))
      : grouped(all, judge)[mend.group].filter(judge.mendable);
  return majorities(all, regions);
}

/**
 * @param {Survey} all
 * @param {Question} question
 */
function judging(all, { below, rules, intended, locked }) {
  const { values, first, pixels } = all;
  const excused = new Set(intended.map((sign) => regionAt(all, sign)));
  const labelOf = (/** @type {number} */ region) => values[first[region]];
  const wantsLabel = (/** @type {number} */ region) => rules.labelled && labelOf(region) === 0;
  const isLocked = (/** @type {number} */ region) => locked.includes(labelOf(region));
  const isSmall = (/** @type {number} */ region) =>
    ["hole", "speck"].includes(`${kindOf(all, region, rules.below ?? 0)}`);
  return {
    wantsLabel,
    locked: isLocked,
    /** @param {number} region */
    needs: (region) => wantsLabel(region) || (isSmall(region) && !excused.has(region)),
    /** @param {number} region */
    mendable: (region) => pixels[region] < below && !isLocked(region),
    /** @param {number} region @returns {Group | null} */
    groupOf: (region) => (excused.has(region) && !wantsLabel(region) ? "intended" : kindOf(all, region, below)),
  };
}

/**
 * @param {Survey} all
 * @param {ReturnType<typeof judging>} judge
 */
function grouped({ first }, judge) {
  /** @type {Record<Group, number[]>} */
  const found = { unlabelled: [], hole: [], speck: [], intended: [] };
  for (let region = 0; region < first.length; region++) {
    const group = judge.groupOf(region);
    if (group) found[group].push(region);
  }
  return found;
}

/**
 * @param {Survey} all
 * @param {number} region
 * @returns {Rect}
 */
function boxOf({ boxes }, region) {
  const [x0, y0, x1, y1] = boxes.subarray(4 * region, 4 * region + 4);
  return { x0, y0, x1, y1 };
}
