// The superpixel maps of one image, seen as one: at a level every pixel has one shown segment, seams or not. No DOM.

import { Levels } from "./levels.js";
import { find, heightOf, shownNodes } from "./mergetree.js";
import { eachPartner, seamBetween } from "./seams.js";
import { holds, Shape } from "./shape.js";

/** @import { Seam } from "./seams.js" */
/** @import { Segments } from "./segments.js" */

/** A set of maps; never changed, so that a running stroke keeps what it began with. */
export class Mosaic {
  /** @param {Segments[]} maps that do not overlap */
  constructor(maps) {
    this.maps = maps;
    this.levels = new Levels(maps.map((map) => map.tree));
    /** @type {Seam[]} */
    this.seams = [];
    for (const one of maps) {
      for (const other of maps) {
        const seam = seamBetween(one, other);
        if (seam) this.seams.push(seam);
      }
    }
    /** @type {Shown | null} */
    this.latest = null;
  }

  /** Everything as it is shown at a level. @param {number} level */
  at(level) {
    if (this.latest?.level !== level) this.latest = new Shown(this, level);
    return this.latest;
  }

  /**
   * The whole shown segment at a pixel, at any level.
   * @param {number} x image pixel
   * @param {number} y
   * @param {number} level
   */
  segmentAt(x, y, level) {
    return new Shown(this, level).shapeAt(x, y);
  }

  /**
   * The level at which the segment at a pixel next grows.
   * @param {Shape} shape
   * @returns {number | null} null when it is as coarse as can be
   */
  coarserLevel({ parts }) {
    const next = parts
      .filter(({ map, node }) => map.tree.parents[node] >= 0)
      .map(({ map, node }) => heightOf(map.tree, map.tree.parents[node]));
    return next.length ? Math.min(...next) : null;
  }

  /**
   * The level at which the segment at a pixel is the part of it that holds the pixel.
   * @param {Shape} shape
   * @param {number} x image pixel
   * @param {number} y
   * @returns {number | null} null when it is as fine as can be
   */
  finerLevel({ parts }, x, y) {
    const part = parts.find((each) => holds(each, each.map.idAt(x, y)));
    if (!part || part.map.tree.sizes[part.node] === 1) return null;
    const { map, node } = part;
    const children = map.tree.children.subarray(2 * (node - map.tree.segments), 2 * (node - map.tree.segments) + 2);
    const child = holds({ map, node: children[0] }, map.idAt(x, y)) ? children[0] : children[1];
    return heightOf(map.tree, child);
  }
}

/** A mosaic at one level: numbers for look-ups, and whole shapes when somebody points at one. */
export class Shown {
  /**
   * @param {Mosaic} mosaic
   * @param {number} level
   */
  constructor(mosaic, level) {
    this.mosaic = mosaic;
    this.level = level;
    const nodes = mosaic.maps.map((map) => shownNodes(map.tree, level));
    const groups = new Groups(mosaic, nodes);
    this.count = groups.count;
    /** By map: the shown segment of each segment of the map. */
    this.tables = mosaic.maps.map((map, index) => groups.table(index, nodes[index], map.tree.segments));
    /** Whether each shown segment is of two colours. */
    this.mixed = groups.mixed(mosaic);
    this.groups = groups;
    /** Those that somebody pointed at. @type {Map<number, Shape>} */
    this.shapes = new Map();
  }

  /**
   * @param {number} x image pixel
   * @param {number} y
   * @returns {number} the shown segment there, −1 where no map is
   */
  idAt(x, y) {
    for (const [index, map] of this.mosaic.maps.entries()) {
      const segment = map.idAt(x, y);
      if (segment >= 0) return this.tables[index][segment];
    }
    return -1;
  }

  /**
   * @param {number} x image pixel
   * @param {number} y
   * @returns {Shape | null}
   */
  shapeAt(x, y) {
    const id = this.idAt(x, y);
    return id < 0 ? null : this.shape(id);
  }

  /** @param {number} id */
  shape(id) {
    let shape = this.shapes.get(id);
    if (!shape) {
      shape = new Shape(this.groups.parts(id).map(({ index, node }) => ({ map: this.mosaic.maps[index], node })));
      this.shapes.set(id, shape);
    }
    return shape;
  }
}

/** Shown nodes of all maps, joined across the seams and numbered. */
class Groups {
  /**
   * @param {Mosaic} mosaic
   * @param {Int32Array[]} nodes by map: what each segment is shown as
   */
  constructor(mosaic, nodes) {
    // Places for all nodes of all maps, one map after the other; `sets` is meaningful where a node is shown.
    this.offsets = new Int32Array(nodes.length + 1);
    for (const [index, shown] of nodes.entries()) this.offsets[index + 1] = this.offsets[index] + shown.length;
    const places = this.offsets[nodes.length];
    const sets = new Int32Array(places).map((_, place) => place);
    for (const seam of mosaic.seams) {
      const [one, other] = [mosaic.maps.indexOf(seam.one), mosaic.maps.indexOf(seam.other)];
      eachPartner(seam, nodes[one], nodes[other], (a, b) => {
        sets[find(sets, this.offsets[one] + a)] = find(sets, this.offsets[other] + b);
      });
    }
    /** The number of the shown segment at each place. */
    this.numbers = new Int32Array(places).fill(-1);
    /** The first place of each shown segment, and for each place the next one of the same. @type {number[]} */
    this.heads = [];
    this.next = new Int32Array(places).fill(-1);
    this.number(nodes, sets);
  }

  get count() {
    return this.heads.length;
  }

  /**
   * @param {Int32Array[]} nodes
   * @param {Int32Array} sets
   */
  number(nodes, sets) {
    const { numbers, next, heads, offsets } = this;
    for (const [index, shown] of nodes.entries()) {
      for (let node = 0; node < shown.length; node++) {
        if (shown[node] !== node) continue;
        const place = offsets[index] + node;
        const set = find(sets, place);
        if (numbers[set] < 0) {
          numbers[set] = heads.length;
          heads.push(-1);
        }
        const id = numbers[set];
        numbers[place] = id;
        next[place] = heads[id];
        heads[id] = place;
      }
    }
  }

  /**
   * @param {number} index of a map
   * @param {Int32Array} shown
   * @param {number} segments
   */
  table(index, shown, segments) {
    const table = new Int32Array(segments);
    const offset = this.offsets[index];
    for (let segment = 0; segment < segments; segment++) table[segment] = this.numbers[offset + shown[segment]];
    return table;
  }

  /** @param {number} id */
  parts(id) {
    const parts = [];
    for (let place = this.heads[id]; place >= 0; place = this.next[place]) {
      let index = 0;
      while (place >= this.offsets[index + 1]) index++;
      parts.push({ index, node: place - this.offsets[index] });
    }
    return parts;
  }

  /** @param {Mosaic} mosaic */
  mixed({ maps }) {
    const mixed = new Uint8Array(this.count);
    for (const [index, { tree }] of maps.entries()) {
      const offset = this.offsets[index];
      for (let place = offset; place < this.offsets[index + 1]; place++) {
        if (this.numbers[place] >= 0 && tree.straddle[place - offset] > tree.alarm) mixed[this.numbers[place]] = 1;
      }
    }
    return mixed;
  }
}
