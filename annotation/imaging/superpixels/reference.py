"""What the functions of scikit-image need around them, so that their maps compare with ours.

Nothing here is imported before somebody asks for the implementation "skimage".
"""

import numpy as np


def connected(labels: np.ndarray) -> np.ndarray:
    """Number the regions of one label that are connected through edges of pixels: (rows, cols) int32, 0…n−1."""
    from skimage.measure import label

    return (label(labels, background=-1, connectivity=1) - 1).astype(np.int32)


def stain_image(image: np.ndarray) -> np.ndarray:
    """Return the stains that our own kernels compare, (rows, cols, 3) float64."""
    from annotation.imaging.superpixels.kernels.colour import stain_planes

    return np.moveaxis(stain_planes(image), 0, -1).astype(np.float64)


def lab_image(image: np.ndarray) -> np.ndarray:
    """Return CIELAB as (rows, cols, 3) float64."""
    from skimage.color import rgb2lab

    return rgb2lab(image)
