"""Our segments against scikit-image's at matched counts: whoever may use more segments wins every comparison.

One parameter of each side is tuned: scikit-image's until it delivers the count, ours until it delivers as many as
scikit-image then did. "1000 segments" means segments as large as 1000 on 1024²; a smaller image gets as many as fit.

A segment is one connected area, for whoever picks one and therefore by our contract. Those of scikit-image's
Felzenszwalb and quickshift fall into two to four pieces each at such sizes, so the same count would stand for several
times as many areas. They are compared once their smaller pieces have joined a neighbour, as ours have; what the figure
would be against the pieces is said beside it.
"""

import math
import multiprocessing
import os
import statistics
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from skimage import color, filters, segmentation

from annotation.benchmarks.parts.pictures import Picture
from annotation.imaging.superpixels import segment
from annotation.imaging.superpixels.quality import (
    achievable_accuracy,
    boundary_recall,
    explained_variation,
    undersegmentation_error,
)

METRICS = ("ev", "br", "asa", "ue")
ALGORITHMS = ("slic", "watershed", "felzenszwalb", "quickshift")
FULL_SIZE_PX = 1024 * 1024  # what a count stands for
TOLERANCE = 0.04  # of the count
ATTEMPTS = 14


@dataclass(frozen=True, slots=True)
class Knob:
    """The parameter that is turned, where to begin for 1000 segments, and what both sides have fixed."""

    name: str
    start: float
    lowest: float
    highest: float
    rising: bool  # more of it gives more segments
    whole: bool = False


KNOBS = {
    "slic": Knob("n_segments", 1000, 10, 20_000, rising=True, whole=True),
    "watershed": Knob("markers", 1000, 10, 20_000, rising=True, whole=True),
    "felzenszwalb": Knob("scale", 400, 1, 2_000, rising=False),
    "quickshift": Knob("max_dist", 17, 1, 50, rising=False),
}
FIXED: dict[str, dict[str, float]] = {
    "slic": {},  # compactness: each side's own default
    "watershed": {"compactness": 0.001},
    "felzenszwalb": {"sigma": 0.5, "min_size": 50},
    "quickshift": {"kernel_size": 4, "ratio": 0.5},
}


def parameters(algorithm: str, value: float) -> dict[str, Any]:
    return FIXED[algorithm] | {KNOBS[algorithm].name: value}


def ours(algorithm: str, image: np.ndarray, value: float) -> np.ndarray:
    return segment(algorithm, image, **parameters(algorithm, value))


