// Undo and redo of whole strokes, as deep as a number of bytes allows. No DOM.

/** @import { LabelMap, Tiles } from "./tiles.js" */

const CAP_BYTES = 64 * 1024 * 1024;

export class History {
  /**
   * @param {LabelMap} map
   * @param {number} capBytes
   */
  constructor(map, capBytes = CAP_BYTES) {
    this.map = map;
    this.capBytes = capBytes;
    /** @type {Tiles[]} */
    this.past = [];
    /** @type {Tiles[]} */
    this.future = [];
  }

  /** Keeps the stroke that has just ended. @param {Tiles | null} before */
  push(before) {
    if (!before) return;
    this.future = [];
    this.past.push(before);
    let bytes = this.past.reduce((sum, tiles) => sum + this.size(tiles), 0);
    // The newest stroke can always be undone, however large it is.
    while (bytes > this.capBytes && this.past.length > 1) bytes -= this.size(/** @type {Tiles} */ (this.past.shift()));
  }

  /** @returns {Tiles} the tiles that changed, as they were before */
  undo() {
    return this.move(this.past, this.future);
  }

  redo() {
    return this.move(this.future, this.past);
  }

  /**
   * @param {Tiles[]} from
   * @param {Tiles[]} to
   */
  move(from, to) {
    const tiles = from.pop();
    if (!tiles) return new Map();
    this.map.swap(tiles);
    to.push(tiles);
    return tiles;
  }

  /** What is kept for the stroke alone. @param {Tiles} tiles */
  size(tiles) {
    let bytes = 0;
    for (const tile of tiles.values()) if (tile && !this.map.isUniform(tile)) bytes += tile.byteLength;
    return bytes;
  }
}
