// Small pictures of files that are not uploaded yet: one decoded at a time, only for rows that are in sight.

const MAX_BYTES = 30_000_000;

export class Previews {
  constructor() {
    /** @type {WeakMap<Element, File>} */
    this.files = new WeakMap();
    /** @type {Set<HTMLCanvasElement>} */
    this.wanted = new Set();
    this.working = false;
    this.observer = new IntersectionObserver((entries) => this.#look(entries));
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {File} file
   */
  show(canvas, file) {
    canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
    this.files.set(canvas, file);
    this.observer.unobserve(canvas);
    if (file.size <= MAX_BYTES) this.observer.observe(canvas);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      const canvas = /** @type {HTMLCanvasElement} */ (target);
      if (isIntersecting) this.wanted.add(canvas);
      else this.wanted.delete(canvas);
    }
    this.#work();
  }

  async #work() {
    if (this.working) return;
    this.working = true;
    for (const canvas of this.wanted) {
      this.wanted.delete(canvas);
      this.observer.unobserve(canvas);
      const file = this.files.get(canvas);
      if (file && canvas.isConnected) await draw(canvas, file);
    }
    this.working = false;
  }
}

/**
 * The middle square of the picture. What the browser cannot read (TIFF, mostly) stays blank.
 * @param {HTMLCanvasElement} canvas
 * @param {File} file
 */
async function draw(canvas, file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return;
  const side = Math.min(bitmap.width, bitmap.height);
  const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext("2d")?.drawImage(bitmap, x, y, side, side, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