def theirs(algorithm: str, image: np.ndarray, value: float) -> np.ndarray:
    """Return scikit-image's segments, numbered 0…n−1; they may be in pieces."""
    if algorithm == "watershed":
        labels = segmentation.watershed(filters.sobel(color.rgb2gray(image)), **parameters(algorithm, value))
    else:
        labels = getattr(segmentation, algorithm)(image, **parameters(algorithm, value))
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def in_one_piece(labels: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Leave each segment its largest connected area; the others join the neighbour of nearest mean colour."""
    from annotation.imaging.superpixels.kernels import colour, regions

    return regions.join_fragments(labels.astype(np.int32), colour.lab_planes(image))


@dataclass(frozen=True, slots=True)
class Match:
    value: float
    labels: np.ndarray
    count: int


def match(divide: Callable[[float], np.ndarray], count: int, knob: Knob, start: float) -> Match:
    """Turn the knob until `divide(value)` gives `count` segments; return the nearest that was found.

    Bisection between the values known to give too few and too many, on logarithmic scales; where only one of them is
    known, a step as long as the count says, as if segments were as many as the knob says (or its inverse).
    """
    few, many = (knob.lowest, knob.highest) if knob.rising else (knob.highest, knob.lowest)
    known_few = known_many = False
    value, best, tried = start, None, set()
    for _ in range(ATTEMPTS):
        value = min(max(value, knob.lowest), knob.highest)
        if knob.whole:
            value = round(value)
        if value in tried:
            break
        tried.add(value)
        labels = divide(value)
        found = Match(value, labels, int(labels.max()) + 1)
        if best is None or abs(found.count - count) < abs(best.count - count):
            best = found
        if near(found.count, count):
            break
        if found.count < count:
            few, known_few = value, True
        else:
            many, known_many = value, True
        if known_few and known_many:
            value = math.sqrt(few * many)
        else:
            value *= (count / found.count) ** (1 if knob.rising else -1)
    assert best
    return best


def near(found: int, count: int) -> bool:
    return abs(found - count) <= TOLERANCE * count


@dataclass(frozen=True, slots=True)
class Comparison:
    """One image, one algorithm, one count: what was delivered, and each metric of ours minus scikit-image's."""

    algorithm: str
    count: int  # on the full size
    picture: str
    ours: int
    theirs: int
    differences: dict[str, float]
    to_pieces: dict[str, float]  # minus scikit-image's as it leaves them, where that is something else

    @property
    def matched(self) -> bool:
        return near(self.ours, self.theirs)


def metrics(labels: np.ndarray, picture: Picture) -> dict[str, float]:
    assert picture.truth is not None
    return {
        "ev": explained_variation(labels, picture.image),
        "br": boundary_recall(labels, picture.truth),
        "asa": achievable_accuracy(labels, picture.truth),
        "ue": undersegmentation_error(labels, picture.truth),
    }


def compare(algorithm: str, counts: Iterable[int], picture: Picture) -> list[Comparison]:
    """Compare at every count."""
    knob, comparisons = KNOBS[algorithm], []
    exponent = 1 if knob.rising else -1
    for count in counts:
        wanted = max(2, round(count * picture.pixels / FULL_SIZE_PX))
        if knob.whole:
            start: float = wanted
        else:
            start = knob.start * (count / 1000) ** exponent
        our_side, their_side = (partial(side, algorithm, picture.image) for side in (ours, theirs))
        start = match(our_side, wanted, knob, start).value  # theirs are slow, and the parameter means the same
        reference = match(their_side, wanted, knob, start)
        found = match(our_side, reference.count, knob, start)
        here = metrics(found.labels, picture)
        there = metrics(in_one_piece(reference.labels, picture.image), picture)
        in_pieces = metrics(reference.labels, picture)
        differences, to_pieces = ({name: here[name] - other[name] for name in METRICS} for other in (there, in_pieces))
        comparisons.append(
            Comparison(algorithm, count, picture.name, found.count, reference.count, differences, to_pieces)
        )
    return comparisons


def compare_all(
    algorithms: Iterable[str], counts: Iterable[int], pictures: Iterable[Picture]
) -> dict[tuple[str, int], list[Comparison]]:
    """Compare by algorithm and count, on all cores: nothing is timed here."""
    tasks = [(algorithm, tuple(counts), picture) for algorithm in algorithms for picture in pictures]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn")) as pool:
        found = [one for several in pool.map(compare_task, tasks) for one in several]
    return {
        (algorithm, count): [one for one in found if (one.algorithm, one.count) == (algorithm, count)]
        for algorithm in algorithms
        for count in counts
    }


def compare_task(task: tuple[str, tuple[int, ...], Picture]) -> list[Comparison]:
    return compare(*task)


def quality_rows(counts: Iterable[int], pictures: Iterable[Picture]) -> Iterator[tuple[str, float, str]]:
    """Yield name, figure and how it is formed, for each metric, algorithm and count."""
    for (algorithm, count), found in compare_all(ALGORITHMS, counts, list(pictures)).items():
        matched = [one for one in found if one.matched]
        segments = ", ".join(f"{one.ours} and {one.theirs} on {one.picture}" for one in matched[:1])
        for metric in METRICS:
            figure = statistics.mean(one.differences[metric] for one in matched) if matched else math.nan
            yield (
                f"quality_{metric}_minus_skimage_{algorithm}_{count}",
                figure,
                f"{metric} of ours minus scikit-image's, mean over {len(matched)} of {len(found)} images whose counts "
                f"agree within {TOLERANCE:.0%} (ours and theirs: {segments}), as large as {count} on 1024²"
                + against_pieces(matched, metric),
            )


def against_pieces(matched: list[Comparison], metric: str) -> str:
    if all(one.to_pieces == one.differences for one in matched):
        return ""
    figure = statistics.mean(one.to_pieces[metric] for one in matched)
    return f"; scikit-image's pieces joined as ours are, against them in pieces {figure:+.3f}"
