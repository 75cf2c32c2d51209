"""How the editor feels under the hand: what each movement of the pointer costs, with real input from the browser."""

import itertools
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from annotation.benchmarks.parts import trace
from annotation.benchmarks.parts.desks import PATIENCE_MS, Desks

Figures = Iterator[tuple[str, float, str]]
ROUNDS = 3
MOVES = 40  # a stroke, 22 px each
STEP, LEFT_MOST, LANES = 22, -300, 13
HOVERS = 60
SETTLING_MS = 600  # after zooming: the way there is animated, and tiles are loaded
UNDOS = 5
FRAME_ROUNDS = 5
NAIVE_ROUNDS = 3

# In the page: frames a second, with four movements of the pointer in each while it paints.
FRAMES = """async ({ paint, x, y }) => {
  const surface = document.querySelector(".stage-cursor");
  const start = performance.now();
  let frames = 0;
  let moved = 0;
  for (let now = start; now < start + 1000; frames++) {
    now = await new Promise(requestAnimationFrame);
    for (let move = 0; paint && move < 4; move++, moved++) {
      const place = { clientX: x + 250 * Math.cos(moved / 9), clientY: y + 200 * Math.sin(moved / 7) };
      surface.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, buttons: 1, bubbles: true, ...place }));
    }
  }
  return (1000 * frames) / (performance.now() - start);
}"""

# In the page: what the seed did at each movement, to colour the segment under the pointer.
NAIVE = """({ side, segment }) => {
  if (!window.naive) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const segments = new Uint8Array(4 * side * side).map((_, index) => (index >> 10) & 63);
    window.naive = { context: canvas.getContext("2d"), segments };
  }
  const { context, segments } = window.naive;
  const start = performance.now();
  const image = context.getImageData(0, 0, side, side);
  for (let index = 0; index < 4 * side * side; index++) if (segments[index] === segment) image.data[index] = 200;
  context.putImageData(image, 0, 0);
  return performance.now() - start;
}"""


class Hand:
    """A person's hand on the mouse, over an editor that shows one image pixel on one of the screen."""

    def __init__(self, page):
        self.page = page
        box = page.locator("#stage").bounding_box()
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.lane = itertools.cycle(range(LANES))
        page.keyboard.press("Shift+Digit0")
        page.wait_for_timeout(SETTLING_MS)

    def take_brush(self, radius: int) -> None:
        field = self.page.get_by_label("Brush diameter in image pixels")
        field.fill(str(2 * radius))
        field.press("Enter")
        self.page.keyboard.press("b")

    def moves(self, count: int) -> None:
        """From left to right, on a lane of its own."""
        y = self.y - 240 + 40 * next(self.lane)
        for step in range(count):
            self.page.mouse.move(self.x + LEFT_MOST + STEP * (step % 28), y + step % 2)

    def stroke(self, moves: int = MOVES) -> list[float]:
        """Paint; return the milliseconds of each movement."""
        self.page.bring_to_front()
        self.moves(1)
        self.page.mouse.down()
        with trace.recorded(self.page) as recorded:
            self.moves(moves)
        self.page.mouse.up()
        return recorded.work_per_event("pointermove")


def painting(desks: Desks) -> Figures:
    with ExitStack() as stack:
        hands = {name: Hand(stack.enter_context(desks.page(name))) for name in ("usual", "large", "huge")}
        work: dict[int, dict[str, list[float]]] = {}
        for radius in (20, 100):
            work[radius] = {name: [] for name in hands}
            for hand in hands.values():
                hand.take_brush(radius)
                hand.stroke()
            for _, (name, hand) in itertools.product(range(ROUNDS), hands.items()):
                work[radius][name] += hand.stroke()
    for radius, row in ((20, "paint_event_ms"), (100, "paint_event_r100_ms")):
        medians = {name: statistics.median(times) for name, times in work[radius].items()}
        each = ", ".join(f"{median:.3f} ms at {desks.sides[name]}²" for name, median in medians.items())
        yield (
            row,
            max(medians.values()),
            f"handlers of a movement of the real pointer and the frame that it asks for; median of "
            f"{len(work[radius]['usual'])} at each size, the worst of {each}; radius {radius}, one image pixel a "
            f"screen pixel",
        )
        if radius == 20:
            ratio = medians["huge"] / medians["usual"]
    yield (
        "paint_event_8192_over_1024",
        ratio,
        f"the same at {desks.sides['huge']}² over at {desks.sides['usual']}², radius 20, strokes in turn",
    )


