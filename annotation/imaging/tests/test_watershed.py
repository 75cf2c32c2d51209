import numpy as np
import pytest
from skimage.color import rgb2gray
from skimage.filters import sobel

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import IMPLEMENTATIONS, segment
from annotation.imaging.superpixels.kernels.colour import grey_planes
from annotation.imaging.superpixels.kernels.watershed import gradient
from annotation.imaging.superpixels.quality import agreement
from annotation.imaging.superpixels.watershed import watershed


@pytest.fixture(scope="module")
def tissue():
    return tissue_phantom(384, 384, seed=1)[0]


def test_gradient_is_that_of_scikit_image(tissue):
    for image in (tissue, tissue[:1, :9], tissue[:9, :1]):
        assert np.allclose(gradient(grey_planes(image)), sobel(rgb2gray(image)), atol=1e-5)


@pytest.mark.parametrize("markers", [144, 1000])
@pytest.mark.parametrize("compactness", [0, 0.001, 0.01, 0.1, 1])
def test_result_is_that_of_scikit_image(tissue, markers, compactness):
    ours, theirs = (
        segment("watershed", tissue, name, markers=markers, compactness=compactness) for name in IMPLEMENTATIONS
    )
    assert ours.max() == theirs.max()
    assert agreement(ours, theirs) > 0.99


@pytest.mark.parametrize("space", ["grey", "lab", "stains"])
def test_overlapping_windows_agree_when_they_begin_on_one_grid(tissue, space):
    one, other = (watershed(part, size=24, space=space) for part in (tissue[:, :300], tissue[:, 120:]))
    assert agreement(one[:, 168:252], other[:, 48:132]) >= 0.97


def test_markers_lie_a_size_apart():
    labels = watershed(np.full((90, 120, 3), 200, np.uint8), size=30, compactness=0.01)
    assert np.array_equal(labels[15::30, 15::30], np.arange(12).reshape(3, 4))


@pytest.mark.parametrize("space", ["lab", "stains"])
def test_so_it_is_in_colour(tissue, space):
    ours = segment("watershed", tissue, markers=144, space=space, sigma=1)
    theirs = segment("watershed", tissue, "skimage", markers=144, space=space, sigma=1)
    assert ours.max() == theirs.max()
    assert agreement(ours, theirs) > 0.99


def test_strong_compactness_gives_nearly_the_cells_of_the_grid(tissue):
    labels = watershed(tissue[:160, :160], 16, compactness=1)
    cells = np.arange(16).reshape(4, 4).repeat(40, 0).repeat(40, 1)
    assert agreement(labels, cells) > 0.95


def test_waters_meet_at_the_ridge():
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 33:] = 255
    labels = watershed(image, 10, compactness=0)
    left, right = set(np.unique(labels[:, :32])), set(np.unique(labels[:, 34:]))
    assert not left & right
