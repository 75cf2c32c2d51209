import numpy as np
import pytest
from skimage.segmentation import felzenszwalb as reference

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import IMPLEMENTATIONS, segment
from annotation.imaging.superpixels.felzenszwalb import felzenszwalb
from annotation.imaging.superpixels.quality import agreement, explained_variation


@pytest.fixture(scope="module")
def tissue():
    return tissue_phantom(384, 384, seed=1)[0]


@pytest.mark.parametrize("scale", [60, 150, 400])
def test_result_is_close_to_scikit_image(tissue, scale):
    ours, theirs = felzenszwalb(tissue, scale), reference(tissue, scale, 0.5, 50)
    assert (ours.max() + 1) / (theirs.max() + 1) == pytest.approx(1, abs=0.1)
    assert explained_variation(ours, tissue) >= explained_variation(theirs, tissue) - 0.01
    assert agreement(ours, theirs) > 0.98  # with 65,535 even steps of weight it was 0.89 at the highest scale


@pytest.mark.parametrize("space", ["lab", "stains"])
def test_so_it_is_in_every_space(tissue, space):
    ours, theirs = (segment("felzenszwalb", tissue, name, space=space) for name in IMPLEMENTATIONS)
    assert (ours.max() + 1) / (theirs.max() + 1) == pytest.approx(1, abs=0.1)
    assert agreement(ours, theirs) > 0.85


@pytest.mark.parametrize("min_size", [1, 30, 400])
def test_no_segment_is_smaller_than_the_minimum(tissue, min_size):
    assert np.bincount(felzenszwalb(tissue, 50, min_size=min_size).ravel()).min() >= min_size


def test_a_higher_scale_gives_fewer_segments(tissue):
    counts = [felzenszwalb(tissue, scale).max() for scale in (20, 100, 500)]
    assert counts == sorted(counts, reverse=True)


def test_surfaces_of_one_colour_are_one_segment_each():
    image = np.zeros((40, 60, 3), np.uint8)
    image[10:30, 20:40] = 220, 30, 90
    labels = felzenszwalb(image, 1, sigma=0, min_size=1)
    assert labels.max() == 1
    assert np.array_equal(labels == 1, image[..., 0] > 0)
