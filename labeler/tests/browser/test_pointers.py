"""Mouse, pen and fingers on the image."""

import re
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from labeler.tests.browser.painter import Painter
from labeler.tests.browser.test_editor import stored
from labeler.tests.browser.test_tools import HEIGHT, WIDTH, editor, save, work  # noqa: F401


@pytest.fixture
def session(context, editor):  # noqa: F811
    return context.new_cdp_session(editor.page)


class Hand:
    """A pen or fingers, by the browser's own input; positions as in `Editor`."""

    def __init__(self, session, editor):  # noqa: F811
        self.session = session
        self.editor = editor

    def pen(self, *points: tuple[int, int], pressure=0.5, down=True, lift=True) -> list[tuple[int, int]]:
        """Draw, or a part of it; return the image pixels."""
        kinds = ["mousePressed" if down else "mouseMoved", *["mouseMoved"] * (len(points) - 1)]
        for kind, point in zip(kinds, points, strict=True):
            self.pen_event(kind, point, pressure)
        if lift:
            self.pen_event("mouseReleased", points[-1], 0)
        return [self.pixel(point) for point in points]

    def pen_event(self, kind: str, point: tuple[int, int], pressure: float) -> None:
        x, y = self.editor.at(*point)
        self.session.send(
            "Input.dispatchMouseEvent",
            {"type": kind, "x": x, "y": y, "button": "left", "buttons": int(kind != "mouseReleased"), "clickCount": 1}
            | {"pointerType": "pen", "force": pressure},
        )

    def fingers(self, kind: str, *points: tuple[int, int], moment: float | None = None) -> None:
        """Press, move or lift all fingers that are down; `moment` is when, whatever the machine takes for it."""
        places = [self.editor.at(*point) for point in points]
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        when = {} if moment is None else {"timestamp": moment}
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches} | when)

    def finger(self, *points: tuple[int, int]) -> list[tuple[int, int]]:
        self.fingers("Start", points[0])
        for point in points[1:]:
            self.fingers("Move", point)
        self.fingers("End")
        return [self.pixel(point) for point in points]

    def pixel(self, point: tuple[int, int]) -> tuple[int, int]:
        x, y = self.editor.image_position(*self.editor.at(*point))
        return int(x), int(y)


@pytest.fixture
def hand(session, editor):  # noqa: F811
    return Hand(session, editor)


