"""The suite of the editor without a browser: what is promised, and how a trace is read."""

import pytest

from annotation.benchmarks import LeftOut, Target, editor
from annotation.benchmarks.parts import browser, opening
from annotation.benchmarks.parts.trace import Trace, of_main_thread

ROWS = [
    "paint_event_ms",
    "paint_event_r100_ms",
    "paint_event_8192_over_1024",
    "hover_segment_ms",
    "fps_painting_over_idle",
    "naive_over_ours",
    "undo_ms",
    "open_to_paintable_ms_after_load",
    "memory_mb",
    "map_arrival_gap_ms",
    "save_click_to_ack_ms",
    "save_longest_task_ms",
    "page_kb",
    "page_requests",
    "reopen_mask_drawn_ms_after_load",
]


def event(name: str, begin: float, milliseconds: float = 0, thread: int = 1, **data) -> dict:
    """An event that had the processor half of its time."""
    times = {"ts": begin, "dur": 1000 * milliseconds, "tdur": 500 * milliseconds}
    return {"name": name, **times, "pid": 9, "tid": thread, "args": {"data": data}}


def test_every_figure_that_is_promised_has_a_target():
    assert list(editor.TARGETS) == ROWS
    assert editor.TARGETS["naive_over_ours"] == Target("×", "min", 1000, 5000)
    assert editor.TARGETS["page_kb"] == Target("kB", "max", 900, 500)


def test_without_a_browser_every_figure_is_left_out(monkeypatch):
    monkeypatch.setattr(browser, "chromium", lambda: None)
    rows = list(editor.measure())
    assert [row.name for row in rows] == ROWS
    assert all(isinstance(row, LeftOut) for row in rows)


def test_a_movement_costs_the_work_of_its_handlers_and_of_the_frame_that_they_asked_for():
    trace = Trace(
        [
            event("EventDispatch", 1000, 0.3, type="pointermove"),
            event("FunctionCall", 1010, 0.1),
            event("RequestAnimationFrame", 1100, id=5),
            event("FunctionCall", 1120, 0.1),
            event("FunctionCall", 1130, 0.05),  # within the one before
            event("EventDispatch", 3000, 0.2, type="pointermove"),  # the frame is asked for already
            event("FunctionCall", 3010, 0.1),
            event("EventDispatch", 3500, 7, type="mousemove"),
            event("FunctionCall", 3510, 6),
            event("FireAnimationFrame", 11000, 0.4, id=5),
            event("FunctionCall", 11010, 0.3),
            event("FireAnimationFrame", 19000, 4, id=6),  # asked for by nobody's movement
            event("FunctionCall", 19010, 3),
        ]
    )
    assert trace.work_per_event("pointermove") == pytest.approx([0.25, 0.05])


def test_tasks_are_those_of_the_page_that_was_worked_in():
    events = [
        event("RunTask", 700, 80, thread=2),
        event("RunTask", 900, 12),
        event("EventDispatch", 500, 1, type="click"),
    ]
    assert Trace(of_main_thread(events)).tasks() == [12]
    assert of_main_thread([event("RunTask", 1, 80)]) == []


@pytest.mark.parametrize(
    ("path", "is_data"),
    [
        ("/images/7/pixels.png", True),
        ("/images/7/tiles/9/0_0.jpg", True),
        ("/annotations/3/labels/0/?revision=4", True),
        ("/annotations/3/", False),
        ("/static/img/labeler.svg", False),
        ("/static/js/net/labels.0123456789ab.js", False),
    ],
)
def test_images_and_labels_do_not_count_as_the_page(path, is_data):
    assert bool(opening.DATA.search(f"http://127.0.0.1:8000{path}")) is is_data
