"""Our superpixels beside scikit-image's, of the same pixels with the same parameters."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.imaging.superpixels import IMPLEMENTATIONS, Value, segment
from annotation.imaging.superpixels.maps import Piece, Region, assemble
from annotation.imaging.superpixels.quality import agreement, explained_variation

OUTLINE = (255, 230, 0)  # stands out from pinks, purples and white alike


@dataclass(frozen=True, slots=True)
class Result:
    """What one implementation made: `picture` is a PNG of the pixels with the borders of the segments drawn on them."""

    implementation: str
    segments: int
    milliseconds: float
    explained_variation: float
    picture: bytes


@dataclass(frozen=True, slots=True)
class Comparison:
    """One result for each implementation; `overlap` is the share of pixels on which the two maps agree, 0…1."""

    results: list[Result]
    overlap: float


def compare(pieces: Sequence[Piece], region: Region, algorithm: str, values: Mapping[str, Value]) -> Comparison:
    """Divide a region by each implementation. Runs in a worker; errors are those of `segment` and `assemble`."""
    pixels = assemble(pieces, region)
    corner = np.ascontiguousarray(pixels[:8, :8])
    maps, results = [], []
    for implementation in IMPLEMENTATIONS:
        segment(algorithm, corner, implementation)  # loads libraries and kernels, which is not to be measured
        start = time.perf_counter()
        labels = segment(algorithm, pixels, implementation, **values)
        milliseconds = 1000 * (time.perf_counter() - start)
        variation = explained_variation(labels, pixels)
        maps.append(labels)
        results.append(Result(implementation, int(labels.max()) + 1, milliseconds, variation, outlined(pixels, labels)))
    return Comparison(results, (agreement(*maps) + agreement(*reversed(maps))) / 2)


def outlined(pixels: np.ndarray, labels: np.ndarray) -> bytes:
    """Draw a line of one pixel between the segments, and return a PNG."""
    import imagecodecs  # only workers need it

    drawn = pixels.copy()
    drawn[:, 1:][labels[:, 1:] != labels[:, :-1]] = OUTLINE
    drawn[1:][labels[1:] != labels[:-1]] = OUTLINE
    return bytes(imagecodecs.png_encode(drawn, level=6))
