"""How good a superpixel map is: against the pixels it divides, against what a person painted, against another map."""

import numpy as np
from scipy import ndimage


def explained_variation(labels: np.ndarray, image: np.ndarray) -> float:
    """Return the share of the variance of colour that the means of the segments keep, 0…1.

    Parameters
    ----------
    labels : (rows, cols) integer ndarray
        Segment numbers 0…n−1.
    image : (rows, cols, 3) uint8 ndarray
        RGB.

    References
    ----------
    Moore et al. 2008, doi:10.1109/CVPR.2008.4587471.
    """
    flat, colors = labels.ravel(), image.reshape(-1, 3).astype(np.float64)
    size = np.bincount(flat)
    means = np.stack([np.bincount(flat, colors[:, c]) / np.maximum(size, 1) for c in range(3)], 1)
    middle = colors.mean(0)
    total = ((colors - middle) ** 2).sum()
    return float((size[:, None] * (means - middle) ** 2).sum() / total) if total else 1.0


def achievable_accuracy(labels: np.ndarray, truth: np.ndarray, unlabelled: int | None = None) -> float:
    """Return the share of pixels that are right when every segment gets the category most of it has, 0…1.

    Parameters
    ----------
    labels : (rows, cols) integer ndarray
        Segment numbers 0…n−1.
    truth : (rows, cols) integer ndarray
        Categories, small whole numbers.
    unlabelled : int, optional
        Pixels of this value are left out.

    References
    ----------
    Liu et al. 2011 (achievable segmentation accuracy), doi:10.1109/CVPR.2011.5995323.
    """
    segments, counts = _overlaps(labels, truth, unlabelled)
    most = np.zeros(int(labels.max()) + 1, np.int64)
    np.maximum.at(most, segments, counts)
    return float(most.sum() / max(counts.sum(), 1))


def undersegmentation_error(labels: np.ndarray, truth: np.ndarray, unlabelled: int | None = None) -> float:
    """Return how much segments leak over the borders of the categories, 0…1: of every segment and category the
    smaller of what is inside and what is outside, over all pixels. Parameters as in `achievable_accuracy`.

    References
    ----------
    Neubert and Protzel 2012, Superpixel benchmark and comparison, Proc. Forum Bildverarbeitung, pp. 1-12.
    """
    segments, counts = _overlaps(labels, truth, unlabelled)
    size = np.bincount(segments, counts, minlength=int(labels.max()) + 1)
    return float(np.minimum(counts, size[segments] - counts).sum() / max(counts.sum(), 1))


def boundary_recall(
    labels: np.ndarray, truth: np.ndarray, unlabelled: int | None = None, tolerance_px: int = 2
) -> float:
    """Return the share of the borders between categories that a border of segments is near, 0…1.

    Parameters
    ----------
    labels, truth, unlabelled
        As in `achievable_accuracy`; a border to an unlabelled pixel is none.
    tolerance_px : int
        Near is at most so many rows and columns away.

    References
    ----------
    Martin, Fowlkes and Malik 2004, doi:10.1109/TPAMI.2004.1273918.
    """
    wanted = borders(truth, unlabelled)
    near = ndimage.maximum_filter(borders(labels).view(np.uint8), size=2 * tolerance_px + 1)
    total = np.count_nonzero(wanted)
    return float(np.count_nonzero(wanted & (near > 0)) / total) if total else 1.0


def agreement(labels: np.ndarray, other: np.ndarray) -> float:
    """Return the share of pixels that lie where a segment and the one of `other` that covers most of it overlap."""
    return achievable_accuracy(labels, other)


def borders(labels: np.ndarray, unlabelled: int | None = None) -> np.ndarray:
    """Return as (rows, cols) bool which pixels touch one of another label by an edge."""
    out = np.zeros(labels.shape, bool)
    for one, other, here, there in (
        (labels[:, 1:], labels[:, :-1], out[:, 1:], out[:, :-1]),
        (labels[1:], labels[:-1], out[1:], out[:-1]),
    ):
        differs = one != other
        if unlabelled is not None:
            differs &= (one != unlabelled) & (other != unlabelled)
        here |= differs
        there |= differs
    return out


def _overlaps(labels: np.ndarray, truth: np.ndarray, unlabelled: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return of every pair of a segment and a category that meet the segment and how many pixels they share."""
    segments, categories = labels.ravel(), truth.ravel()
    if unlabelled is not None:
        segments, categories = segments[categories != unlabelled], categories[categories != unlabelled]
    width = int(truth.max()) + 1
    pairs, counts = np.unique(segments.astype(np.int64) * width + categories, return_counts=True)
    return pairs // width, counts
