"""What `manage.py benchmark` measures with. Each module of this package is a suite: a function `measure()` that yields
`Measurement`s, slow work done while it is iterated."""

import pkgutil
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure and what it should be."""

    name: str
    figure: float
    unit: str
    direction: str  # "min": at least `must`; "max": at most; "range": between the two ends
    baseline: str  # what the figure was held against, and how it is formed
    must: Any  # a number; for "range" a pair of them
    aim: Any

    @property
    def ok(self) -> bool:
        if self.direction == "min":
            return self.figure >= self.must
        if self.direction == "max":
            return self.figure <= self.must
        low, high = self.must
        return low <= self.figure <= high


def suites() -> list[str]:
    """The names of all suites."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def run_suite(name: str) -> Iterator[Measurement]:
    return import_module(f"{__name__}.{name}").measure()


def interleaved(rounds: int = 3, **candidates: Callable[[], object]) -> dict[str, float]:
    """Return the median CPU seconds of each candidate, all called in turn so that a busy machine is fair to them.

    Every candidate is called once before, uncounted: imports and compiled code are loaded then.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, candidate in candidates.items():
            start = time.process_time()
            candidate()
            if turn:
                times[name].append(time.process_time() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}
