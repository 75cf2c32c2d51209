"""Compact watershed: water rises from a grid of markers over the gradient of brightness."""

import math

import numpy as np

from annotation.imaging.superpixels.parameters import Algorithm, Parameter, grid

REACH = 6  # cells; water that came from further away no longer pays for the way


def watershed(image: np.ndarray, markers: int = 250, compactness: float = 0.001) -> np.ndarray:
    """Divide an image where the waters from a regular grid of markers meet.

    The mathematics is that of `skimage.segmentation.watershed` on `skimage.filters.sobel`, with costs in 32,768
    steps.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    markers : int
        About how many markers, and so segments; at most one a pixel.
    compactness : float
        Weight of the distance in pixels from the marker against the gradient (0…1): 0 follows edges alone, 0.001 is
        a mild pull, from 0.1 on the segments are nearly the cells of the grid. Explore it on a logarithmic scale.

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    References
    ----------
    Neubert and Protzel 2014, doi:10.1109/ICPR.2014.181.
    """
    from annotation.imaging.superpixels.kernels import colour
    from annotation.imaging.superpixels.kernels.watershed import BUCKETS, flood, gradient

    rows, cols = image.shape[:2]
    height = gradient(colour.luminance(np.ascontiguousarray(image)))
    down, across = grid(rows, cols, markers)
    y = ((np.arange(down) + 0.5) * rows / down).astype(np.int32)
    x = ((np.arange(across) + 0.5) * cols / across).astype(np.int32)
    longest = REACH * math.hypot(rows / down, cols / across)
    scale = (BUCKETS - 1) / (float(height.max()) + compactness * longest + 1e-9)
    return flood(height, np.repeat(y, across), np.tile(x, down), np.float32(compactness), np.float32(scale))


ALGORITHM = Algorithm(
    name="watershed",
    label="Watershed",
    version="numba-1",
    run=watershed,
    parameters=[
        Parameter("markers", "Markers", "int", 250, 10, 20_000, 10, "", "One segment grows from each."),
        Parameter(
            "compactness", "Compactness", "float", 0.001, 0, 1, 0.001, "", "0 follows edges alone, 0.1 gives squares."
        ),
    ],
    coarser="Lower the number of markers.",
    reference="Neubert and Protzel 2014, doi:10.1109/ICPR.2014.181",
)
