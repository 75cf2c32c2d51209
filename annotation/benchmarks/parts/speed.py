"""How long superpixels take: against the seed, against scikit-image, with their tree and two at once.

Every function yields the name of a figure, the figure, and how it is formed.
"""

import io
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from django.conf import settings
from PIL import Image
from skimage import segmentation

from annotation.benchmarks import interleaved, timed
from annotation.benchmarks.parts import pictures, seed
from annotation.imaging.superpixels import get_algorithm, segment
from annotation.imaging.superpixels.maps import Piece, Region, superpixel_map, superpixel_png
from annotation.imaging.workers import WorkerPool
from annotation.workers import WARM

Figures = Iterator[tuple[str, float, str]]
REQUEST_SECONDS = 120

# algorithm: the seed's function, our parameters for the same task
REQUESTS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], dict]] = {
    "slic": (seed.slic, {"n_segments": 200}),
    "watershed": (seed.watershed, {}),
    "felzenszwalb": (seed.felzenszwalb, {}),
    "quickshift": (seed.quickshift, {}),
}


def request_vs_seed(algorithm: str, side: int) -> Figures:
    function, parameters = REQUESTS[algorithm]
    image, region = pictures.stored_phantom(side), Region(0, 0, side, side)
    seconds = interleaved(
        seed=partial(seed.answer, image, function),
        ours=partial(superpixel_png, image, region, algorithm, parameters),
    )
    yield (
        f"{algorithm}_request_vs_seed",
        seconds["seed"] / seconds["ours"],
        f"CPU time of opening a {side}² PNG, scikit-image and JSON ×4 ({1000 * seconds['seed']:.0f} ms), "
        f"over ours of opening it, our kernel and PNG ({1000 * seconds['ours']:.1f} ms); one thread",
    )


def whole_request(image: bytes, side: int, **parameters: object) -> Callable[[], object]:
    """All that a worker does for a map of a whole stored image, tree and straddle included."""
    whole = Region(0, 0, side, side)
    values = get_algorithm("slic").clean(parameters)
    return partial(superpixel_map, [Piece(0, 0, image)], whole, whole, "slic", "numba", values)


def tree_and_straddle(side: int) -> Figures:
    image, region = pictures.stored_phantom(side), Region(0, 0, side, side)
    seconds = timed(
        9,
        without=partial(superpixel_png, image, region, "slic", {}),
        with_tree=whole_request(image, side),
    )
    extra = [more - less for more, less in zip(seconds["with_tree"], seconds["without"], strict=True)]
    less, more = (1000 * statistics.median(seconds[name]) for name in ("without", "with_tree"))
    yield (
        "slic_tree_and_straddle_ms",
        1000 * statistics.median(extra),
        f"median of what a {side}² request with tree and straddle ({more:.1f} ms of CPU) took more than the one "
        f"without right before it ({less:.1f} ms); SLIC as by default, one thread",
    )


def slic_vs_skimage(side: int) -> Figures:
    image, count = pictures.phantom(side).image, pictures.segments_on(side)
    seconds = interleaved(
        theirs=partial(segmentation.slic, image, n_segments=count),
        ours=partial(segment, "slic", image, n_segments=count),
    )
    yield (
        "slic_vs_skimage",
        seconds["theirs"] / seconds["ours"],
        f"CPU time of scikit-image's slic ({1000 * seconds['theirs']:.0f} ms) over ours "
        f"({1000 * seconds['ours']:.1f} ms), {side}², {count} segments asked; one thread",
    )


def map_bytes(side: int) -> Figures:
    region = Region(0, 0, side, side)
    file = superpixel_png(pictures.stored_phantom(side), region, "slic", {"n_segments": pictures.segments_on(side)})
    with Image.open(io.BytesIO(file)) as picture:
        text = seed.to_json(np.array(picture))
    yield (
        "map_bytes_vs_seed_json",
        len(text) / len(file),
        f"bytes of the seed's JSON ×4 ({len(text):,}) over bytes of the PNG ({len(file):,}), "
        f"the same SLIC map of {pictures.segments_on(side)} segments, {side}²",
    )


def two_requests_over_one(side: int) -> Figures:
    """Two different images for two people at once in the pool of a real server, over one of them alone."""
    one, other = (whole_request(pictures.stored_phantom(side, seed), side) for seed in (1, 2))
    pool = WorkerPool(2, settings.WORKER_MEMORY_BYTES, warm=WARM)

    def ask(work: Callable[[], object], owner: str) -> None:
        pool.run(work, seconds=REQUEST_SECONDS, owner=owner)

    with ThreadPoolExecutor(2) as threads:

        def both() -> None:
            list(threads.map(ask, (one, other), ("one", "other")))

        both()  # now both children are there
        try:
            seconds = timed(5, time.perf_counter, one=partial(ask, one, "one"), two=both)
        finally:
            pool.stop()
    alone, together = 1000 * min(seconds["one"]), 1000 * min(seconds["two"])
    yield (
        "two_requests_over_one",
        together / alone,
        f"wall time of two requests at once ({together:.0f} ms) over one alone ({alone:.0f} ms), the least of 5 each, "
        f"two children of a pool, {side}² SLIC as by default with tree and straddle",
    )
