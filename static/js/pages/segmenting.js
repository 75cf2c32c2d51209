// The editor's superpixels: puts panel, maps, outlines and advice together.

import { isGrid, KEPT, regionsInView } from "../core/region.js";
import { askedFor, expectedSide, said } from "../core/sizing.js";
import { postForm, postJson } from "../net/api.js";
import { MapWorker } from "../net/maps.js";
import { find } from "../ui/find.js";
import { GranularityPanel } from "../ui/granularity.js";
import { proposal } from "../ui/proposal.js";
import { SuperpixelPanel } from "../ui/superpixels.js";
import { outlineSource } from "../view/outlines.js";
import { FitMeter } from "../work/fitting.js";
import { Prefetch } from "../work/prefetch.js";
import { Superpixels } from "../work/superpixels.js";

/** @import { Fit } from "../core/fit.js" */
/** @import { LabelMap } from "../core/tiles.js" */
/** @import { Stage } from "../view/stage.js" */
/** @import { Viewer } from "../view/viewer.js" */
/** @import { Store } from "../work/store.js" */

const SMALLEST_ON_SCREEN = 4; // CSS px a segment
const STILL_MS = 200; // without moving, before what is in view is asked for

/**
 * @param {object} parts
 * @param {HTMLElement} parts.root
 * @param {EditorConfig} parts.config
 * @param {Store} parts.store
 * @param {LabelMap} parts.map
 * @param {Viewer} parts.viewer
 * @param {Stage} parts.stage
 * @param {() => void} parts.changed what lies under the pointer may be another segment now
 */
