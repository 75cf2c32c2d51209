// One overlay canvas, put together from small tile canvases that are kept while they are of use.
//
// A tile of level k has 256 × 256 texels of 2^k image pixels; negative levels show finer lines than pixels. Only what
// is visible at the present level is built, and only what changed is filled again: the cost of a stroke does not
// depend on the size of the image.

const TEXELS = 256;
const KEEP = 64; // of 256 kB each; a window of 1280 × 800 shows 24 at 1:1

/**
 * What a layer shows.
 * @typedef {object} LayerSource
 * @property {number} minLevel
 * @property {boolean} lines whether it consists of lines a texel or two wide
 * @property {number} reach how many texels beside a change may look different after it
 * @property {Rect} extent where in the image there may be anything
 * @property {(area: Rect) => boolean} has whether there is anything in an area of the image
 * @property {(out: Uint32Array, left: number, top: number, step: number, texels: Rect) => void} fill writes the texels
 *   of a tile whose corner is at image position (left, top), `step` image pixels a texel
 */

/**
 * @typedef {object} Tile
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} context
 * @property {number} left image position
 * @property {number} top
 * @property {number} step
 * @property {boolean} stale made of a source of before
 */

export class TileLayer {
  /**
   * @param {string} className of the overlay canvas
   * @param {LayerSource | null} source
   */
  constructor(className, source) {
    this.source = source;
    this.canvas = document.createElement("canvas");
    this.canvas.className = className;
    this.context = context2d(this.canvas);
    this.scratch = new ImageData(TEXELS, TEXELS);
    this.pixels = new Uint32Array(this.scratch.data.buffer);
    /** Least recently used first. @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {Rect | null} */
    this.changed = null;
  }

  /**
   * Shows something else. What is on the screen is filled again when it is drawn next, in the canvases that are there.
   * @param {LayerSource | null} source
   */
  show(source) {
    this.source = source;
    for (const tile of this.tiles.values()) tile.stale = true;
  }

  /** Notes that an area of the image changed. @param {Rect} area */
  touch(area) {
    this.changed = this.changed ? union(this.changed, area) : { ...area };
  }

  /** Draws what changed since the last time. @param {View} view */
  drawChanges(view) {
    const area = this.refresh(view);
    if (area) this.paint(view, deviceBox(view, area));
  }

  /** @param {View} view */
  draw(view) {
    this.refresh(view);
    this.paint(view, { x0: 0, y0: 0, x1: this.canvas.width, y1: this.canvas.height });
  }

  /**
   * Brings the tiles that are kept up to what changed.
   * @param {View} view
   * @returns {Rect | null} where in the image it looks different now
   */
  refresh(view) {
    const area = this.changed;
    if (!area) return null;
    this.changed = null;
    const step = this.stepFor(view);
    const reach = this.source?.reach ?? 0;
    for (const [key, tile] of this.tiles) {
      const span = TEXELS * tile.step;
      const around = grown(area, reach * tile.step);
      if (!overlaps(around, { x0: tile.left, y0: tile.top, x1: tile.left + span, y1: tile.top + span })) continue;
      if (tile.step === step) this.fill(tile, around);
      else this.tiles.delete(key);
    }
    return grown(area, reach * step);
  }

