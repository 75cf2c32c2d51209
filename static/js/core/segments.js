// A superpixel map of one region: which segment a pixel belongs to, and the pixels of a segment. No DOM.

/**
 * @typedef {object} SegmentData
 * @property {number} x left edge of the region in the image
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array | Uint16Array} ids row by row, 0 … count − 1
 * @property {Int32Array} boxes x0, y0, x1, y1 of each segment within the region, x1 and y1 exclusive
 * @property {number} count
 * @property {number} provenance which tool a pixel filled from this map is credited to
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
    this.count = data.count;
    this.provenance = data.provenance;
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

  /**
   * The place of a segment in the image.
   * @param {number} id
   * @returns {Rect}
   */
  bounds(id) {
    const [x0, y0, x1, y1] = this.boxes.subarray(4 * id, 4 * id + 4);
    return { x0: x0 + this.x, y0: y0 + this.y, x1: x1 + this.x, y1: y1 + this.y };
  }

  /**
   * Calls `span(y, x0, x1)` in image pixels for each run of a segment, x1 exclusive.
   * @param {number} id
   * @param {(y: number, x0: number, x1: number) => void} span
   */
  forEachRun(id, span) {
    const [left, top, right, bottom] = this.boxes.subarray(4 * id, 4 * id + 4);
    for (let row = top; row < bottom; row++) {
      const offset = row * this.width;
      let start = -1;
      for (let column = left; column <= right; column++) {
        const inside = column < right && this.ids[offset + column] === id;
        if (inside && start < 0) start = column;
        if (!inside && start >= 0) {
          span(row + this.y, start + this.x, column + this.x);
          start = -1;
        }
      }
    }
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
