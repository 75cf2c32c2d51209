// The labels of one image: sparse tiles of two planes, changed only inside strokes. No DOM.
//
// A tile is one Uint8Array: 256 × 256 category values (plane 0), then as many provenance values (plane 1), so that
// copying, swapping and keeping a tile always concerns both. A tile is never changed once the stroke that wrote it has
// ended: undo swaps references, and a save keeps references while painting goes on.

export const TILE = 256;
export const SAVE_TILE = 512;
export const PLANE = TILE * TILE;

const OUTSIDE_STROKE = "Pixels change inside a stroke only.";

/** @typedef {Map<number, Uint8Array | undefined>} Tiles tile key → tile, undefined where nothing was ever painted */

export class LabelMap {
  /**
   * @param {number} width in image pixels
   * @param {number} height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE);
    this.rows = Math.ceil(height / TILE);
    this.saveColumns = Math.ceil(width / SAVE_TILE);
    this.saveRows = Math.ceil(height / SAVE_TILE);
    /** @type {Map<number, Uint8Array>} */
    this.tiles = new Map();
    /** Save tiles that differ from what the server has. @type {Set<number>} */
    this.dirty = new Set();
    /** What the tiles of the running stroke were before it. @type {Tiles | null} */
    this.stroke = null;
    /** Which values the running stroke may write over, 1 by value; null for all. @type {Uint8Array | null} */
    this.guard = null;
    /** Whether the guard held back anything of the latest stroke. */
    this.heldBack = false;
    /** Tiles of one value that stand at many places, by value and provenance. @type {Map<number, Uint8Array>} */
    this.uniform = new Map();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {0 | 1} plane
   */
  get(x, y, plane = 0) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return 0;
    const tile = this.tiles.get((y >> 8) * this.columns + (x >> 8));
    return tile ? tile[plane * PLANE + ((y & 255) << 8) + (x & 255)] : 0;
  }

  /** @param {Uint8Array | null} guard which values may be written over */
  beginStroke(guard = null) {
    this.stroke = new Map();
    this.guard = guard;
    this.heldBack = false;
  }

  /**
   * Ends the stroke.
   * @returns {Tiles | null} what was there before, or null when nothing was touched
   */
  endStroke() {
    const before = this.stroke;
    this.stroke = null;
    if (!before?.size) return null;
    for (const key of before.keys()) this.dirty.add(this.saveKey(key));
    return before;
  }

  /** Ends the stroke as if it had never begun. */
  cancelStroke() {
    const before = this.stroke;
    this.stroke = null;
    this.heldBack = false;
    for (const [key, tile] of before ?? []) this.put(key, tile);
    return before;
  }

  /**
   * Writes the pixels x0 ≤ x < x1 of row y; a value of 0 erases, and an erased pixel has no provenance either. What the
   * stroke may not write over stays.
   * @param {number} y
   * @param {number} x0
   * @param {number} x1
   * @param {number} value
   * @param {number} provenance
   */
  span(y, x0, x1, value, provenance) {
    if (y < 0 || y >= this.height) return;
    const from = Math.max(x0, 0);
    const to = Math.min(x1, this.width);
    const offset = (y & 255) << 8;
    for (let column = from >> 8; column << 8 < to; column++) {
      const key = (y >> 8) * this.columns + column;
      const left = column << 8;
      const start = offset + Math.max(from - left, 0);
      const end = offset + Math.min(to - left, TILE);
      if (this.guard) {
        this.spanOver(this.guard, key, start, end, value, provenance);
        continue;
      }
      const tile = this.writable(key, value === 0);
      if (!tile) continue;
      tile.fill(value, start, end);
      tile.fill(value === 0 ? 0 : provenance, PLANE + start, PLANE + end);
    }
  }

  /**
   * Writes within one tile, only over what the guard allows. A tile where that is nothing is not even copied.
   * @param {Uint8Array} guard
   * @param {number} key
   * @param {number} start
   * @param {number} end
   * @param {number} value
   * @param {number} provenance
   */
  spanOver(guard, key, start, end, value, provenance) {
    const before = this.tiles.get(key);
    let at = start;
    while (at < end && !guard[before ? before[at] : 0]) at++;
    if (at > start) this.heldBack = true;
    const tile = at < end && this.writable(key, value === 0);
    if (!tile) return;
    for (; at < end; at++) {
      if (!guard[tile[at]]) continue;
      tile[at] = value;
      tile[PLANE + at] = value === 0 ? 0 : provenance;
    }
  }

  /**
   * Writes a whole tile, which must lie within the image, without a copy for each place.
   * @param {number} key
   * @param {number} value
   * @param {number} provenance
   */
  fillTile(key, value, provenance) {
    if (!this.stroke) throw new Error(OUTSIDE_STROKE);
    if (!this.stroke.has(key)) this.stroke.set(key, this.tiles.get(key));
    this.put(key, value === 0 ? undefined : this.uniformTile(value, provenance));
  }

  /** Erases everything that may be erased, within the running stroke. */
  clear() {
    for (const key of [...this.tiles.keys()]) {
      if (!this.guard) this.fillTile(key, 0, 0);
      else for (let row = 0; row < TILE; row++) this.spanOver(this.guard, key, row << 8, (row + 1) << 8, 0, 0);
    }
  }

  /**
   * Puts tiles back and leaves in `tiles` what they replaced: the same call undoes and redoes.
   * @param {Tiles} tiles
   */
  swap(tiles) {
    for (const [key, tile] of tiles) {
      tiles.set(key, this.tiles.get(key));
      this.put(key, tile);
      this.dirty.add(this.saveKey(key));
    }
  }

  /** Whether no pixel has a label. */
  isBlank() {
    return [...this.tiles.values()].every((tile) => isZero(tile.subarray(0, PLANE)));
  }

  /**
   * Takes over a stored tile of 512 × 512 pixels.
   * @param {0 | 1} plane
   * @param {number} saveColumn
   * @param {number} saveRow
   * @param {Uint8Array} pixels
   */
  load(plane, saveColumn, saveRow, pixels) {
    for (let quarter = 0; quarter < 4; quarter++) {
      const column = saveColumn * 2 + (quarter & 1);
      const row = saveRow * 2 + (quarter >> 1);
      if (column >= this.columns || row >= this.rows) continue;
      const key = row * this.columns + column;
      const tile = this.tiles.get(key) ?? new Uint8Array(2 * PLANE);
      for (let y = 0; y < TILE; y++) {
        const start = ((quarter >> 1) * TILE + y) * SAVE_TILE + (quarter & 1) * TILE;
        tile.set(pixels.subarray(start, start + TILE), plane * PLANE + y * TILE);
      }
      this.tiles.set(key, tile);
    }
  }

  /**
   * What has to be saved now, without the stroke that may be running. The map is clean afterwards.
   * @returns {{ dirty: Set<number>, tiles: Map<number, Uint8Array> }}
   */
  takeSnapshot() {
    const snapshot = { dirty: this.dirty, tiles: new Map() };
    this.dirty = new Set();
    for (const saveKey of snapshot.dirty) {
      for (const key of this.tilesOf(saveKey)) {
        const tile = this.stroke?.has(key) ? this.stroke.get(key) : this.tiles.get(key);
        if (tile) snapshot.tiles.set(key, tile);
      }
    }
    return snapshot;
  }

  /**
   * The pixels of one save tile of a snapshot; 0 outside the image. Null when all are 0.
   * @param {Map<number, Uint8Array>} tiles
   * @param {number} saveKey
   * @param {0 | 1} plane
   */
  savePixels(tiles, saveKey, plane) {
    const pixels = new Uint8Array(SAVE_TILE * SAVE_TILE);
    for (const key of this.tilesOf(saveKey)) {
      const tile = tiles.get(key);
      if (!tile) continue;
      const left = ((key % this.columns) & 1) * TILE;
      const top = (Math.floor(key / this.columns) & 1) * TILE;
      for (let y = 0; y < TILE; y++) {
        const start = plane * PLANE + y * TILE;
        pixels.set(tile.subarray(start, start + TILE), (top + y) * SAVE_TILE + left);
      }
    }
    return isZero(pixels) ? null : pixels;
  }

  /**
   * The place of a tile of 256 px.
   * @param {number} key
   * @returns {Rect}
   */
  bounds(key) {
    const x = (key % this.columns) * TILE;
    const y = Math.floor(key / this.columns) * TILE;
    return { x0: x, y0: y, x1: Math.min(x + TILE, this.width), y1: Math.min(y + TILE, this.height) };
  }

  /** @param {number} key */
  saveKey(key) {
    return (Math.floor(key / this.columns) >> 1) * this.saveColumns + ((key % this.columns) >> 1);
  }

  /** @param {number} saveKey */
  tilesOf(saveKey) {
    const column = (saveKey % this.saveColumns) * 2;
    const row = Math.floor(saveKey / this.saveColumns) * 2;
    const keys = [];
    for (let y = row; y < Math.min(row + 2, this.rows); y++) {
      for (let x = column; x < Math.min(column + 2, this.columns); x++) keys.push(y * this.columns + x);
    }
    return keys;
  }

  /**
   * The tile to write into, copied at the first write of a stroke.
   * @param {number} key
   * @param {boolean} erasing
   */
  writable(key, erasing) {
    if (!this.stroke) throw new Error(OUTSIDE_STROKE);
    const before = this.tiles.get(key);
    if (before ? this.stroke.has(key) && !this.isUniform(before) : erasing) return before;
    const tile = before ? before.slice() : new Uint8Array(2 * PLANE);
    if (!this.stroke.has(key)) this.stroke.set(key, before);
    this.tiles.set(key, tile);
    return tile;
  }

  /**
   * @param {number} value
   * @param {number} provenance
   */
  uniformTile(value, provenance) {
    const known = this.uniform.get((value << 8) | provenance);
    if (known) return known;
    const tile = new Uint8Array(2 * PLANE).fill(value, 0, PLANE).fill(provenance, PLANE);
    this.uniform.set((value << 8) | provenance, tile);
    return tile;
  }

  /** Whether a tile stands at more than one place. @param {Uint8Array} tile */
  isUniform(tile) {
    return this.uniform.get((tile[0] << 8) | tile[PLANE]) === tile;
  }

  /**
   * @param {number} key
   * @param {Uint8Array | undefined} tile
   */
  put(key, tile) {
    if (tile) this.tiles.set(key, tile);
    else this.tiles.delete(key);
  }
}

/**
 * Four pixels at a time.
 * @param {Uint8Array} pixels
 */
function isZero(pixels) {
  return !new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4).some(Boolean);
}
