"""Superpixels: time, bytes, memory and quality, on H&E-like tissue.

A ratio "a vs b" is b over a: how many times faster or smaller ours is. Both sides of a ratio take turns in one run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from annotation.benchmarks import LeftOut, Measurement, Target
from annotation.benchmarks.parts import granularity, large, pictures, speed
from annotation.benchmarks.parts.cached import cached_request_vs_seed
from annotation.benchmarks.parts.counts import delivered_over_asked
from annotation.benchmarks.parts.quality import ALGORITHMS, METRICS, quality_rows

Figures = Iterator[tuple[str, float, str] | LeftOut]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sides in pixels of the squares that are measured, and counts of segments. Tests choose small ones."""

    usual: int = 1024
    quickshift: int = 512
    small: int = 512
    large: int = 4096
    delivered: tuple[int, ...] = (200, 1000, 3000)
    matched: tuple[int, ...] = (1000, 3000)
    real_tissue: bool = True

    def with_phantom(self, others: Callable[[], Iterator[pictures.Picture]]) -> list[pictures.Picture]:
        """The phantom, and beside it others where they are wanted and there."""
        return [pictures.phantom(self.usual), *(others() if self.real_tissue else [])]


def at_least(must: float, aim: float) -> Target:
    return Target("×", "min", must, aim)


def at_most(unit: str, must: float, aim: float) -> Target:
    return Target(unit, "max", must, aim)


TARGETS = {
    "slic_request_vs_seed": at_least(15, 25),
    "slic_tree_and_straddle_ms": at_most("ms", 60, 25),
    "watershed_request_vs_seed": at_least(15, 25),
    "felzenszwalb_request_vs_seed": at_least(4, 8),
    "quickshift_request_vs_seed": at_least(12, 25),
    "slic_vs_skimage": at_least(10, 20),
    "slic_4096_vs_skimage": at_least(12, 20),
    "cached_request_vs_seed": at_least(250, 450),
    "map_bytes_vs_seed_json": at_least(150, 220),
    "segments_delivered_over_asked_mean": Target("×", "range", (0.85, 1.15), (0.95, 1.05)),
    "segments_delivered_over_asked_worst": Target("×", "range", (0.85, 1.15), (0.95, 1.05)),
    "slic_4096_bytes_per_pixel": at_most("bytes", 40, 25),
    "granularity_switch_ms": at_most("ms", 16, 8),
    "slic_scaling_4096_over_512": at_most("×", 2.0, 1.3),
    "two_requests_over_one": at_most("×", 1.4, 1.1),
}
SLIC_AIMS = {"ev": 0.15, "br": 0.05, "asa": 0.02, "ue": -0.02}


def quality_target(metric: str, algorithm: str, count: int) -> Target:
    """At least so much better than scikit-image's; of undersegmentation, the less the better."""
    slack = 0.01
    if algorithm == "slic":
        slack = 0.0 if count == 1000 else 0.015
    aim = SLIC_AIMS[metric] if algorithm == "slic" else 0.0
    return Target("", "max", slack, aim) if metric == "ue" else Target("", "min", -slack, aim)


TARGETS |= {
    f"quality_{metric}_minus_skimage_{algorithm}_{count}": quality_target(metric, algorithm, count)
    for algorithm in ALGORITHMS
    for count in (1000, 3000)
    for metric in METRICS
}


def measure(sizes: Sizes = Sizes()) -> Iterator[Measurement | LeftOut]:
    for section in sections(sizes):
        for row in section():
            yield row if isinstance(row, LeftOut) else TARGETS[row[0]].met_by(*row)


def sections(sizes: Sizes) -> Iterator[Callable[[], Figures]]:
    yield partial(speed.request_vs_seed, "slic", sizes.usual)
    yield partial(speed.tree_and_straddle, sizes.usual)
    yield partial(speed.request_vs_seed, "watershed", sizes.usual)
    yield partial(speed.request_vs_seed, "felzenszwalb", sizes.usual)
    yield partial(speed.request_vs_seed, "quickshift", sizes.quickshift)
    yield partial(speed.slic_vs_skimage, sizes.usual)
    yield partial(large.slic_vs_skimage, sizes.large)
    yield partial(cached_request_vs_seed, sizes.usual)
    yield partial(speed.map_bytes, sizes.usual)
    phantom = pictures.phantom(sizes.usual)
    yield partial(
        delivered_over_asked, [phantom, *(pictures.histology() if sizes.real_tissue else [])], sizes.delivered
    )
    yield partial(quality_rows, sizes.matched, [phantom, *(pictures.masked_by_people() if sizes.real_tissue else [])])
    yield partial(large.slic_memory, sizes.large)
    yield partial(granularity.granularity_switch, sizes.usual)
    yield partial(large.slic_scaling, sizes.large, sizes.small)
    yield partial(speed.two_requests_over_one, sizes.usual)
