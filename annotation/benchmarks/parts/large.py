"""SLIC on large images, by calling the kernel: time against scikit-image and against small ones, and memory.

Every function yields the name of a figure, the figure, and how it is formed. No Django here: a process of its own
measures the memory.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from skimage import segmentation

from annotation.benchmarks import LeftOut, interleaved, timed
from annotation.benchmarks.parts import memory, pictures
from annotation.imaging.superpixels import segment

Figures = Iterator[tuple[str, float, str] | LeftOut]


def slic_vs_skimage(side: int) -> Figures:
    """Two of ours, theirs once and uncounted by none since it is so slow, two of ours."""
    image, count = pictures.enlarged_phantom(side), pictures.segments_on(side)
    our_side = partial(segment, "slic", image, n_segments=count)
    before = timed(2, ours=our_side)["ours"]
    start = time.process_time()
    segmentation.slic(image, n_segments=count)
    theirs = time.process_time() - start
    after = timed(2, ours=our_side)["ours"]
    ours = statistics.median(before + after)
    yield (
        "slic_4096_vs_skimage",
        theirs / ours,
        f"CPU time of scikit-image's slic, once ({theirs:.1f} s), over ours, called directly twice before and twice "
        f"after ({ours:.2f} s), {side}², {count} segments asked; one thread",
    )


def slic_scaling(large_side: int, small_side: int) -> Figures:
    images = {side: pictures.enlarged_phantom(side) for side in (large_side, small_side)}
    seconds = interleaved(
        rounds=5,
        **{
            f"of_{side}": partial(segment, "slic", image, n_segments=pictures.segments_on(side))
            for side, image in images.items()
        },
    )
    large, small = (1000 * seconds[f"of_{side}"] / (side * side / 1e6) for side in (large_side, small_side))
    yield (
        "slic_scaling_4096_over_512",
        large / small,
        f"CPU time per Mpx at {large_side}² ({large:.1f} ms) over the one at {small_side}² ({small:.1f} ms), "
        f"kernel called directly, segments as large; one thread",
    )


def slic_memory(side: int) -> Figures:
    name = "slic_4096_bytes_per_pixel"
    if not memory.can_be_measured():
        yield LeftOut(name, "only Linux with glibc tells how much memory a call needed")
        return
    growth = memory.peak_growth_bytes(partial(prepare_slic, side))
    yield (
        name,
        growth / side**2,
        f"how far the resident memory of a fresh process grew during the call of the kernel "
        f"({growth / 2**20:.0f} MiB), over pixels; {side}², the map counted, the image not",
    )


def prepare_slic(side: int) -> Callable[[], object]:
    """In a process of its own: load libraries, kernels and the image."""
    image = pictures.enlarged_phantom(side)
    segment("slic", image[:64, :64], n_segments=10)
    return partial(segment, "slic", image, n_segments=pictures.segments_on(side))
