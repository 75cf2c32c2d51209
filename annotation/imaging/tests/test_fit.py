import json

import numpy as np
import pytest

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import get_algorithm
from annotation.imaging.superpixels.fit import CANDIDATES, TooLittlePainted, best, measure
from annotation.imaging.superpixels.maps import Piece, Region
from annotation.imaging.tests.test_maps import stored

ROWS, COLS = 160, 200
IMAGE, TRUTH = tissue_phantom(ROWS, COLS, seed=2)
WINDOW = Region(40, 60, COLS, ROWS)
PIECES = [Piece(40, 60, stored(IMAGE))]


def test_every_candidate_is_measured_with_parameters_that_can_be_sent_back():
    settings = measure(PIECES, WINDOW, TRUTH.tobytes())
    assert [fit["algorithm"] for fit in settings] == [name for name, _ in CANDIDATES]
    assert json.loads(json.dumps(settings)) == settings
    for fit, (name, chosen) in zip(settings, CANDIDATES, strict=True):
        algorithm = get_algorithm(name)
        assert fit["parameters"] == algorithm.clean(fit["parameters"])
        assert fit["parameters"].keys() == {parameter.name for parameter in algorithm.parameters}
        assert chosen.items() <= fit["parameters"].items()
        assert 0.5 < fit["accuracy"] <= 1
        assert 0 < fit["boundary_recall"] <= 1
        assert fit["segments"] > 1
    fine, coarse = settings[0], settings[5]
    assert fine["segments"] > coarse["segments"]
    assert fine["accuracy"] > coarse["accuracy"]
    assert fine["boundary_recall"] > coarse["boundary_recall"]


def test_only_what_is_painted_counts():
    left = TRUTH.copy()
    left[:, 100:] = 0
    ignored = TRUTH.copy()
    ignored[:, 100:] = 255
    whole = measure(PIECES, WINDOW, TRUTH.tobytes())
    half = measure(PIECES, WINDOW, left.tobytes())
    assert measure(PIECES, WINDOW, ignored.tobytes()) == half
    assert all(a["segments"] < b["segments"] for a, b in zip(half, whole, strict=True))


def test_categories_that_do_not_meet_have_no_borders_to_miss():
    apart = np.zeros_like(TRUTH)
    apart[:50, :50], apart[100:, 100:] = 1, 2
    settings = measure(PIECES, WINDOW, apart.tobytes())
    assert {fit["boundary_recall"] for fit in settings} == {1}


def squares(side):
    pattern = np.kron(np.indices((ROWS // side + 1, COLS // side + 1)).sum(0) % 2, np.ones((side, side), int))
    truth = (1 + pattern[:ROWS, :COLS]).astype(np.uint8)
    return [Piece(40, 60, stored(np.repeat(truth[..., None] * 90, 3, 2)))], truth.tobytes()


def test_coarse_structures_are_given_coarse_segments_and_fine_ones_fine_ones():
    coarse, fine = (measure(pieces, WINDOW, labels) for pieces, labels in (squares(64), squares(8)))
    assert coarse[best(coarse)]["segments"] < 30
    assert fine[best(fine)]["segments"] > 200


def test_the_coarsest_within_a_point_of_the_best_is_proposed():
    settings = [
        {"accuracy": 0.9, "segments": 900},
        {"accuracy": 0.895, "segments": 90},
        {"accuracy": 0.892, "segments": 100},
        {"accuracy": 0.85, "segments": 9},
    ]
    assert best(settings) == 1
    assert best(settings[3:]) == 0


@pytest.mark.parametrize(
    ("painted", "sentence"),
    [
        ({}, "Only 0 pixels are labelled here; label at least 2,000"),
        ({1: 1000, 2: 999}, "Only 1,999 pixels are labelled here"),
        ({1: 2000, 255: 5000}, "Only one category is labelled here"),
        ({1: 1000, 255: 5000}, "Only 1,000 pixels are labelled here"),
    ],
)
def test_too_little_is_said_in_a_sentence(painted, sentence):
    truth = np.zeros(ROWS * COLS, np.uint8)
    values = np.repeat(list(painted), list(painted.values())).astype(np.uint8)
    truth[: len(values)] = values
    with pytest.raises(TooLittlePainted, match=sentence):
        measure(PIECES, WINDOW, truth.tobytes())
