"""A line that shows how far a long command is, on a terminal only: a log keeps nothing of it."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
WIDTH = 30
EVERY_SECONDS = 0.2


class Progress:
    """Counts up to `total` of something; wrap an iterable in it, or tell it by `add`."""

    def __init__(self, what: str, total: int, stream=None):
        self.what, self.total, self.done = what, total, 0
        stream = stream or sys.stderr  # the present one, not that of the time when this module was loaded
        self.stream = stream if stream.isatty() else None
        self.shown_at = 0.0

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            yield item
            self.add(1)
        self.end()

    def add(self, amount: int) -> None:
        self.done += amount
        if self.stream and time.monotonic() - self.shown_at > EVERY_SECONDS:
            self.shown_at = time.monotonic()
            part = min(1.0, self.done / self.total) if self.total else 1.0
            filled = "█" * round(WIDTH * part) + "░" * (WIDTH - round(WIDTH * part))
            self.stream.write(f"\r{self.what} {filled} {100 * part:3.0f} %")
            self.stream.flush()

    def end(self) -> None:
        """Wipe the line, so that what comes next stands alone."""
        if self.stream:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
