"""What the functions of scikit-image need around them, so that their maps compare with ours.

Nothing here is imported before somebody asks for the implementation "skimage".
"""

import numpy as np


def joined(labels: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Number a map of scikit-image 0…n−1, after what lies apart from the rest of its segment has joined a neighbour.

    Most of that hangs together by corners of pixels; our own kernels do the same.
    """
    from annotation.imaging.superpixels.kernels.colour import lab_planes
    from annotation.imaging.superpixels.kernels.regions import join_fragments

    _, numbers = np.unique(labels, return_inverse=True)
    return join_fragments(numbers.reshape(labels.shape).astype(np.int32), lab_planes(image))


def stain_image(image: np.ndarray) -> np.ndarray:
    """Return the stains that our own kernels compare, (rows, cols, 3) float64."""
    from annotation.imaging.superpixels.kernels.colour import stain_planes

    return np.moveaxis(stain_planes(image), 0, -1).astype(np.float64)


def lab_image(image: np.ndarray) -> np.ndarray:
    """Return CIELAB as (rows, cols, 3) float64."""
    from skimage.color import rgb2lab

    return rgb2lab(image)
