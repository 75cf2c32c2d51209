"""The superpixel algorithms: one module each, one signature, listed here."""

import numpy as np

from annotation.imaging.superpixels import felzenszwalb, quickshift, slic, watershed
from annotation.imaging.superpixels.parameters import (
    IMPLEMENTATIONS,
    Algorithm,
    Parameter,
    ParameterError,
    Value,
    check_implementation,
)

__all__ = [
    "ALGORITHMS",
    "IMPLEMENTATIONS",
    "Algorithm",
    "Parameter",
    "ParameterError",
    "Value",
    "as_json",
    "get_algorithm",
    "segment",
]

ALGORITHMS: dict[str, Algorithm] = {
    module.ALGORITHM.name: module.ALGORITHM for module in (slic, felzenszwalb, quickshift, watershed)
}


def get_algorithm(name: str) -> Algorithm:
    """Return the algorithm of this name; raise ParameterError, which lists them, if there is none."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        raise ParameterError(f"There is no algorithm {name!r}; there are {', '.join(ALGORITHMS)}.") from None


def segment(name: str, image: np.ndarray, implementation: str = "numba", **parameters: object) -> np.ndarray:
    """Divide an image into superpixels.

    Parameters
    ----------
    name : str
        One of `ALGORITHMS`.
    image : (rows, cols, 3) uint8 ndarray
        RGB; it is not changed.
    implementation : str
        "numba" (our own) or "skimage" (the reference; slower, same parameters as far as it has them).
    **parameters
        Choices, numbers or their text; what is not given has its default.

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    Raises
    ------
    ParameterError
        For an unknown algorithm, implementation or parameter, or a value out of range; the message names the range.
    ValueError
        For an array that is no RGB image.
    """
    algorithm = get_algorithm(name)
    check_implementation(implementation)
    values = algorithm.clean(parameters)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"An image is a (rows, cols, 3) uint8 array, not {image.dtype}{image.shape}.")
    run = algorithm.run if implementation == "numba" else algorithm.reference_run
    return run(np.ascontiguousarray(image), **values)


def as_json() -> list[dict]:
    """All algorithms and their parameters, as the editor's controls need them."""
    return [algorithm.as_json() for algorithm in ALGORITHMS.values()]
