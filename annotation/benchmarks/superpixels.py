"""A superpixel request against the way of the seed, the small application that Labeler grew from.

The seed called scikit-image's functions and sent the map as a JSON list with every number repeated four times.
"""

import io
import json
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image
from skimage import color, filters, segmentation

from annotation.benchmarks import Measurement, interleaved
from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels.maps import Region, superpixel_png

SIDE_PX = 1024
QUICKSHIFT_SIDE_PX = 512


def seed_slic(image: np.ndarray) -> np.ndarray:
    return segmentation.slic(image, n_segments=200)


def seed_watershed(image: np.ndarray) -> np.ndarray:
    return segmentation.watershed(filters.sobel(color.rgb2gray(image)), markers=250, compactness=0.001)


def seed_felzenszwalb(image: np.ndarray) -> np.ndarray:
    return segmentation.felzenszwalb(image, scale=100, sigma=0.5, min_size=50)


def seed_quickshift(image: np.ndarray) -> np.ndarray:
    return segmentation.quickshift(image, kernel_size=3, max_dist=6, ratio=0.5)


# algorithm: the seed's function, side in px, our parameters, must, aim
REQUESTS: dict[str, tuple[Callable, int, dict, float, float]] = {
    "slic": (seed_slic, SIDE_PX, {"n_segments": 200}, 15, 25),
    "watershed": (seed_watershed, SIDE_PX, {}, 15, 25),
    "felzenszwalb": (seed_felzenszwalb, SIDE_PX, {}, 4, 8),
    "quickshift": (seed_quickshift, QUICKSHIFT_SIDE_PX, {}, 12, 25),
}


def measure() -> Iterator[Measurement]:
    for algorithm, (function, side, parameters, must, aim) in REQUESTS.items():
        image, region = stored_image(side), Region(0, 0, side, side)
        seconds = interleaved(
            seed=partial(seed_answer, image, function),
            ours=partial(superpixel_png, image, region, algorithm, parameters),
        )
        yield Measurement(
            name=f"{algorithm}_request_vs_seed",
            figure=seconds["seed"] / seconds["ours"],
            unit="×",
            direction="min",
            baseline=f"CPU time of opening a {side}² PNG, scikit-image and JSON ×4 ({1000 * seconds['seed']:.0f} ms), "
            f"over ours of opening it, our kernel and PNG ({1000 * seconds['ours']:.1f} ms); one thread",
            must=must,
            aim=aim,
        )
    yield map_bytes()


def map_bytes() -> Measurement:
    png = superpixel_png(stored_image(SIDE_PX), Region(0, 0, SIDE_PX, SIDE_PX), "slic", {"n_segments": 1000})
    with Image.open(io.BytesIO(png)) as image:
        text = seed_json(np.array(image))
    return Measurement(
        name="map_bytes_vs_seed_json",
        figure=len(text) / len(png),
        unit="×",
        direction="min",
        baseline=f"bytes of the seed's JSON ×4 ({len(text):,}) over bytes of the PNG ({len(png):,}), "
        f"the same SLIC map of 1000 segments, {SIDE_PX}²",
        must=150,
        aim=220,
    )


def stored_image(side: int) -> bytes:
    """A tissue phantom as it lies in the `images` store."""
    buffer = io.BytesIO()
    Image.fromarray(tissue_phantom(side, side, seed=1)[0]).save(buffer, "PNG", compress_level=3)  # as ingest does
    return buffer.getvalue()


def seed_answer(image: bytes, function: Callable) -> bytes:
    with Image.open(io.BytesIO(image)) as picture:
        return seed_json(function(np.asarray(picture)))


def seed_json(labels: np.ndarray) -> bytes:
    return json.dumps(np.repeat(labels.ravel(), 4).tolist(), separators=(",", ":")).encode()
