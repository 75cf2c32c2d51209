"""What `manage.py benchmark` measures with. Each module of this package is a suite: a function `measure()` that yields
`Measurement`s, or says what is `LeftOut`, slow work done while it is iterated. The package `parts` holds what suites
are put together from.
"""

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


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be, known before it is measured."""

    unit: str
    direction: str
    must: Any
    aim: Any

    def met_by(self, name: str, figure: float, baseline: str) -> Measurement:
        return Measurement(name, figure, self.unit, self.direction, baseline, self.must, self.aim)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A figure that this machine cannot measure, and why."""

    name: str
    reason: str


def suites() -> list[str]:
    """The names of all suites."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)


def run_suite(name: str) -> Iterator[Measurement | LeftOut]:
    return import_module(f"{__name__}.{name}").measure()


def interleaved(rounds: int = 3, **candidates: Callable[[], object]) -> dict[str, float]:
    """Return the median CPU seconds of each candidate, all called in turn so that a busy machine is fair to them."""
    return {name: statistics.median(seconds) for name, seconds in timed(rounds, **candidates).items()}


def timed(
    rounds: int, clock: Callable[[], float] = time.process_time, /, **candidates: Callable[[], object]
) -> dict[str, list[float]]:
    """Return the seconds of each candidate in each round, all called in turn.

    Every candidate is called once before, uncounted: imports and compiled code are loaded then.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, candidate in candidates.items():
            start = clock()
            candidate()
            if turn:
                times[name].append(clock() - start)
    return times
