"""The way of the seed, the small application that Labeler grew from: scikit-image's functions, and the map as a JSON
list with every number repeated four times."""

import io
import json
from collections.abc import Callable

import numpy as np
from PIL import Image
from skimage import color, filters, segmentation


def slic(image: np.ndarray) -> np.ndarray:
    return segmentation.slic(image, n_segments=200)


def watershed(image: np.ndarray) -> np.ndarray:
    return segmentation.watershed(filters.sobel(color.rgb2gray(image)), markers=250, compactness=0.001)


def felzenszwalb(image: np.ndarray) -> np.ndarray:
    return segmentation.felzenszwalb(image, scale=100, sigma=0.5, min_size=50)


def quickshift(image: np.ndarray) -> np.ndarray:
    return segmentation.quickshift(image, kernel_size=3, max_dist=6, ratio=0.5)


def answer(image: bytes, function: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """All that a request for a map cost: open the stored image, divide it, write the map."""
    with Image.open(io.BytesIO(image)) as picture:
        return to_json(function(np.asarray(picture)))


def to_json(labels: np.ndarray) -> bytes:
    return json.dumps(np.repeat(labels.ravel(), 4).tolist(), separators=(",", ":")).encode()
