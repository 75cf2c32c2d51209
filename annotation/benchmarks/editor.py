"""The editor: how it feels, opens and saves, in a real browser on a real site.

Milliseconds of work are those of the main thread, as the browser's own trace tells them; times that a person waits are
from clock to clock. Both sides of a ratio take turns in one run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from annotation.benchmarks import LeftOut, Measurement, Target
from annotation.benchmarks.parts import browser, desks, feel, opening, saves
from annotation.benchmarks.parts.desks import Desks

Figures = Iterator[tuple[str, float, str] | LeftOut]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sides in pixels of the images. Tests choose small ones."""

    small: int = 512
    usual: int = 1024
    large: int = 4096
    huge: int = 8192


def at_most(unit: str, must: float, aim: float) -> Target:
    return Target(unit, "max", must, aim)


def at_least(must: float, aim: float) -> Target:
    return Target("×", "min", must, aim)


TARGETS = {
    "paint_event_ms": at_most("ms", 0.5, 0.15),
    "paint_event_r100_ms": at_most("ms", 1.5, 0.8),
    "paint_event_8192_over_1024": at_most("×", 2, 1.1),
    "hover_segment_ms": at_most("ms", 0.3, 0.05),
    "fps_painting_over_idle": at_least(0.95, 1),
    "naive_over_ours": at_least(1000, 5000),
    "undo_ms": at_most("ms", 8, 2),
    "open_to_paintable_ms_after_load": at_most("ms", 1200, 500),
    "memory_mb": at_most("MB", 110, 80),
    "map_arrival_gap_ms": at_most("ms", 30, 15),
    "save_click_to_ack_ms": at_most("ms", 600, 250),
    "save_longest_task_ms": at_most("ms", 50, 16),
    "page_kb": at_most("kB", 900, 500),
    "page_requests": at_most("requests", 60, 45),
    "reopen_mask_drawn_ms_after_load": at_most("ms", 400, 150),
}


def measure(sizes: Sizes = Sizes()) -> Iterator[Measurement | LeftOut]:
    if not browser.is_there():
        yield from (LeftOut(name, browser.NEEDED) for name in TARGETS)
        return
    places = desks.workplaces(sizes.small, sizes.usual, sizes.large, sizes.huge)
    with desks.opened(places) as found:
        for section in sections(found):
            for row in section():
                yield row if isinstance(row, LeftOut) else TARGETS[row[0]].met_by(*row)


def sections(found: Desks) -> Iterator[Callable[[], Figures]]:
    yield partial(feel.painting, found)
    yield partial(feel.hovering, found)
    yield partial(feel.frames, found)
    yield partial(feel.against_naive, found)
    yield partial(feel.undoing, found)
    yield partial(opening.to_paintable, found)
    yield partial(opening.memory, found)
    yield partial(feel.map_arrival, found)
    yield partial(saves.click_to_ack, found)
    yield partial(opening.weight, found)
    yield partial(opening.reopening, found)
