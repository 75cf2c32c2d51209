import numpy as np
import pytest

from annotation.imaging.superpixels.quality import (
    achievable_accuracy,
    agreement,
    borders,
    boundary_recall,
    explained_variation,
    undersegmentation_error,
)

TRUTH = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 4, 0)
HALVES = np.repeat([[0, 0, 0, 0, 1, 1, 1, 1]], 4, 0)
LEAKING = np.repeat([[0, 0, 0, 0, 0, 1, 1, 1]], 4, 0)
ONE = np.zeros((4, 8), int)


@pytest.mark.parametrize(("labels", "accuracy", "error"), [(HALVES, 1, 0), (LEAKING, 7 / 8, 2 / 8), (ONE, 0.5, 1)])
def test_what_leaks_costs(labels, accuracy, error):
    assert achievable_accuracy(labels, TRUTH) == pytest.approx(accuracy)
    assert undersegmentation_error(labels, TRUTH) == pytest.approx(error)


def test_unlabelled_pixels_are_left_out():
    truth = TRUTH.copy()
    truth[:, 4] = 0
    assert achievable_accuracy(LEAKING, truth, unlabelled=0) == 1
    assert undersegmentation_error(LEAKING, truth, unlabelled=0) == 0
    assert not borders(truth, unlabelled=0).any()
    assert achievable_accuracy(ONE, np.zeros_like(truth), unlabelled=0) == 0, "nothing painted, nothing right"


def test_borders_count_when_they_are_near():
    assert boundary_recall(HALVES, TRUTH, tolerance_px=0) == 1
    assert boundary_recall(LEAKING, TRUTH, tolerance_px=0) == 0.5
    assert boundary_recall(LEAKING, TRUTH, tolerance_px=1) == 1
    assert boundary_recall(ONE, TRUTH) == 0
    assert boundary_recall(HALVES, ONE) == 1, "there is no border to find"


def test_variation_is_explained_by_means():
    image = np.repeat(np.where(HALVES[..., None], 200, 20), 3, 2).astype(np.uint8)
    assert explained_variation(HALVES, image) == pytest.approx(1)
    assert explained_variation(ONE, image) == pytest.approx(0)
    assert explained_variation(ONE, np.full((4, 8, 3), 7, np.uint8)) == 1


def test_maps_agree_with_themselves_whatever_the_numbers():
    noise = np.random.default_rng(0).integers(0, 50, (40, 40))
    assert agreement(noise, 49 - noise) == 1
    assert agreement(HALVES, LEAKING) == pytest.approx(7 / 8)