def test_mouse(editor, work):  # noqa: F811
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("1")
    editor.set_diameter(21)
    painter.stroke(editor.drag((-150, 0), (150, 0)), 21, 1)
    painter.stroke(editor.drag((-50, 10), (20, 10), button="right"), 21, 0)
    scale, left, top = editor.view()
    editor.drag((0, 0), (30, 20), button="middle")
    page.keyboard.down("Space")
    editor.drag((0, 0), (10, 5))
    page.keyboard.up("Space")
    assert editor.view() == (scale, pytest.approx(left + 40), pytest.approx(top + 25))
    x, y = editor.point(60, 40)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(600)
    assert editor.view()[0] > scale
    assert np.abs(np.subtract(editor.point(60, 40), (x, y))).max() <= 1
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_a_pen_paints_erases_and_makes_fingers_pan(editor, work, hand):  # noqa: F811
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("1")
    editor.set_diameter(21)
    pressure = page.get_by_label("Smaller with less pressure")
    expect(pressure).to_be_hidden()
    painter.stroke(hand.pen((-150, 0), (-60, 20), (120, -30), pressure=0.2), 21, 1)
    expect(pressure).to_be_visible()

    # Fingers pan from now on, and a hand that rests while the pen paints does nothing.
    scale, left, top = editor.view()
    hand.finger((0, 100), (20, 110), (40, 120))
    moved = editor.view()
    assert moved == (scale, pytest.approx(left + 40), pytest.approx(top + 20))
    pixels = hand.pen((-100, 80), (-50, 90), lift=False)
    hand.fingers("Start", (150, 150))
    hand.fingers("Move", (170, 150))
    pixels += hand.pen((60, 100), pressure=0.9, down=False)
    hand.fingers("End")
    assert editor.view() == moved
    painter.stroke(pixels, 21, 1)

    # The other end of the pen erases. The browser's own input knows no such end: a made-up event does.
    wiped = [(-60, 20), (20, 0)]
    for kind, point in (("pointerdown", wiped[0]), ("pointermove", wiped[1]), ("pointerup", wiped[1])):
        x, y = editor.at(*point)
        press = {"clientX": x, "clientY": y, "pointerId": 1, "pointerType": "pen", "bubbles": True}
        press |= {"button": -1 if kind == "pointermove" else 5, "buttons": 0 if kind == "pointerup" else 32}
        page.evaluate(
            "([kind, press]) => document.querySelector('.stage-cursor').dispatchEvent(new PointerEvent(kind, press))",
            [kind, press],
        )
    painter.stroke([hand.pixel(point) for point in wiped], 21, 0)

    pressure.check()
    painter.stroke(hand.pen((-150, -80), (100, -90), pressure=1), 21, 1)
    thin = hand.pen((-150, -120), (100, -110), pressure=0.24)
    painter.stroke(thin, 5, 1)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_one_finger_paints_and_two_pinch(editor, work, hand):  # noqa: F811
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("2")
    editor.set_diameter(15)
    painter.stroke(hand.finger((-100, -50), (0, -40), (100, 60)), 15, 2)
    scale, _, _ = editor.view()
    # The second finger says that the first one did not mean to paint.
    now = time.time()
    hand.fingers("Start", (-50, 50), moment=now)
    hand.fingers("Move", (-60, 60), moment=now + 0.05)
    hand.fingers("Start", (-60, 60), (60, 60), moment=now + 0.1)
    for spread in (70, 90, 120):
        hand.fingers("Move", (-spread, 60), (spread, 60))
    hand.fingers("End")
    assert editor.view()[0] == pytest.approx(2 * scale, rel=0.02)
    painter.stroke(hand.finger((-80, 90), (80, 100)), 15, 2)
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    expect(page.locator("#save-state")).to_have_text(re.compile("Unsaved"))
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_a_palm_that_rests_first_paints_nothing_and_the_pen_is_remembered(editor, work, hand):  # noqa: F811
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("1")
    editor.set_diameter(15)
    hand.fingers("Start", (150, 120))
    painter.stroke(hand.pen((-100, -50), (0, -50), (80, -40)), 15, 1)
    hand.fingers("End")
    save(editor)
    assert np.array_equal(stored(work), painter.mask)

    page.reload()
    editor.wait_until_open("field.png")
    scale, left, top = editor.view()
    hand.finger((0, 100), (20, 110), (40, 120))
    assert editor.view() == (scale, pytest.approx(left + 40), pytest.approx(top + 20))
    # Who has no pen any more paints with fingers again.
    page.get_by_label("Fingers only move the image").uncheck()
    painter.stroke(hand.finger((-100, 80), (0, 90)), 15, 1)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)


def test_a_second_finger_leaves_a_long_stroke_of_the_first(editor, work, hand):  # noqa: F811
    page, painter = editor.page, Painter(WIDTH, HEIGHT)
    page.keyboard.press("2")
    editor.set_diameter(15)
    pixels = [hand.pixel(point) for point in ((-100, -50), (0, -40))]
    now = time.time()
    hand.fingers("Start", (-100, -50), moment=now)
    hand.fingers("Move", (0, -40), moment=now + 0.3)
    hand.fingers("Start", (0, -40), (100, 60), moment=now + 0.4)
    hand.fingers("End")
    painter.stroke(pixels, 15, 2)
    save(editor)
    assert np.array_equal(stored(work), painter.mask)