export function createSegmenting({ root, config, store, map, viewer, stage, changed }) {
  const { algorithms, image, urls } = config;
  const worker = new MapWorker(root.dataset.worker ?? "");
  const superpixels = new Superpixels({ worker, urls, image, algorithms });
  const panel = new SuperpixelPanel(root, algorithms, image, store);
  const granularity = new GranularityPanel(root, (level) => superpixels.setLevel(level));
  const prefetch = new Prefetch(config.nextImage, image.umPerPx);
  const propose = proposal(root, algorithms, use);
  const meter = new FitMeter({
    map,
    superpixels,
    send: (form, background) => postForm(background ? `${urls.fit}?background=1` : urls.fit, form),
    advise: ({ fit }) => propose(fit),
    wanted: () => store.state.tool === "superpixel",
  });
  const compare = find(root, "#compare", HTMLAnchorElement);
  const saveDefault = find(root, "#save-default", HTMLButtonElement);
  saveDefault.hidden = !urls.superpixelDefault;

  const wanted = () => {
    const { parameters, sizing } = store.state;
    const { algorithm } = panel;
    return { algorithm: algorithm.name, parameters: askedFor(algorithm, parameters[algorithm.name], sizing, image) };
  };

  // --- Loading ---

  let far = false;
  let timer = 0;

  function look() {
    if (!superpixels.settings) return;
    const { visible, view } = viewer;
    const algorithm = algorithms.find(({ name }) => name === superpixels.settings?.algorithm) ?? panel.algorithm;
    const side = expectedSide(algorithm, superpixels.settings.parameters, image);
    const regions = regionsInView(image.width, image.height, visible);
    far = isGrid(image.width, image.height) && (side * view.scale < SMALLEST_ON_SCREEN || regions.length > KEPT);
    if (far) superpixels.clear();
    else superpixels.look(visible);
    showState();
    showOutlines();
  }

  viewer.addEventListener("view", () => {
    clearTimeout(timer);
    timer = window.setTimeout(look, STILL_MS);
  });

  function showState() {
    const { state } = superpixels.loader;
    panel.setWaiting(state.phase === "loading" || state.phase === "busy");
    granularity.showLoading(state, superpixels.mosaic.maps.length > 0, panel.current);
    if (far && state.phase === "rest") granularity.tell("Zoom in to see superpixels.");
  }

  function showOutlines() {
    const { outlines, warn, tool } = store.state;
    stage.outlines.canvas.hidden = far || tool !== "superpixel" || !(outlines || warn);
    const { shown } = superpixels;
    stage.showOutlines(shown.count ? outlineSource(shown, { lines: outlines, hatch: warn }) : null);
  }

  superpixels.addEventListener("loading", () => {
    showState();
    const { algorithm, values } = panel;
    if (superpixels.loader.state.phase !== "rest" || !superpixels.mosaic.maps.length) prefetch.cancel();
    else prefetch.plan(algorithm, values, store.state.sizing);
  });

  superpixels.addEventListener("shown", () => {
    showOutlines();
    granularity.show(superpixels);
    changed();
    const { shown, mosaic } = superpixels;
    Object.assign(document.body.dataset, { segments: shown.count, regions: mosaic.maps.length, level: shown.level });
  });

  // --- Settings ---

  /** @param {Fit} fit */
  function use({ algorithm, parameters }) {
    const counts = algorithms.find(({ name }) => name === algorithm)?.counts;
    const sizing = counts && parameters[counts.size] ? sizingOfSize() : store.state.sizing;
    const kept = store.state.parameters;
    store.set({ algorithm, sizing, parameters: { ...kept, [algorithm]: { ...kept[algorithm], ...parameters } } });
    panel.show();
    calculate();
  }

  function sizingOfSize() {
    return store.state.sizing === "um" ? "um" : "px";
  }

  let shownWith = "";
  store.watch(({ outlines, warn, tool }) => {
    const settings = wanted();
    const current = JSON.stringify(settings) === JSON.stringify(superpixels.settings);
    const turned = current !== panel.current;
    panel.setCurrent(current);
    if (turned) showState();
    compare.href = `${urls.superpixelCompare.replace("{algorithm}", settings.algorithm)}?${queryOf(settings.parameters)}`;
    const shows = JSON.stringify([outlines, warn, tool]);
    if (shows !== shownWith) showOutlines();
    shownWith = shows;
  });

  function calculate() {
    superpixels.use(wanted());
    panel.setCurrent(true);
    look();
  }

  async function suggest() {
    granularity.tell("Comparing settings with what you painted…");
    try {
      const { fit, present } = await meter.ask();
      const percent = present === null ? "" : ` (${Math.round(present * 100)} %)`;
      showState();
      if (fit) propose(fit);
      else granularity.tell(`The present setting follows what you painted well${percent}.`);
    } catch (error) {
      tellOf(error);
    }
  }

  async function makeDefault() {
    try {
      const { algorithm, values } = panel;
      const parameters = said(algorithm, values, store.state.sizing);
      await postJson(urls.superpixelDefault ?? "", { algorithm: algorithm.name, parameters });
      granularity.tell("Everybody in this project now starts with this setting.");
    } catch (error) {
      tellOf(error);
    }
  }

  /** @param {Point | null} point */
  async function divide(point) {
    if (!point || !superpixels.mosaic.maps.length) return;
    granularity.tell("Dividing this segment…");
    try {
      const sentence = await superpixels.divide(point);
      showState();
      if (sentence) granularity.tell(sentence);
      changed();
    } catch (error) {
      tellOf(error);
    }
  }

  /** @param {unknown} error */
  function tellOf(error) {
    granularity.tell(error instanceof Error ? error.message : String(error), true);
  }

  return {
    superpixels,
    meter,
    /** Calculates unless that was done before. */
    begin() {
      if (!superpixels.settings) calculate();
    },
    calculate,
    tryAgain: () => superpixels.loader.tryAgain(),
    suggest,
    makeDefault,
    divide,
    /** @param {Point | null} point @param {1 | -1} direction */
    climb(point, direction) {
      if (point && superpixels.climbAt(point, direction)) changed();
    },
  };
}

/** @param {import("../core/sizing.js").Values} values */
function queryOf(values) {
  return new URLSearchParams(Object.entries(values).map(([name, value]) => [name, `${value}`]));
}
