// What lengths on the screen are in the tissue. No DOM.

const UM_PER_PX_AT_1X = 10; // the usual convention: 0.5 µm a pixel is 20×, 0.25 µm is 40×

/**
 * The longest round length that is not longer than so many pixels.
 * @param {number} umPerPx
 * @param {number} longest pixels
 * @returns {{ pixels: number, text: string }}
 */
export function scaleBar(umPerPx, longest) {
  const most = umPerPx * longest;
  const power = 10 ** Math.floor(Math.log10(most) + 1e-9);
  const um = [5, 2, 1].map((digit) => digit * power).find((length) => length <= most * (1 + 1e-9)) ?? power;
  return { pixels: um / umPerPx, text: lengthText(um) };
}

/** @param {number} um */
function lengthText(um) {
  if (um >= 1000) return `${um / 1000} mm`;
  return um >= 1 ? `${um} µm` : `${Math.round(um * 1e6) / 1e3} nm`;
}

/** @param {number} umPerPx of the screen */
export function magnification(umPerPx) {
  const times = UM_PER_PX_AT_1X / umPerPx;
  return `${times < 9.95 ? times.toFixed(1) : Math.round(times)}×`;
}
