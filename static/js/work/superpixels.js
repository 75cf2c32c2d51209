// The superpixels of the image being labelled: which maps are there, at which granularity they are shown, and what the
// person does to single segments.
//
// A change of granularity is measured from the mark `granularity-start` on as the measure `granularity`, which includes
// whatever draws it, because that happens in the listeners of `shown`.

import { divided, opened } from "../core/divide.js";
import { Mosaic } from "../core/mosaic.js";
import { piecesOf } from "../core/refine.js";
import { KEPT, keyOf, nearestFirst, regionsInView } from "../core/region.js";
import { Segments } from "../core/segments.js";
import { boundsOf, holds, Shape } from "../core/shape.js";
import { fitting, parameterOf } from "../core/sizing.js";
import { mapUrl } from "../net/maps.js";
import { Climb } from "./climb.js";
import { RegionLoader } from "./regions.js";

/** @import { Region } from "../core/region.js" */
/** @import { Part } from "../core/shape.js" */
/** @import { MapWorker, Settings } from "../net/maps.js" */

const PIECES = 6; // about as many as a single segment is divided into
const SMALLEST_CELL = 4; // px
const LARGEST_SIDE = 2048; // px of a region that the server takes
const DIVIDER = "slic";

/** Sends `shown` when other segments are to be seen, and `loading` when the state of loading changed. */
export class Superpixels extends EventTarget {
  /**
   * @param {{ worker: MapWorker, urls: EditorConfig["urls"], image: EditorConfig["image"], algorithms: Algorithm[] }} options
   */
  constructor({ worker, urls, image, algorithms }) {
    super();
    this.worker = worker;
    this.urls = urls;
    this.image = image;
    this.algorithms = algorithms;
    /** What the present maps were asked for with. @type {Settings | null} */
    this.settings = null;
    /** Whether the maps on the screen were made with other settings: they stay until the first new one is there. */
    this.outdated = false;
    this.mosaic = new Mosaic([]);
    this.level = 0;
    this.shown = this.mosaic.at(0);
    this.climb = new Climb();
    /** Where the person looks. @type {Rect} */
    this.visible = { x0: 0, y0: 0, x1: image.width, y1: image.height };
    this.loader = new RegionLoader({
      load: (region, signal) => this.load(region, signal),
      arrived: (region, map) => this.arrived(region, map),
      has: (region) => !this.outdated && this.mosaic.maps.some((map) => keyOf(map) === keyOf(region)),
    });
    this.loader.addEventListener("change", () => this.dispatchEvent(new Event("loading")));
  }

  /** From now on these settings. @param {Settings} settings */
  use(settings) {
    this.settings = settings;
    this.outdated = true;
    this.loader.restart();
  }

  /** Lets go of what was made with other settings, where nothing will come in its place. */
  clear() {
    if (!this.outdated) return;
    this.outdated = false;
    this.level = 0;
    this.show(new Mosaic([]));
  }

  /** Asks for what is in view. @param {Rect} visible in image pixels */
  look(visible) {
    this.visible = visible;
    this.loader.want(regionsInView(this.image.width, this.image.height, visible).slice(0, KEPT));
  }

  /**
   * @param {Region} region
   * @param {AbortSignal} signal
   */
  load(region, signal) {
    const settings = /** @type {Settings} */ (this.settings);
    const [png, tree] = [this.urls.superpixels, this.urls.superpixelTree].map((url) => mapUrl(url, settings, region));
    return this.worker.load(png, tree, signal);
  }

  /**
   * @param {Region} region
   * @param {any} map
   */
  arrived(region, map) {
    const provenance = this.provenanceOf(/** @type {Settings} */ (this.settings).algorithm);
    if (this.outdated) this.level = 0;
    const maps = [...(this.outdated ? [] : this.mosaic.maps), new Segments({ ...region, ...map, provenance })];
    this.outdated = false;
    this.show(new Mosaic(nearestFirst(maps, this.visible).slice(0, KEPT)));
  }

  /** @param {string} algorithm */
  provenanceOf(algorithm) {
    return this.algorithms.find(({ name }) => name === algorithm)?.provenance ?? 0;
  }

  /** @param {Mosaic} mosaic */
  show(mosaic) {
    this.mosaic = mosaic;
    this.climb.reset();
    this.shown = mosaic.at(this.level);
    this.dispatchEvent(new Event("shown"));
  }

  // --- Granularity ---

  /** @param {number} level */
  setLevel(level) {
    if (level === this.level) return;
    performance.mark("granularity-start");
    this.level = level;
    this.show(this.mosaic);
    performance.measure("granularity", "granularity-start");
  }

  /** A step of everything. @param {1 | -1} direction 1 is coarser */
  step(direction) {
    if (this.mosaic.maps.length) this.setLevel(this.mosaic.levels.step(this.level, direction));
  }

