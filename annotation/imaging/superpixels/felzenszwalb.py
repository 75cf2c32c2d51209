"""Felzenszwalb and Huttenlocher's graph-based segmentation: segments as large as their contrast allows."""

from collections.abc import Mapping

import numpy as np

from annotation.imaging.superpixels.parameters import (
    Algorithm,
    Parameter,
    Value,
    no_period,
    sigma_parameter,
    space_parameter,
)

HALO_PX = 128  # a border moves when joins far away change; at this distance hardly any does
RGB_OVER_LAB = 2.55  # white is 255 there and 100 here: `scale` then means about the same in every space


def felzenszwalb(
    image: np.ndarray, scale: float = 100.0, sigma: float = 0.5, min_size: int = 50, space: str = "rgb"
) -> np.ndarray:
    """Divide an image by joining pixels along the lightest edges first.

    Two sets of pixels join while the edge between them is not heavier than the heaviest edge inside either, plus
    `scale` / size. As in `skimage.segmentation.felzenszwalb`, with weights sorted in 262,143 steps; of what hangs
    together by corners of pixels alone the largest piece stays, and the others join a neighbour.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    scale : float
        A higher one gives larger segments; the number also depends on the contrast.
    sigma : float
        Standard deviation in pixels of the Gaussian that smooths the image first; 0 for none.
    min_size : int
        Smallest segment in pixels.
    space : str
        "rgb", "lab" (CIELAB) or "stains" (haematoxylin, eosin, DAB).

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    References
    ----------
    Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77.
    """
    from annotation.imaging.superpixels.kernels import regions
    from annotation.imaging.superpixels.kernels.colour import colour_planes
    from annotation.imaging.superpixels.kernels.felzenszwalb import join, sorted_edges

    rows, cols = image.shape[:2]
    planes = colour_planes(image, space, sigma)
    if space != "rgb":
        planes *= np.float32(RGB_OVER_LAB)
    order, begin = sorted_edges(planes)
    labels = join(order, begin, rows, cols, np.float32(scale), min_size)
    return regions.join_fragments(labels, planes, min_size)


def reference(image: np.ndarray, scale: float, sigma: float, min_size: int, space: str) -> np.ndarray:
    """Do the same with `skimage.segmentation.felzenszwalb`."""
    from skimage import segmentation

    from annotation.imaging.superpixels.reference import joined, lab_image, stain_image

    colors = image
    if space != "rgb":  # felzenszwalb() takes numbers for 0…1 and divides the scale by 255
        colors = (lab_image(image) if space == "lab" else stain_image(image)) * (RGB_OVER_LAB / 255)
    return joined(segmentation.felzenszwalb(colors, scale, sigma, min_size), image)


def _halo(values: Mapping[str, Value]) -> int:
    return HALO_PX


ALGORITHM = Algorithm(
    name="felzenszwalb",
    label="Felzenszwalb",
    provenance=3,
    run=felzenszwalb,
    reference_run=reference,
    version="numba-3",
    parameters=[
        Parameter("scale", "Scale", "float", 100, 1, 2_000, 10, "", "Higher gives larger segments.", scale="log"),
        sigma_parameter(0.5),
        Parameter(
            "min_size", "Minimum size", "int", 50, 1, 5_000, 10, "px", "Smaller segments join a neighbour.", scale="log"
        ),
        space_parameter(("rgb", "RGB")),
    ],
    coarser="Raise the scale; a minimum size of {size} px always works.",
    reference="Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77",
    halo=_halo,
    period=no_period,
)
