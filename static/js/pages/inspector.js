// The check of the labels before a ground truth: finds gaps, holes and specks, flies there, mends them.

import { postJson } from "../net/api.js";
import { ask, dialog } from "../ui/dialogs.js";
import { find } from "../ui/find.js";
import { InspectorPanel, summary } from "../ui/inspector.js";
import { Mark } from "../view/mark.js";
import { Inspection } from "../work/inspection.js";

/** @import { Finding, Mend, Question, Report } from "../core/findings.js" */
/** @import { Kind } from "../core/inspect.js" */
/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Cover } from "../ui/status.js" */
/** @import { Viewer } from "../view/viewer.js" */
/** @import { Painter } from "../work/painter.js" */
/** @import { Store } from "../work/store.js" */

const PROVENANCE = 6;
const REST_MS = 300; // after a change, before the labels are looked at again

/**
 * @param {object} parts
 * @param {EditorConfig} parts.config
 * @param {HTMLElement} parts.root
 * @param {LabelMap} parts.map
 * @param {Store} parts.store
 * @param {Painter} parts.painter
 * @param {Viewer} parts.viewer
 * @param {Cover} parts.cover
 */
export function createInspector({ config, root, map, store, painter, viewer, cover }) {
  const { rules, urls } = config;
  let intended = config.annotation.intended;
  const panel = new InspectorPanel(root, config, { choose, mend, mendAll, intend, step, resize: look, close });
  const inspection = new Inspection(map, panel.element.dataset.worker ?? "");
  const mark = new Mark(viewer);
  let timer = 0;

  painter.addEventListener("settled", () => {
    inspection.touched();
    clearTimeout(timer);
    if (panel.shown) timer = window.setTimeout(look, REST_MS);
  });

  /** @returns {Question} */
  function question() {
    return { below: panel.below, rules, intended, locked: store.state.locked };
  }

  /** Looks at the labels and shows what is found. */
  async function look() {
    if (!inspection.isCurrent) panel.tell("Looking at the labels…");
    try {
      show(await inspection.report(question()));
    } catch (error) {
      panel.tell(sentenceOf(error));
    }
  }

  /** @param {Report} report */
  function show(report) {
    panel.show(report);
    const needed = report.needed;
    const found = report.unlabelled.count + report.hole.count + report.speck.count;
    if (needed) panel.tell(`Needed before the ground truth: ${needed.toLocaleString("en-GB")}. ${wanted()}`, true);
    else panel.tell(found ? "Nothing here stands in the way of the ground truth." : "No gaps, holes or specks.");
    mark.show(panel.chosen?.box ?? null);
    document.body.dataset.inspected = `${inspection.version}`;
  }

  /** What the project wants, in a sentence. */
  function wanted() {
    const parts = [];
    if (rules.labelled) parts.push("a label for every pixel");
    if (rules.below) parts.push(`no holes or specks below ${panel.area(rules.below)}`);
    return `This project wants ${parts.join(" and ")}.`;
  }

  function open() {
    if (!panel.shown) panel.open();
    return look();
  }

  function close() {
    panel.close();
    mark.show(null);
    find(root, "#stage", HTMLElement).focus({ preventScroll: true });
  }

  /** @param {Finding} finding */
  function choose(finding) {
    panel.choose(panel.rows.findIndex((row) => row.finding === finding));
    mark.show(finding.box);
    viewer.flyTo(finding.box, panel.width);
  }

  /** @param {1 | -1} direction */
  function step(direction) {
    if (!panel.rows.length) return;
    const listed = panel.groups.contains(document.activeElement);
    choose(panel.rows[panel.after(direction)].finding);
    if (listed) panel.focus();
  }

  /** @param {Finding} finding */
  function mend(finding) {
    return apply({ ...question(), signs: [finding.sign] });
  }

  /** @param {string} group */
  function mendAll(group) {
    return apply({ ...question(), group: /** @type {Kind} */ (group) });
  }

  /** Changes the labels, as one step of undo. @param {Mend} what */
  async function apply(what) {
    try {
      const spans = await inspection.mend(what);
      // Whoever paints meanwhile changes what was found, so nothing is mended.
      if (painter.busy || !inspection.isCurrent) return look();
      painter.change((labels) => {
        for (let at = 0; at < spans.length; at += 4) {
          labels.span(spans[at], spans[at + 1], spans[at + 2], spans[at + 3], PROVENANCE);
        }
      });
      clearTimeout(timer);
      await look();
    } catch (error) {
      panel.tell(sentenceOf(error));
    }
  }

  /** Says of a finding that it is meant to be, or no longer. @param {Finding} finding */
  async function intend({ sign, group }) {
    try {
      const answer = await postJson(urls.intended, { intended: group !== "intended", regions: [sign] });
      intended = answer.intended;
      await look();
    } catch (error) {
      panel.tell(sentenceOf(error));
    }
  }

  return {
    close: () => panel.shown && close(),
    /** Opens, or goes on to the next finding. @param {1 | -1} direction */
    check: (direction) => (panel.shown ? step(direction) : open()),
    /** Whether the labels may be saved as ground truth now; if not, the person sees why. */
    async allows() {
      cover.show("Checking the labels…");
      /** @type {Report} */
      let report;
      try {
        report = await inspection.report(question());
      } catch {
        return true; // the server checks, too
      } finally {
        cover.hide();
      }
      if (!report.needed) {
        if (panel.shown || !summary(report)) return true;
        const box = dialog(document, "findings-dialog");
        find(box, "h2", HTMLElement).textContent = `${summary(report)} below ${panel.area(panel.below)}`;
        const choice = await ask(box);
        if (choice !== "look") return choice === "save";
      }
      await open();
      return false;
    },
  };
}

/** @param {unknown} error */
function sentenceOf(error) {
  return error instanceof Error ? error.message : String(error);
}