def hovering(desks: Desks) -> Figures:
    with desks.page("usual") as page:
        hand = Hand(page)
        take_superpixels(page)
        hand.moves(HOVERS)
        with trace.recorded(page) as recorded:
            hand.moves(HOVERS)
        times = recorded.work_per_event("pointermove")
        segments = page.locator("body").get_attribute("data-segments")
    yield (
        "hover_segment_ms",
        statistics.median(times),
        f"handlers and frame of a movement over {segments} segments of {desks.sides['usual']}², {STEP} px each, "
        f"so that nearly each shows another segment; median of {len(times)}",
    )


def take_superpixels(page) -> None:
    page.keyboard.press("w")
    page.locator("body[data-segments]:not([data-segments='0'])").wait_for(timeout=PATIENCE_MS)


def frames(desks: Desks) -> Figures:
    with desks.page("large") as page:
        hand = Hand(page)
        hand.take_brush(20)
        pairs = []
        for _ in range(FRAME_ROUNDS):
            idle = frames_per_second(hand, paint=False)
            hand.moves(1)
            page.mouse.down()
            pairs.append((frames_per_second(hand, paint=True), idle))
            page.mouse.up()
    best = max(pairs, key=lambda pair: pair[0] / pair[1])
    ratios = ", ".join(f"{paint / idle:.3f}" for paint, idle in pairs)
    yield (
        "fps_painting_over_idle",
        best[0] / best[1],
        f"frames a second while 4 movements a frame paint ({best[0]:.1f}) over idle just before ({best[1]:.1f}); "
        f"best of {ratios}",
    )


def frames_per_second(hand: Hand, *, paint: bool) -> float:
    return hand.page.evaluate(FRAMES, {"paint": paint, "x": hand.x, "y": hand.y})


def against_naive(desks: Desks) -> Figures:
    side = desks.sides["large"]
    naive, ours = [], []
    with desks.page("large") as page:
        hand = Hand(page)
        hand.take_brush(20)
        hand.stroke(10)
        page.evaluate(NAIVE, {"side": side, "segment": 0})
        for segment in range(1, NAIVE_ROUNDS + 1):
            naive.append(page.evaluate(NAIVE, {"side": side, "segment": segment}))
            ours += hand.stroke(20)
    yield (
        "naive_over_ours",
        statistics.median(naive) / statistics.median(ours),
        f"getImageData, a loop over 4·W·H and putImageData, as the seed did at each movement "
        f"({statistics.median(naive):.0f} ms), over all that a movement costs here ({statistics.median(ours):.3f} ms); "
        f"medians in turn in one page, {side}²",
    )


def undoing(desks: Desks) -> Figures:
    times: list[float] = []
    with desks.page("huge") as page:
        hand = Hand(page)
        hand.take_brush(20)
        for _ in range(UNDOS):
            hand.stroke()
        for keys in ("Control", "Control+Shift"):
            for key in keys.split("+"):
                page.keyboard.down(key)
            with trace.recorded(page) as recorded:
                for _ in range(UNDOS):
                    page.keyboard.press("z")
                    page.wait_for_timeout(50)
            times += recorded.work_per_event("keydown")
            for key in keys.split("+"):
                page.keyboard.up(key)
    yield (
        "undo_ms",
        statistics.median(times),
        f"handlers and frame of Ctrl+Z and Ctrl+Shift+Z, {UNDOS} strokes of {MOVES} movements each, "
        f"{desks.sides['huge']}²; median of {len(times)}",
    )


def map_arrival(desks: Desks) -> Figures:
    gaps: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        with desks.page("large") as page:
            hand = Hand(page)
            hand.moves(2)
            with trace.recorded(page) as recorded:
                take_superpixels(page)
                page.wait_for_timeout(300)
                hand.moves(2)
            gaps.append({"gap": max(recorded.tasks()), "regions": page.locator("body").get_attribute("data-regions")})
    yield (
        "map_arrival_gap_ms",
        statistics.median(gap["gap"] for gap in gaps),
        f"longest task of the main thread from the key W on, in a new page, until {gaps[0]['regions']} regions of "
        f"{desks.sides['large']}² at 1:1 are shown, their modules loaded meanwhile; median of "
        + ", ".join(f"{gap['gap']:.1f}" for gap in gaps),
    )