  /**
   * @param {View} view
   * @param {Rect} box device pixels
   */
  paint(view, box) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    context.clip();
    context.clearRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    context.imageSmoothingEnabled = this.source?.lines ?? false;
    if (this.source) this.drawTiles(view, box);
    context.restore();
  }

  /**
   * @param {View} view
   * @param {Rect} box device pixels
   */
  drawTiles(view, box) {
    const step = this.stepFor(view);
    const size = TEXELS * step;
    const { scale, x, y, ratio } = view;
    /** @type {(edge: number, offset: number, start: number) => number} */
    const first = (edge, offset, start) => Math.floor(Math.max(start, (edge / ratio - offset) / scale) / size);
    /** @type {(index: number, offset: number) => number} */
    const place = (index, offset) => Math.round((index * size * scale + offset) * ratio);
    const { extent } = /** @type {LayerSource} */ (this.source);
    let drawn = 0;
    for (let row = first(box.y0, y, extent.y0); row * size < extent.y1 && place(row, y) < box.y1; row++) {
      for (let column = first(box.x0, x, extent.x0); column * size < extent.x1 && place(column, x) < box.x1; column++) {
        const tile = this.tile(column, row, step);
        if (!tile) continue;
        const [left, top] = [place(column, x), place(row, y)];
        this.context.drawImage(tile.canvas, left, top, place(column + 1, x) - left, place(row + 1, y) - top);
        drawn++;
      }
    }
    for (const key of this.tiles.keys()) {
      if (this.tiles.size <= Math.max(KEEP, drawn)) break;
      this.tiles.delete(key);
    }
  }

  /**
   * @param {number} column
   * @param {number} row
   * @param {number} step
   */
  tile(column, row, step) {
    const key = `${step}/${column}/${row}`;
    let tile = this.tiles.get(key);
    this.tiles.delete(key);
    if (!tile || tile.stale) {
      const size = TEXELS * step;
      const area = { x0: column * size, y0: row * size, x1: (column + 1) * size, y1: (row + 1) * size };
      if (!this.source?.has(area)) return null;
      const canvas = tile?.canvas ?? document.createElement("canvas");
      if (!tile) canvas.width = canvas.height = TEXELS;
      // Pixels are put in again and again, which takes a fifth of the time in a canvas that stays in ordinary memory.
      tile = { canvas, context: context2d(canvas, { willReadFrequently: true }), left: area.x0, top: area.y0, step, stale: false };
      this.fill(tile, area);
    }
    this.tiles.set(key, tile);
    return tile;
  }

  /**
   * @param {Tile} tile
   * @param {Rect} area of the image
   */
  fill(tile, area) {
    const texel = (/** @type {number} */ value) => Math.min(Math.max(value, 0), TEXELS);
    const texels = {
      x0: texel(Math.floor((area.x0 - tile.left) / tile.step)),
      y0: texel(Math.floor((area.y0 - tile.top) / tile.step)),
      x1: texel(Math.ceil((area.x1 - tile.left) / tile.step)),
      y1: texel(Math.ceil((area.y1 - tile.top) / tile.step)),
    };
    const { x0, y0, x1, y1 } = texels;
    if (x1 <= x0 || y1 <= y0) return;
    this.source?.fill(this.pixels, tile.left, tile.top, tile.step, texels);
    tile.context.putImageData(this.scratch, 0, 0, x0, y0, x1 - x0, y1 - y0);
  }

  /**
   * Texels of half a device pixel to a whole one; nearest to a whole one for thin lines, which are smoothed.
   * @param {View} view
   */
  stepFor(view) {
    const exact = -Math.log2(view.scale * view.ratio);
    const level = this.source?.lines ? Math.round(exact) : Math.floor(exact + 1e-6);
    return 2 ** Math.min(Math.max(level, this.source?.minLevel ?? 0), 8);
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [how]
 */
export function context2d(canvas, how) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", how));
}

/**
 * The device pixels that an area of the image may touch.
 * @param {View} view
 * @param {Rect} area
 * @returns {Rect}
 */
export function deviceBox({ scale, x, y, ratio }, area) {
  return {
    x0: Math.floor((area.x0 * scale + x) * ratio) - 1,
    y0: Math.floor((area.y0 * scale + y) * ratio) - 1,
    x1: Math.ceil((area.x1 * scale + x) * ratio) + 1,
    y1: Math.ceil((area.y1 * scale + y) * ratio) + 1,
  };
}

/**
 * @param {Rect} area
 * @param {number} by
 * @returns {Rect}
 */
export function grown({ x0, y0, x1, y1 }, by) {
  return { x0: x0 - by, y0: y0 - by, x1: x1 + by, y1: y1 + by };
}

/**
 * @param {Rect} one
 * @param {Rect} other
 * @returns {Rect}
 */
function union(one, other) {
  return {
    x0: Math.min(one.x0, other.x0),
    y0: Math.min(one.y0, other.y0),
    x1: Math.max(one.x1, other.x1),
    y1: Math.max(one.y1, other.y1),
  };
}

/**
 * @param {Rect} one
 * @param {Rect} other
 */
export function overlaps(one, other) {
  return one.x0 < other.x1 && other.x0 < one.x1 && one.y0 < other.y1 && other.y0 < one.y1;
}
