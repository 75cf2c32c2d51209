// The list of what the check of the labels found: grouped, the largest first, with ways to mend each.

import { GROUPS } from "../core/findings.js";
import { copyOf, counted, find } from "./find.js";
import { IGNORE } from "./palette.js";

/** @import { Finding, Group, Report } from "../core/findings.js" */

/**
 * @typedef {object} Ways
 * @property {(finding: Finding) => void} choose
 * @property {(finding: Finding) => void} mend
 * @property {(group: Group) => void} mendAll
 * @property {(finding: Finding) => void} intend or no longer, when it was
 * @property {(direction: 1 | -1) => void} step
 * @property {() => void} resize
 * @property {() => void} close
 */

const TITLES = { unlabelled: "Unlabelled", hole: "Holes", speck: "Specks", intended: "Intended" };

export class InspectorPanel {
  /**
   * @param {HTMLElement} root
   * @param {EditorConfig} config
   * @param {Ways} ways
   */
  constructor(root, { categories, image, rules }, ways) {
    this.element = find(root, "#inspector", HTMLElement);
    this.names = new Map(categories.map(({ value, name }) => [value, name])).set(IGNORE.value, IGNORE.name).set(0, "Unlabelled");
    this.colors = new Map(categories.map(({ value, color }) => [value, color])).set(IGNORE.value, IGNORE.color);
    this.ways = ways;
    this.least = rules.below ?? 0;
    this.heading = find(this.element, "h2", HTMLElement);
    this.stateLine = find(this.element, "#inspector-state", HTMLElement);
    this.groups = find(this.element, "#inspector-groups", HTMLElement);
    this.size = find(this.element, "#inspector-size", HTMLInputElement);
    this.unit = find(this.element, "#inspector-unit", HTMLSelectElement);
    this.pixelArea = { px: 1, um2: (image.umPerPx ?? 1) ** 2 };
    /** The rows that are shown, in their order. @type {{ finding: Finding, row: HTMLElement }[]} */
    this.rows = [];
    /** Where in them the person is: at one, or between two. */
    this.at = -1;
    if (rules.unit === "um2" && rules.below) this.unit.value = "um2";
    this.below = rules.below ?? 20;
    this.listen();
  }

