// A superpixel map of one region: which segment a pixel belongs to, and where segments meet. No DOM.

/** @import { Tree } from "./mergetree.js" */

/**
 * @typedef {object} SegmentData
 * @property {number} x left edge of the region in the image
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array | Uint16Array} ids row by row, 0 … count − 1
 * @property {Int32Array} boxes x0, y0, x1, y1 of each segment within the region, x1 and y1 exclusive
 * @property {Borders} borders
 * @property {Tree} tree
 * @property {number} provenance which tool a pixel filled from this map is credited to
 * @property {Uint8Array} [own] by node: another provenance than the map's, 0 for none
 */

/**
 * The pixels that differ from the one to the right or below, row by row: all that outlines at any level may touch.
 * @typedef {object} Borders
 * @property {Uint32Array} starts where each row begins in `columns`, and where the last one ends
 * @property {Uint16Array} columns
 */

export class Segments {
  /** @param {SegmentData} data */
  constructor(data) {
    this.x = data.x;
    this.y = data.y;
    this.width = data.width;
    this.height = data.height;
    this.ids = data.ids;
    this.boxes = data.boxes;
    this.borders = data.borders;
    this.tree = data.tree;
    this.provenance = data.provenance;
    this.own = data.own;
  }

  /**
   * @param {number} x image pixel
   * @param {number} y
   * @returns {number} the segment there, −1 outside the region
   */
  idAt(x, y) {
    const column = Math.floor(x) - this.x;
    const row = Math.floor(y) - this.y;
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return -1;
    return this.ids[row * this.width + column];
  }

  /** @returns {Rect} */
  get extent() {
    return { x0: this.x, y0: this.y, x1: this.x + this.width, y1: this.y + this.height };
  }

  /**
   * What a pixel is credited to when it is filled as part of a node.
   * @param {number} node
   */
  creditOf(node) {
    return this.own?.[node] || this.provenance;
  }
}

/**
 * The bounding box of every segment.
 * @param {Uint8Array | Uint16Array} ids
 * @param {number} width
 * @param {number} count
 */
export function boundingBoxes(ids, width, count) {
  const boxes = new Int32Array(4 * count);
  for (let id = 0; id < count; id++) boxes[4 * id] = boxes[4 * id + 1] = 0x7fffffff;
  for (let index = 0, row = 0; index < ids.length; row++) {
    for (let column = 0; column < width; column++, index++) {
      const box = 4 * ids[index];
      if (column < boxes[box]) boxes[box] = column;
      if (row < boxes[box + 1]) boxes[box + 1] = row;
      if (column >= boxes[box + 2]) boxes[box + 2] = column + 1;
      if (row >= boxes[box + 3]) boxes[box + 3] = row + 1;
    }
  }
  return boxes;
}

/**
 * @param {Uint8Array | Uint16Array} ids
 * @param {number} width
 * @returns {Borders}
 */
export function borderPixels(ids, width) {
  const height = ids.length / width;
  const starts = new Uint32Array(height + 1);
  const columns = new Uint16Array(ids.length);
  let found = 0;
  for (let row = 0, at = 0; row < height; row++) {
    starts[row] = found;
    for (let column = 0; column < width; column++, at++) {
      const id = ids[at];
      if ((column + 1 < width && ids[at + 1] !== id) || (row + 1 < height && ids[at + width] !== id)) {
        columns[found++] = column;
      }
    }
  }
  starts[height] = found;
  return { starts, columns: columns.slice(0, found) };
}
