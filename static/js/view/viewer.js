// The one place that knows OpenSeadragon: every image, small file or tile pyramid, through the same coordinates.

const SMOOTH_BELOW = 2; // device pixels an image pixel; above, one wants to see the pixels

export class Viewer extends EventTarget {
  /**
   * Sends the events `view` when the image moved, `ready` when all that is visible has been drawn once, `failed`.
   * @param {HTMLElement} element
   * @param {EditorConfig["image"]} image
   * @param {{ canvas: boolean }} options `canvas` draws without WebGL
   */
  constructor(element, image, { canvas }) {
    super();
    this.element = element;
    this.image = image;
    this.smooth = true;
    /** @type {View} */
    this.view = { scale: 1, x: 0, y: 0, width: 0, height: 0, ratio: 1 };
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.osd = OpenSeadragon({
      element,
      tileSources: /** @type {any} */ (tileSource(image.source)),
      drawer: canvas || !hasFastWebGL() ? "canvas" : "auto",
      showNavigationControl: false,
      keyboardNavEnabled: false,
      tabIndex: /** @type {any} */ (""),
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false, flickEnabled: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: false, flickEnabled: false },
      animationTime: still ? 0 : 0.2,
      springStiffness: 9,
      zoomPerScroll: 1.25,
      minZoomImageRatio: 0.5,
      maxZoomPixelRatio: 32,
      visibilityRatio: 0.2,
      homeFillsViewer: false,
      maxTilesPerFrame: 8, // begun to be loaded; OpenSeadragon's own 1 makes the first picture wait for frames
      tileRetryMax: 8, // a server that is making missing tiles again is busy for some seconds
      tileRetryDelay: 2500,
    });
    this.osd.addHandler("open", () => this.opened());
    this.osd.addHandler("open-failed", () => this.dispatchEvent(new Event("failed")));
    this.osd.addHandler("tile-load-failed", ({ maxReached }) => {
      if (maxReached) this.dispatchEvent(new Event("failed"));
    });
    this.osd.addHandler("update-viewport", () => this.updated());
  }

  opened() {
    const item = this.osd.world.getItemAt(0);
    const loaded = () => {
      if (!item.getFullyLoaded()) return;
      item.removeHandler("fully-loaded-change", loaded);
      this.dispatchEvent(new Event("ready"));
    };
    item.addHandler("fully-loaded-change", loaded);
    loaded();
  }

  updated() {
    const { x: width, y: height } = this.osd.viewport.getContainerSize();
    const bounds = this.osd.viewport.getBoundsNoRotate(true);
    const perUnit = width / bounds.width; // the image is one unit wide
    const scale = perUnit / this.image.width;
    const ratio = devicePixelRatio;
    this.view = { scale, x: -bounds.x * perUnit, y: -bounds.y * perUnit, width, height, ratio };
    this.setSmooth(scale * ratio < SMOOTH_BELOW);
    this.dispatchEvent(new Event("view"));
  }

  /** @param {boolean} smooth */
  setSmooth(smooth) {
    if (smooth === this.smooth) return;
    this.smooth = smooth;
    this.osd.drawer.setImageSmoothingEnabled(smooth);
  }

  /** The layers above the image go in here, so that the wheel reaches OpenSeadragon. */
  get host() {
    return this.osd.canvas;
  }

  /** Where the image is drawn, without anything above it. */
  get canvas() {
    return /** @type {HTMLCanvasElement} */ (this.osd.drawer.canvas);
  }

  /**
   * Shows the whole image and resolves to a small copy of what is on the screen then.
   * @param {number} longest CSS px of its longer side
   * @returns {Promise<HTMLCanvasElement>}
   */
  picture(longest) {
    return new Promise((resolve) => {
      this.addEventListener("view", () => resolve(this.copy(longest)), { once: true });
      this.osd.viewport.goHome(true);
      this.osd.forceRedraw();
    });
  }

  /** @param {number} longest */
  copy(longest) {
    const { scale, x, y, ratio } = this.view;
    const { width, height } = this.image;
    const factor = longest / Math.max(width, height);
    const picture = document.createElement("canvas");
    picture.width = Math.max(Math.round(width * factor * ratio), 1);
    picture.height = Math.max(Math.round(height * factor * ratio), 1);
    const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"));
    context.imageSmoothingQuality = "high";
    const [left, top, across, down] = [x, y, width * scale, height * scale].map((length) => length * ratio);
    context.drawImage(this.canvas, left, top, across, down, 0, 0, picture.width, picture.height);
    picture.style.width = `${picture.width / ratio}px`;
    return picture;
  }

  /** @returns {Rect} what is visible, in image pixels */
  get visible() {
    const { scale, x, y, width, height } = this.view;
    return { x0: -x / scale, y0: -y / scale, x1: (width - x) / scale, y1: (height - y) / scale };
  }

  /** Whether the whole image is visible, give or take half a pixel of the screen. */
  get showsAll() {
    const { scale, x, y, width, height } = this.view;
    const [right, bottom] = [x + this.image.width * scale, y + this.image.height * scale];
    return x > -0.5 && y > -0.5 && right < width + 0.5 && bottom < height + 0.5;
  }

  /**
   * @param {number} dx CSS pixels
   * @param {number} dy
   */
  pan(dx, dy) {
    const { viewport } = this.osd;
    viewport.panBy(viewport.deltaPointsFromPixels(new OpenSeadragon.Point(-dx, -dy), true), true);
    viewport.applyConstraints(true);
  }

  /**
   * @param {number} factor
   * @param {Point} [at] stage position that stays where it is; the middle without one
   * @param {boolean} [immediately]
   */
  zoom(factor, at, immediately = false) {
    const { viewport } = this.osd;
    const fixed = at && viewport.pointFromPixel(new OpenSeadragon.Point(at.x, at.y), true);
    viewport.zoomBy(factor, fixed, immediately);
    viewport.applyConstraints(immediately);
  }

  /** Brings a place to the middle. @param {Point} point image position */
  center({ x, y }) {
    const { viewport } = this.osd;
    viewport.panTo(viewport.imageToViewportCoordinates(x, y), true);
    viewport.applyConstraints(true);
  }

  fit() {
    this.osd.viewport.goHome();
  }

  /** One image pixel on one device pixel. */
  oneToOne() {
    this.zoom(1 / (this.view.scale * this.view.ratio));
  }
}

/**
 * @param {ImageSource} source
 * @returns {object}
 */
function tileSource(source) {
  if (source.type === "image") return { type: "image", url: source.url };
  return {
    width: source.width,
    height: source.height,
    tileSize: source.tileSize,
    tileOverlap: source.overlap,
    minLevel:
      source.maxLevel - Math.ceil(Math.log2(Math.max(source.width, source.height, source.tileSize) / source.tileSize)),
    maxLevel: source.maxLevel,
    getTileUrl: (/** @type {number} */ level, /** @type {number} */ column, /** @type {number} */ row) =>
      source.urlTemplate.replace("{level}", `${level}`).replace("{column}", `${column}`).replace("{row}", `${row}`),
  };
}

/** WebGL by software, as in a virtual machine, is several times slower than a canvas (measured). */
function hasFastWebGL() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const details = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(details?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(renderer);
}
