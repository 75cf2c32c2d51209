import assert from "node:assert/strict";
import { test } from "node:test";
import { Autosave } from "../work/autosave.js";

/** A saver that only counts, and a clock that stands until it is told to go on. */
function setUp() {
  let time = 0;
  /** @type {{ at: number, what: () => void } | null} */
  let timer = null;
  /** @type {number[]} */
  const saves = [];
  const saver = Object.assign(new EventTarget(), {
    map: { dirty: new Set() },
    state: { phase: "saved" },
    save: () => {
      saves.push(time);
      saver.map.dirty.clear();
      become("saved");
    },
  });
  /** @param {string} phase */
  function become(phase) {
    saver.state.phase = phase;
    saver.dispatchEvent(new Event("change"));
  }
  const clock = {
    now: () => time,
    set: (/** @type {() => void} */ what, /** @type {number} */ ms) => (timer = { at: time + ms, what }),
    clear: () => (timer = null),
  };
  const autosave = new Autosave(/** @type {any} */ (saver), clock);
  return {
    saver,
    saves,
    become,
    paint() {
      saver.map.dirty.add(1);
      if (saver.state.phase === "saved") become("unsaved");
      autosave.touched();
    },
    /** @param {number} until */
    wait(until) {
      while (timer && timer.at <= until) {
        const { at, what } = timer;
        timer = null;
        time = at;
        what();
      }
      time = until;
    },
  };
}

test("three seconds after the last stroke", () => {
  const { paint, wait, saves } = setUp();
  paint();
  wait(2000);
  paint();
  wait(60_000);
  assert.deepEqual(saves, [5000]);
});

test("every twenty seconds of work without rest", () => {
  const { paint, wait, saves } = setUp();
  for (let second = 0; second < 90; second++) {
    wait(second * 1000);
    paint();
  }
  wait(200_000);
  assert.deepEqual(saves, [20_000, 40_000, 60_000, 80_000, 92_000]);
});

for (const phase of ["saving", "waiting", "conflict", "signed-out", "closed"]) {
  test(`not while the state is ${phase}, but soon after`, () => {
    const { paint, wait, saves, become } = setUp();
    paint();
    become(phase);
    paint();
    wait(100_000);
    assert.deepEqual(saves, []);
    become("unsaved");
    wait(200_000);
    assert.deepEqual(saves, [103_000]);
  });
}

test("a save that failed is tried again, without haste", () => {
  const { paint, wait, saves, become } = setUp();
  paint();
  become("saving");
  become("failed");
  wait(100_000);
  assert.deepEqual(saves, [20_000]);
});

test("nothing changed, nothing is saved", () => {
  const { wait, saves, become } = setUp();
  become("saving");
  become("saved");
  wait(100_000);
  assert.deepEqual(saves, []);
});
