"""How good a superpixel map is, for the tests of the algorithms."""

import numpy as np


def explained_variation(labels: np.ndarray, image: np.ndarray) -> float:
    """The share of the variance of colour that the means of the segments keep."""
    flat, colors = labels.ravel(), image.reshape(-1, 3).astype(float)
    size = np.bincount(flat)
    means = np.stack([np.bincount(flat, colors[:, c]) / np.maximum(size, 1) for c in range(3)], 1)
    middle = colors.mean(0)
    return float((size[:, None] * (means - middle) ** 2).sum() / ((colors - middle) ** 2).sum())


def agreement(labels: np.ndarray, other: np.ndarray) -> float:
    """The share of pixels that lie where a segment and the one of `other` that covers most of it overlap."""
    pairs, counts = np.unique(labels.ravel() * (int(other.max()) + 1) + other.ravel(), return_counts=True)
    best = np.zeros(labels.max() + 1, int)
    np.maximum.at(best, pairs // (int(other.max()) + 1), counts)
    return best.sum() / labels.size
