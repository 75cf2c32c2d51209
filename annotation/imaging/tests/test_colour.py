import numpy as np
import pytest
from scipy import ndimage
from skimage.color import rgb2gray, rgb2hed, rgb2lab

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels.kernels.colour import STAINS, blur, colour_planes, stain_planes

TISSUE = tissue_phantom(256, 256, seed=1)[0]
EVERY = np.stack(np.meshgrid(*[np.arange(0, 256, 5, np.uint8)] * 3), -1).reshape(-1, 52, 3)
BLACK_AND_WHITE = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]], np.uint8)


def channels_last(planes: np.ndarray) -> np.ndarray:
    return np.moveaxis(planes, 0, -1)


@pytest.mark.parametrize("image", [TISSUE, EVERY])
def test_lab_and_grey_are_those_of_scikit_image(image):
    assert np.abs(channels_last(colour_planes(image, "lab", 0)) - rgb2lab(image)).max() < 0.01
    assert np.allclose(colour_planes(image, "grey", 0)[0], rgb2gray(image), atol=1e-6)
    assert np.array_equal(channels_last(colour_planes(image, "rgb", 0)), image)


def test_stains_are_proportional_to_those_of_scikit_image_on_tissue():
    ours, theirs = stain_planes(TISSUE), rgb2hed(TISSUE)
    for stain in range(3):
        assert np.corrcoef(ours[stain].ravel(), theirs[..., stain].ravel())[0, 1] > 0.99


@pytest.mark.parametrize("stain", [0, 1, 2])
def test_a_pure_stain_is_in_its_plane_alone(stain):
    density = np.linspace(0.1, 0.6, 20)[:, None] * STAINS[stain] / np.linalg.norm(STAINS[stain])
    image = np.rint(256 * 10**-density - 1).astype(np.uint8)[None]
    amounts = channels_last(stain_planes(image))[0]
    assert np.allclose(amounts[:, stain], np.linspace(10, 60, 20), atol=2)
    assert np.abs(np.delete(amounts, stain, 1)).max() < 2


def test_stains_are_finite_whatever_the_colour():
    assert np.isfinite(stain_planes(EVERY)).all()
    black, white, *_ = channels_last(stain_planes(BLACK_AND_WHITE))[0]
    assert np.allclose(white, 0, atol=1e-4)
    assert 0 < black.max() < 300


def test_tissue_spans_about_the_same_range_in_stains_as_in_lab():
    spread = {space: np.sqrt(colour_planes(TISSUE, space, 0).var((1, 2)).sum()) for space in ("lab", "stains")}
    assert 0.6 < spread["stains"] / spread["lab"] < 1.5


@pytest.mark.parametrize("sigma", [0, 0.5, 2.3, 5])
def test_blur_is_that_of_scipy(sigma):
    for plane in (TISSUE[..., 0], TISSUE[:7, :3, 1], TISSUE[:1, :1, 2]):
        assert np.allclose(blur(plane, sigma), ndimage.gaussian_filter(plane.astype(float), sigma), atol=1e-3)


@pytest.mark.parametrize("space", ["lab", "stains", "rgb", "grey"])
def test_every_space_is_blurred(space):
    sharp, soft = colour_planes(TISSUE, space, 0), colour_planes(TISSUE, space, 1.5)
    assert sharp.shape == soft.shape
    for a, b in zip(sharp, soft, strict=True):
        assert np.allclose(ndimage.gaussian_filter(a, 1.5), b, atol=1e-3 * np.ptp(a))
