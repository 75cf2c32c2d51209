"""The fit meter: how well the algorithms could reproduce what a person has painted so far, and which to propose."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from annotation.imaging.superpixels import Value, get_algorithm, segment
from annotation.imaging.superpixels.maps import Piece, Region, assemble
from annotation.imaging.superpixels.quality import achievable_accuracy, boundary_recall

UNLABELLED, IGNORE = 0, 255
MIN_LABELLED = 2_000
TOLERANCE = 0.01  # so much accuracy is worth less than having fewer segments to pick
# From fine to coarse, sizes in pixels, so that a setting means the same in a window and in the whole image.
CANDIDATES: tuple[tuple[str, dict[str, Value]], ...] = (
    ("slic", {"size": 8}),
    ("slic", {"size": 12}),
    ("slic", {"size": 16}),
    ("slic", {"size": 24}),
    ("slic", {"size": 36}),
    ("slic", {"size": 64}),
    ("watershed", {"size": 16}),
    ("felzenszwalb", {"scale": 30, "min_size": 20}),
    ("felzenszwalb", {"scale": 100, "min_size": 50}),
    ("felzenszwalb", {"scale": 300, "min_size": 100}),
    ("quickshift", {"kernel_size": 3, "max_dist": 6}),
    ("quickshift", {"kernel_size": 5, "max_dist": 10}),
)


class TooLittlePainted(ValueError):
    """There is not enough to compare with; the message is a sentence for the person."""


class Fit(TypedDict):
    """How one setting does, measured on labelled pixels only."""

    algorithm: str
    parameters: dict[str, Value]  # all of them
    accuracy: float  # share of pixels that are right when every segment gets the category most of it has
    boundary_recall: float  # share of the borders between categories within 2 px of a border of segments; 1 without any
    segments: int  # that hold labelled pixels: how many there would have been to pick


def measure(pieces: Sequence[Piece], window: Region, labels: bytes) -> list[Fit]:
    """Try every candidate on a part of an image. Runs in a worker.

    Parameters
    ----------
    pieces : sequence of Piece
        They cover the window.
    window : Region
    labels : bytes
        The categories painted in the window, a byte a pixel, row by row; 0 and 255 count as unlabelled.

    Returns
    -------
    list of Fit
        In the order of `CANDIDATES`.

    Raises
    ------
    TooLittlePainted
        If fewer than 2,000 pixels or only one category are labelled.
    OSError
        If a piece cannot be decoded.
    """
    truth = np.frombuffer(labels, np.uint8).reshape(window.height, window.width)
    truth = np.where(truth == IGNORE, UNLABELLED, truth)
    check_painted(truth)
    pixels = assemble(pieces, window)
    return [_fit(pixels, truth, name, parameters) for name, parameters in CANDIDATES]


def check_painted(truth: np.ndarray) -> None:
    counts = np.bincount(truth[truth != UNLABELLED], minlength=1)
    painted, categories = int(counts.sum()), np.count_nonzero(counts)
    if painted < MIN_LABELLED:
        raise TooLittlePainted(
            f"Only {painted:,} pixels are labelled here; label at least {MIN_LABELLED:,} for a comparison."
        )
    if categories < 2:
        raise TooLittlePainted("Only one category is labelled here; label a second one beside it for a comparison.")


def _fit(pixels: np.ndarray, truth: np.ndarray, name: str, parameters: dict[str, Value]) -> Fit:
    values = get_algorithm(name).clean(parameters)
    labels = segment(name, pixels, "numba", **values)
    return Fit(
        algorithm=name,
        parameters=values,
        accuracy=achievable_accuracy(labels, truth, unlabelled=UNLABELLED),
        boundary_recall=boundary_recall(labels, truth, unlabelled=UNLABELLED),
        segments=int(np.count_nonzero(np.bincount(labels[truth != UNLABELLED]))),
    )


def best(settings: Sequence[Fit]) -> int:
    """Return which setting to propose: of those within a point of the greatest accuracy the one of fewest segments."""
    enough = max(fit["accuracy"] for fit in settings) - TOLERANCE
    good = [i for i, fit in enumerate(settings) if fit["accuracy"] >= enough]
    return min(good, key=lambda i: settings[i]["segments"])
