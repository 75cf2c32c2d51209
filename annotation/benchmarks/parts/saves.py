"""A save as the person who clicks sees it: how long until the server has it, and whether the page stands still."""

import statistics
from collections.abc import Iterator

from annotation.benchmarks.parts import trace
from annotation.benchmarks.parts.desks import Desks

Figures = Iterator[tuple[str, float, str]]
ROUNDS = 3
STROKES, MOVES, RADIUS = 12, 40, 50
CATEGORIES = 3

# In the page, so that no autosave comes in between: strokes all over the image, each in the next category.
STROKE = """({ number, turn, moves, side: pixels }) => {
  const surface = document.querySelector(".stage-cursor");
  const [scale, left, top] = document.querySelector("#stage").dataset.view.split(" ").map(Number);
  const side = scale * pixels;
  const send = (kind, move, buttons) => {
    const clientX = left + side * (0.1 + 0.5 * (move / moves) + 0.3 * ((number % 3) / 2));
    const clientY = top + side * (0.05 + 0.07 * number + 0.02 * turn + 0.02 * Math.sin(move / 4));
    surface.dispatchEvent(new PointerEvent(kind, { pointerId: 1, buttons, bubbles: true, clientX, clientY }));
  };
  send("pointerdown", 0, 1);
  for (let move = 1; move <= moves; move++) send("pointermove", move, 1);
  send("pointerup", moves, 0);
}"""

# In the page: from the click until the editor knows the new revision.
NOTE = """() => {
  window.acknowledged = new Promise((resolve) => {
    const before = document.body.dataset.revision;
    let clicked = 0;
    addEventListener("click", () => { clicked = performance.now(); }, { capture: true, once: true });
    new MutationObserver((_, observer) => {
      if (document.body.dataset.revision === before) return;
      observer.disconnect();
      resolve(performance.now() - clicked);
    }).observe(document.body, { attributes: true, attributeFilter: ["data-revision"] });
  });
}"""


def click_to_ack(desks: Desks) -> Figures:
    side = desks.sides["large"]
    waits: list[float] = []
    longest: list[float] = []
    with desks.page("large") as page:
        field = page.locator("#brush-diameter")
        field.fill(str(2 * RADIUS))
        field.press("Enter")
        for turn in range(ROUNDS + 1):
            for number in range(STROKES):
                page.keyboard.press(str(1 + number % CATEGORIES))
                page.evaluate(STROKE, {"number": number, "turn": turn, "moves": MOVES, "side": side})
            page.evaluate(NOTE)
            with trace.recorded(page, trace.TASKS) as recorded:
                page.locator("[data-command=checkpoint]").first.click()
                waits.append(page.evaluate("() => acknowledged"))
            longest.append(max(recorded.tasks()))
    about = f"{STROKES} strokes of {MOVES} movements and {CATEGORIES} categories, radius {RADIUS}, all over {side}²"
    yield (
        "save_click_to_ack_ms",
        statistics.median(waits[1:]),
        f"from the click on Save checkpoint until the page knows the new revision; {about}; "
        f"median of " + ", ".join(f"{wait:.0f}" for wait in waits[1:]),
    )
    yield (
        "save_longest_task_ms",
        statistics.median(longest[1:]),
        "longest task of the main thread meanwhile; median of " + ", ".join(f"{task:.1f}" for task in longest[1:]),
    )