  /**
   * A step of the segment at a point alone.
   * @param {Point} point
   * @param {1 | -1} direction
   */
  climbAt(point, direction) {
    return this.climb.step(this.mosaic, this.level, point, direction);
  }

  /**
   * What a press at a point would fill. Going elsewhere ends the climbing.
   * @param {Point} point
   */
  shapeAt(point) {
    if (this.climb.holds(point)) return this.climb.shape;
    this.climb.reset();
    return this.shown.shapeAt(point.x, point.y);
  }

  // --- Dividing ---

  /**
   * Divides the segment at a point: a merged one into those that it was merged from, a single one into new ones.
   * @param {Point} point
   * @returns {Promise<string>} a sentence when there is something to say
   */
  async divide(point) {
    const shape = this.shapeAt(point);
    if (!shape) return "Point at a segment to divide it.";
    if (this.climb.shape && this.climb.level > this.level) {
      // What it was merged from is shown all around already.
      this.climbAt(point, -1);
      return "";
    }
    const isSingle = (/** @type {Part} */ { map, node }) => map.tree.sizes[node] === 1;
    const pointed = shape.parts.find((part) => holds(part, part.map.idAt(point.x, point.y)));
    if (pointed && isSingle(pointed)) return this.divideSingle(new Shape(shape.parts.filter(isSingle)));
    this.open(shape.parts.filter((part) => !isSingle(part)));
    return "";
  }

  /** Shows what merged segments were merged from. @param {Part[]} parts */
  open(parts) {
    const nodesOf = (/** @type {Segments} */ map) => parts.filter((part) => part.map === map).map(({ node }) => node);
    this.show(
      new Mosaic(
        this.mosaic.maps.map((map) => {
          const nodes = nodesOf(map);
          return nodes.length ? opened(map, nodes, this.level) : map;
        }),
      ),
    );
  }

  /**
   * @param {Shape} shape single segments, joined across seams
   * @returns {Promise<string>} a sentence when there is something to say
   */
  async divideSingle(shape) {
    const { x0, y0, x1, y1 } = shape.bounds;
    const box = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    if (Math.max(box.width, box.height) > LARGEST_SIDE) return "This segment is too large to be divided at once.";
    const area = shape.mask(shape.bounds).reduce((sum, pixel) => sum + pixel, 0);
    const side = Math.max(Math.round(10 * Math.sqrt(area / PIECES)) / 10, SMALLEST_CELL);
    const { ids } = await this.worker.load(mapUrl(this.urls.superpixels, this.divider(side), box), null);
    if (this.outdated || !shape.parts.every(({ map }) => this.mosaic.maps.includes(map))) {
      return "The segments here changed meanwhile; press R again.";
    }
    return this.cutUp(shape, box, ids, (side * side) / 4);
  }

  /** @param {number} side @returns {Settings} */
  divider(side) {
    const algorithm = this.algorithms.find(({ name }) => name === DIVIDER);
    if (!algorithm?.counts) throw new Error("Segments cannot be divided here.");
    const { size } = algorithm.counts;
    const parameters = Object.fromEntries(algorithm.parameters.map((each) => [each.name, each.default]));
    return { algorithm: DIVIDER, parameters: { ...parameters, [size]: fitting(parameterOf(algorithm, size), side) } };
  }

  /**
   * @param {Shape} shape single segments
   * @param {Region} box
   * @param {Uint8Array | Uint16Array} cells another division of the box
   * @param {number} smallest
   */
  cutUp(shape, box, cells, smallest) {
    const maps = [...this.mosaic.maps];
    let more = 0;
    for (const map of new Set(shape.parts.map((part) => part.map))) {
      const [part, ...others] = shape.parts.filter((each) => each.map === map);
      if (others.length) continue; // a segment that comes back into the same map around a corner stays whole there
      const bounds = boundsOf(part);
      const mask = new Shape([part]).mask(bounds);
      const division = piecesOf(mask, cut(cells, box, bounds), bounds.x1 - bounds.x0, smallest);
      const finer = division.count > 1 ? divided(part, division, this.level, this.provenanceOf(DIVIDER)) : null;
      if (!finer) continue;
      maps[maps.indexOf(map)] = finer;
      more += division.count - 1;
    }
    if (!more) return "This segment cannot be divided any finer.";
    this.show(new Mosaic(maps));
    return "";
  }
}

/**
 * A part of a box of numbers.
 * @param {Uint8Array | Uint16Array} cells
 * @param {Region} box
 * @param {Rect} bounds
 */
function cut(cells, box, { x0, y0, x1, y1 }) {
  const part = new Uint16Array((x1 - x0) * (y1 - y0));
  for (let y = y0; y < y1; y++) {
    const start = (y - box.y) * box.width - box.x;
    part.set(cells.subarray(start + x0, start + x1), (y - y0) * (x1 - x0));
  }
  return part;
}
