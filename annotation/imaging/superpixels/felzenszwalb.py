"""Felzenszwalb and Huttenlocher's graph-based segmentation: segments as large as their contrast allows."""

import numpy as np

from annotation.imaging.superpixels.parameters import Algorithm, Parameter


def felzenszwalb(image: np.ndarray, scale: float = 100.0, sigma: float = 0.5, min_size: int = 50) -> np.ndarray:
    """Divide an image by joining pixels along the lightest edges first.

    Two sets of pixels join while the edge between them is not heavier than the heaviest edge inside either, plus
    `scale` / size. As in `skimage.segmentation.felzenszwalb`, with weights sorted in 65,535 steps; what hangs together
    by corners of pixels alone is cut.

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

    Returns
    -------
    (rows, cols) int32 ndarray
        Segment numbers 0…n−1, every segment connected through edges of pixels.

    References
    ----------
    Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77.
    """
    from annotation.imaging.superpixels.kernels import colour, regions
    from annotation.imaging.superpixels.kernels.felzenszwalb import join, sorted_edges

    rows, cols = image.shape[:2]
    planes = np.stack([colour.blur(image[..., channel], sigma) for channel in range(3)])
    order, begin = sorted_edges(planes)
    labels = join(order, begin, rows, cols, np.float32(scale), min_size)
    return regions.join_small(labels, planes, min_size, count=labels.size)


ALGORITHM = Algorithm(
    name="felzenszwalb",
    label="Felzenszwalb",
    version="numba-1",
    run=felzenszwalb,
    parameters=[
        Parameter("scale", "Scale", "float", 100, 1, 2_000, 10, "", "Higher gives larger segments."),
        Parameter("sigma", "Sigma", "float", 0.5, 0, 5, 0.1, "px", "How much the image is smoothed first."),
        Parameter("min_size", "Minimum size", "int", 50, 1, 5_000, 10, "px", "Smaller segments join a neighbour."),
    ],
    coarser="Raise the scale; a minimum size of {size} px always works.",
    reference="Felzenszwalb and Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77",
)
