// Tools of one click, done where the pointer lets go: fill and picker.

/**
 * @param {(point: Point, erase: boolean) => void} act
 * @returns {Tool}
 */
export function createClick(act) {
  /** @type {{ point: Point, erase: boolean } | null} */
  let press = null;
  return {
    down(point, erase) {
      press = { point, erase };
    },
    move(point) {
      if (press) press.point = point;
    },
    up() {
      const done = press;
      press = null;
      if (done) act(done.point, done.erase);
    },
    cancel() {
      press = null;
    },
    cursor: () => ({ kind: "none" }),
  };
}

/**
 * Picks with the left button; the right one erases, as everywhere.
 * @param {Tool} picks
 * @param {Tool} erases
 * @returns {Tool}
 */
export function eitherButton(picks, erases) {
  let active = picks;
  return {
    down(point, erase) {
      active = erase ? erases : picks;
      active.down(point, erase);
    },
    move: (point) => active.move(point),
    up: () => active.up(),
    cancel: () => active.cancel(),
    cursor: (point) => active.cursor(point),
  };
}
