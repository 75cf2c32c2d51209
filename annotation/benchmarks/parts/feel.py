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
NAIVE_ROUNDS = 5

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

# In the page: an event whose handler does what the seed did at each movement while it painted: show the segment under
# the pointer on one canvas, and paint it on another. It held each segment's number four times, for red, green, blue and
# alpha, in a list read from JSON, and looked at all of it. (There it took 206 ms at 2048².)
NAIVE = """(side) => {
  const contexts = [0, 1].map(() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    return canvas.getContext("2d");
  });
  const segments = [];
  for (let index = 0; index < 4 * side * side; index++) segments.push((index >> 10) & 63);
  let segment = 0;
  document.body.addEventListener("naive", () => {
    segment++;
    for (const context of contexts) {
      const image = context.getImageData(0, 0, side, side);
      for (let index = 0; index < 4 * side * side; index++) if (segments[index] === segment) image.data[index] = 200;
      context.putImageData(image, 0, 0);
    }
  });
}"""
NAIVE_MOVEMENT = "() => document.body.dispatchEvent(new Event('naive'))"


class Hand:
    """A person's hand on the mouse, over an editor that shows one image pixel on one of the screen."""

    def __init__(self, page):
        self.page = page
        box = page.locator("#stage").bounding_box()
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.lane = itertools.cycle(range(LANES))
        self.input = page.context.new_cdp_session(page)
        page.keyboard.press("Shift+Digit0")
        page.wait_for_timeout(SETTLING_MS)

    def take_brush(self, radius: int) -> None:
        field = self.page.locator("#brush-diameter")
        field.fill(str(2 * radius))
        field.press("Enter")
        self.page.keyboard.press("b")

    def send(self, kind: str, x: float, y: float, *, down: bool) -> None:
        """Past playwright, which puts listeners of its own into the page at each movement with a button down."""
        button: dict[str, Any] = {"button": "left", "buttons": 1, "clickCount": 1} if down else {"buttons": 0}
        self.input.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **button})

    def moves(self, count: int, *, down: bool = False) -> None:
        """From left to right, on a lane of its own."""
        y = self.y - 240 + 40 * next(self.lane)
        for step in range(count):
            self.send("mouseMoved", self.x + LEFT_MOST + STEP * (step % 28), y + step % 2, down=down)

    def press(self) -> None:
        self.moves(1)
        self.send("mousePressed", self.x + LEFT_MOST, self.y, down=True)

    def release(self) -> None:
        self.input.send(
            "Input.dispatchMouseEvent",
            {"type": "mouseReleased", "x": self.x, "y": self.y, "button": "left", "buttons": 0, "clickCount": 1},
        )

    def stroke(self, moves: int = MOVES) -> list[float]:
        """Paint; return the milliseconds of each movement."""
        self.page.bring_to_front()
        self.press()
        with trace.recorded(self.page, trace.EVENTS) as recorded:
            self.moves(moves, down=True)
        self.release()
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
            f"CPU time of the handlers of a movement of the real pointer and the frame they ask for; median of "
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
        with trace.recorded(page, trace.EVENTS) as recorded:
            hand.moves(HOVERS)
        times = recorded.work_per_event("pointermove")
        segments = page.locator("body").get_attribute("data-segments")
    yield (
        "hover_segment_ms",
        statistics.median(times),
        f"CPU time of handlers and frame of a move over {segments} segments of {desks.sides['usual']}², {STEP} px "
        f"each, so that nearly each shows another segment; median of {len(times)}",
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
            hand.press()
            pairs.append((frames_per_second(hand, paint=True), idle))
            hand.release()
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
    naive: list[float] = []
    ours: list[float] = []
    with desks.page("large") as page:
        hand = Hand(page)
        hand.take_brush(20)
        page.evaluate(NAIVE, side)
        for _ in range(NAIVE_ROUNDS):
            naive.append(trace.script_ms(page, lambda: page.evaluate(NAIVE_MOVEMENT)))
            hand.press()
            idle, painting = (script_ms_per_movement(hand, paint=paint) for paint in (False, True))
            hand.release()
            ours.append(painting - idle)
    yield (
        "naive_over_ours",
        statistics.median(naive) / statistics.median(ours),
        f"CPU time of scripts: of getImageData, a loop over 4·W·H and putImageData for the highlight and for the mask, "
        f"as the seed did at each movement ({statistics.median(naive):.0f} ms), over that of a movement here with its "
        f"share of the frame, 4 movements a frame ({statistics.median(ours):.4f} ms); medians of {NAIVE_ROUNDS} rounds "
        f"in turn in one page, {side}²",
    )


def script_ms_per_movement(hand: Hand, *, paint: bool) -> float:
    """CPU time of a second's scripts over the movements in it, which are only counted unless they paint."""
    rates: list[float] = []
    spent = trace.script_ms(hand.page, lambda: rates.append(frames_per_second(hand, paint=paint)))
    return spent / (4 * rates[0])


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
            with trace.recorded(page, trace.EVENTS) as recorded:
                for _ in range(UNDOS):
                    page.keyboard.press("z")
                    page.wait_for_timeout(50)
            times += recorded.work_per_event("keydown")
            for key in keys.split("+"):
                page.keyboard.up(key)
    yield (
        "undo_ms",
        statistics.median(times),
        f"CPU time of handlers and frame of Ctrl+Z and Ctrl+Shift+Z, {UNDOS} strokes of {MOVES} movements each, "
        f"{desks.sides['huge']}²; median of {len(times)}",
    )


def map_arrival(desks: Desks) -> Figures:
    gaps: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        with desks.page("large") as page:
            hand = Hand(page)
            hand.moves(2)
            with trace.recorded(page, trace.TASKS) as recorded:
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
