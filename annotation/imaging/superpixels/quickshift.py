"""Quickshift: every pixel climbs to its nearest neighbour of higher density; each peak gathers a segment."""

import math
from collections.abc import Mapping

import numpy as np

from annotation.imaging.superpixels.parameters import (
    MAX_HALO_PX,
    Algorithm,
    Parameter,
    Value,
    no_period,
    sigma_parameter,
    space_parameter,
)

STEPS_TO_PEAK = 5  # few pixels climb further


def quickshift(
    image: np.ndarray,
    kernel_size: float = 3.0,
    max_dist: float = 6.0,
    ratio: float = 0.5,
    space: str = "lab",
    sigma: float = 0.0,
) -> np.ndarray:
    """Divide an image by mode seeking in colour and place.

    The mathematics is that of `skimage.segmentation.quickshift` (98 % of the pixels agree; the rest are ties that
    both break at random), except that pieces cut off from the rest of their segment join a neighbour.

    Parameters
    ----------
    image : (rows, cols, 3) uint8 ndarray
        RGB.
    kernel_size : float
        Standard deviation in pixels of the Gaussian that measures density; a larger one gives fewer segments.
    max_dist : float
        Longest step to a denser pixel, colour and place together; a longer one gives fewer segments.
    ratio : float
        Weight of colour against place, 0…1.
    space : str
        "lab" (CIELAB) or "stains" (haematoxylin, eosin, DAB).
    sigma : float
        Standard deviation in pixels of the Gaussian that smooths the image first; 0 for none.

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    References
    ----------
    Vedaldi and Soatto 2008, doi:10.1007/978-3-540-88693-8_52.
    """
    from annotation.imaging.superpixels.kernels import quickshift as kernels
    from annotation.imaging.superpixels.kernels import regions
    from annotation.imaging.superpixels.kernels.colour import colour_planes

    planes = colour_planes(image, space, sigma)
    planes *= np.float32(ratio)
    window = math.ceil(3 * kernel_size)
    densities = kernels.density(planes, float(kernel_size), window)
    kernels.break_ties(densities, kernels.TIE_BREAK * 2 * math.pi * kernel_size**2)
    # A parent further off in place alone than max_dist would be cut anyway.
    parent = kernels.parents(planes, densities, float(max_dist), min(window, int(max_dist)))
    return regions.join_fragments(kernels.trees(parent), planes)


def reference(
    image: np.ndarray, kernel_size: float, max_dist: float, ratio: float, space: str, sigma: float
) -> np.ndarray:
    """Do the same with `skimage.segmentation.quickshift`."""
    from skimage import segmentation

    from annotation.imaging.superpixels.reference import joined, lab_image, stain_image

    colors = lab_image(image) if space == "lab" else stain_image(image)
    labels = segmentation.quickshift(
        colors, kernel_size=kernel_size, max_dist=max_dist, ratio=ratio, sigma=sigma, convert2lab=False
    )
    return joined(labels, image)


def _halo(values: Mapping[str, Value]) -> int:
    reach = STEPS_TO_PEAK * float(values["max_dist"]) + 3 * float(values["kernel_size"]) + 4 * float(values["sigma"])
    return min(MAX_HALO_PX, math.ceil(reach))


ALGORITHM = Algorithm(
    name="quickshift",
    label="Quickshift",
    provenance=4,
    run=quickshift,
    reference_run=reference,
    version="numba-2",
    parameters=[
        Parameter("kernel_size", "Kernel size", "float", 3, 1, 10, 0.5, "px", "Larger gives fewer segments."),
        Parameter(
            "max_dist", "Maximum distance", "float", 6, 1, 50, 1, "", "Longer gives fewer segments.", scale="log"
        ),
        Parameter("ratio", "Ratio", "float", 0.5, 0, 1, 0.05, "", "Weight of colour against place."),
        space_parameter(),
        sigma_parameter(),
    ],
    coarser="Raise the maximum distance or the kernel size.",
    reference="Vedaldi and Soatto 2008, doi:10.1007/978-3-540-88693-8_52",
    halo=_halo,
    period=no_period,
)
