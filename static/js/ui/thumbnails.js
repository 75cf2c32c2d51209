// Thumbnails that a busy server cannot make yet are asked for again; browsers do not do that by themselves.

const PAUSES_MS = [1000, 2000, 4000, 8000];
/** @type {WeakMap<HTMLImageElement, number>} */
const tries = new WeakMap();

export function retryThumbnails() {
  addEventListener("error", ({ target }) => target instanceof HTMLImageElement && later(target), { capture: true });
  // Some may have failed before this was loaded.
  for (const image of document.images) if (image.complete && image.naturalWidth === 0) later(image);
}

/** @param {HTMLImageElement} image */
function later(image) {
  const tried = tries.get(image) ?? 0;
  if (tried === PAUSES_MS.length) return;
  tries.set(image, tried + 1);
  setTimeout(() => image.setAttribute("src", image.src), PAUSES_MS[tried]);
}
