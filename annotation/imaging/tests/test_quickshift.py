import numpy as np
import pytest
from skimage.segmentation import quickshift as reference

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import IMPLEMENTATIONS, segment
from annotation.imaging.superpixels.quality import agreement, explained_variation
from annotation.imaging.superpixels.quickshift import quickshift


@pytest.fixture(scope="module")
def tissue():
    return tissue_phantom(192, 192, seed=1)[0]


@pytest.mark.parametrize("parameters", [(3, 6, 0.5), (2, 10, 1.0), (4.5, 20, 0.3)])
def test_result_is_that_of_scikit_image(tissue, parameters):
    ours = quickshift(tissue, *parameters)
    kernel_size, max_dist, ratio = parameters
    theirs = reference(tissue, kernel_size=kernel_size, max_dist=max_dist, ratio=ratio)
    assert agreement(ours, theirs) >= 0.97
    assert (ours.max() + 1) / (theirs.max() + 1) == pytest.approx(1, abs=0.03)
    assert explained_variation(ours, tissue) >= explained_variation(theirs, tissue) - 0.01


@pytest.mark.parametrize(("space", "sigma"), [("stains", 0), ("stains", 1.5), ("lab", 1)])
def test_so_it_is_in_every_space(tissue, space, sigma):
    maps = [segment("quickshift", tissue, name, space=space, sigma=sigma) for name in IMPLEMENTATIONS]
    assert agreement(*maps) >= 0.97


def test_a_surface_of_one_colour_is_not_dust():
    labels = quickshift(np.full((96, 96, 3), 255, np.uint8))
    assert labels.max() + 1 < 96 * 96 / 30


def test_longer_steps_give_fewer_segments(tissue):
    counts = [quickshift(tissue, max_dist=distance).max() for distance in (2, 6, 12)]
    assert counts == sorted(counts, reverse=True)