  listen() {
    const { element, ways } = this;
    this.size.addEventListener("change", () => {
      const area = this.size.valueAsNumber / this.perPixel;
      this.below = Number.isFinite(area) && area > 0 ? Math.max(area, this.least) : this.below;
      this.showSize();
      ways.resize();
    });
    this.unit.addEventListener("change", () => {
      this.showSize();
      if (this.rows.length) ways.resize();
    });
    element.addEventListener("keydown", (event) => {
      const steps = event.target instanceof Element && event.target.closest(".finding");
      if (event.key === "Escape") ways.close();
      else if (steps && event.key === "ArrowDown") ways.step(1);
      else if (steps && event.key === "ArrowUp") ways.step(-1);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    const buttons = { close: ways.close, next: () => ways.step(1), previous: () => ways.step(-1) };
    for (const [name, act] of Object.entries(buttons)) {
      find(element, `[data-inspector="${name}"]`, HTMLButtonElement).addEventListener("click", act);
    }
    this.showSize();
  }

  get shown() {
    return !this.element.hidden;
  }

  /** CSS pixels of the image that the panel covers. */
  get width() {
    return this.shown ? this.element.offsetWidth + 10 : 0;
  }

  get perPixel() {
    return this.pixelArea[this.unit.value === "um2" ? "um2" : "px"];
  }

  get chosen() {
    return this.rows[this.at]?.finding ?? null;
  }

  showSize() {
    this.size.value = `${Number((this.below * this.perPixel).toPrecision(6))}`;
  }

  open() {
    this.element.hidden = false;
    this.heading.focus({ preventScroll: true });
  }

  close() {
    this.element.hidden = true;
    this.choose(-1);
  }

  /**
   * @param {string} sentence
   * @param {boolean} [needed]
   */
  tell(sentence, needed = false) {
    if (this.stateLine.textContent !== sentence) this.stateLine.textContent = sentence;
    this.stateLine.dataset.needed = `${needed}`;
  }

  /**
   * @param {number} pixels
   * @returns {string}
   */
  area(pixels) {
    if (this.unit.value !== "um2") return `${pixels.toLocaleString("en-GB")} px`;
    return `${Number((pixels * this.perPixel).toPrecision(3)).toLocaleString("en-GB")} µm²`;
  }

  /** Shows a report, and keeps the person's place in the list. @param {Report} report */
  show(report) {
    const focused = this.groups.contains(document.activeElement);
    const { chosen, at } = this;
    this.rows = [];
    const groups = GROUPS.filter((group) => report[group].count);
    const isNeeded = (/** @type {Group} */ group) => report[group].shown.some(({ needed }) => needed);
    groups.sort((one, other) => Number(isNeeded(other)) - Number(isNeeded(one)));
    this.groups.replaceChildren(...groups.map((group) => this.section(group, report)));
    this.at = this.rows.findIndex(({ finding }) => `${finding.sign}` === `${chosen?.sign}`);
    this.mark();
    // What they looked at is gone: they are between the two beside it.
    if (this.at < 0 && at >= 0) this.at = Math.min(at, this.rows.length) - 0.5;
    if (focused) this.focus();
    for (const name of ["next", "previous"]) {
      find(this.element, `[data-inspector="${name}"]`, HTMLButtonElement).disabled = !this.rows.length;
    }
  }

  /**
   * @param {Group} group
   * @param {Report} report
   */
  section(group, report) {
    const { count, mendable, shown } = report[group];
    const section = copyOf(find(this.element, "#inspector-group", HTMLTemplateElement));
    find(section, "h3", HTMLElement).textContent = `${TITLES[group]} · ${count.toLocaleString("en-GB")}`;
    const all = find(section, "[data-all]", HTMLButtonElement);
    all.hidden = group === "intended" || !mendable;
    all.textContent = `Fix ${mendable === count ? "all" : "small ones"} (${mendable.toLocaleString("en-GB")})`;
    all.addEventListener("click", () => this.ways.mendAll(group));
    find(section, "ol", HTMLElement).append(...shown.map((finding) => this.row(finding)));
    const rest = count - shown.length;
    find(section, "p", HTMLElement).textContent = rest ? `and ${rest.toLocaleString("en-GB")} more` : "";
    return section;
  }

  /** @param {Finding} finding */
  row(finding) {
    const row = copyOf(find(this.element, "#inspector-finding", HTMLTemplateElement));
    const [value, , , pixels] = finding.sign;
    const chip = find(row, ".finding-chip", HTMLElement);
    const color = this.colors.get(value);
    if (color) chip.style.backgroundColor = color;
    else chip.dataset.empty = "";
    const within = finding.around ? ` in ${this.name(finding.around)}` : "";
    find(row, ".finding-name", HTMLElement).textContent = `${this.name(value)}${within}`;
    find(row, ".finding-size", HTMLElement).textContent = this.area(pixels);
    const mend = find(row, "[data-mend]", HTMLButtonElement);
    mend.textContent = finding.into ? `Make it ${this.name(finding.into)}` : "Erase it";
    mend.disabled = finding.locked;
    mend.title = finding.locked ? `${this.name(value)} is locked` : "";
    mend.hidden = finding.into === value;
    mend.addEventListener("click", () => this.ways.mend(finding));
    const intend = find(row, "[data-intend]", HTMLButtonElement);
    intend.textContent = finding.group === "intended" ? "Not intended" : "This is intended";
    intend.hidden = !finding.mayIntend;
    intend.addEventListener("click", () => this.ways.intend(finding));
    find(row, ".finding", HTMLButtonElement).addEventListener("click", () => this.ways.choose(finding));
    this.rows.push({ finding, row });
    return row;
  }

  /** @param {number} value */
  name(value) {
    return this.names.get(value) ?? `category ${value}`;
  }

  /** The place after a step; -1 when there is nothing. @param {1 | -1} direction */
  after(direction) {
    const { length } = this.rows;
    if (this.at < 0) return direction > 0 ? 0 : length - 1;
    const next = direction > 0 ? Math.floor(this.at) + 1 : Math.ceil(this.at) - 1;
    return (next + length) % length;
  }

  /** @param {number} at */
  choose(at) {
    this.at = at;
    this.mark();
    this.rows[at]?.row.scrollIntoView({ block: "nearest" });
  }

  mark() {
    for (const [index, { row }] of this.rows.entries()) {
      find(row, ".finding", HTMLButtonElement).setAttribute("aria-pressed", `${index === this.at}`);
      find(row, ".finding-ways", HTMLElement).hidden = index !== this.at;
    }
  }

  focus() {
    const row = this.rows[Math.min(Math.ceil(Math.max(this.at, 0)), this.rows.length - 1)]?.row;
    if (row) find(row, ".finding", HTMLButtonElement).focus({ preventScroll: true });
    else this.heading.focus({ preventScroll: true });
  }
}

/**
 * "12 holes and 3 specks".
 * @param {Report} report
 */
export function summary({ hole, speck }) {
  const parts = [hole.count && counted(hole.count, "hole"), speck.count && counted(speck.count, "speck")];
  return parts.filter(Boolean).join(" and ");
}
