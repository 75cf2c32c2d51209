import numpy as np
import pytest

from annotation.imaging.phantom import NUCLEI, PHANTOM_CATEGORIES, tissue_phantom


def test_same_seed_gives_the_same_pixels_and_another_seed_does_not():
    first, again, other = tissue_phantom(80, 90, 5), tissue_phantom(80, 90, 5), tissue_phantom(80, 90, 6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (37, 5), (65, 130)])
def test_any_size_can_be_drawn(shape):
    image, truth = tissue_phantom(*shape, seed=0)
    assert image.shape == (*shape, 3)
    assert truth.shape == shape
    assert image.dtype == truth.dtype == np.uint8


def test_a_field_of_view_holds_every_category_and_looks_stained():
    image, truth = tissue_phantom(512, 512, seed=2)
    values = [value for value, _, _ in PHANTOM_CATEGORIES]
    assert sorted(np.unique(truth)) == values
    means = {value: image[truth == value].mean(0) for value in values}
    assert means[NUCLEI].sum() == min(mean.sum() for mean in means.values())
    red, green, blue = means[NUCLEI]
    assert blue > red > green, "haematoxylin is blue-purple"
    red, green, blue = means[2]
    assert red > blue > green, "eosin is pink"
