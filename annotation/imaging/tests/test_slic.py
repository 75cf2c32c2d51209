import numpy as np
import pytest
from skimage.segmentation import slic as reference

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels.kernels.regions import join_small
from annotation.imaging.superpixels.quality import agreement, explained_variation
from annotation.imaging.superpixels.slic import ALGORITHM, slic


@pytest.fixture(scope="module")
def tissue():
    return tissue_phantom(512, 512, seed=1)[0]


@pytest.mark.parametrize("asked", [10, 50, 200, 1000, 3000])
def test_as_many_segments_come_as_were_asked_for(tissue, asked):
    for image in (tissue, tissue[:, :300], np.full_like(tissue, 250)):
        assert 0.98 <= (slic(image, asked).max() + 1) / asked <= 1


@pytest.mark.parametrize("size", [16, 40.5])
def test_a_size_gives_about_as_many_segments_as_squares_of_it_fit(tissue, size):
    assert slic(tissue, size=size).max() + 1 == pytest.approx(tissue[..., 0].size / size**2, rel=0.15)


@pytest.mark.parametrize("size", [16, 24, 18.5])
def test_overlapping_windows_agree_when_they_begin_on_one_grid(tissue, size):
    values = ALGORITHM.clean({"size": size})
    halo, shift = ALGORITHM.halo(values), 2 * int(ALGORITHM.period(values))
    one, other = slic(tissue[:, : 320 + halo], size=size), slic(tissue[:, shift:], size=size)
    common = one[:, shift + halo : 320], other[:, halo : 320 - shift]
    assert agreement(*common) >= 0.97
    assert agreement(*common[::-1]) >= 0.97


@pytest.mark.parametrize("space", ["lab", "stains"])
def test_colour_space_and_smoothing_change_the_map(tissue, space):
    sharp, soft = (slic(tissue, 300, space=space, sigma=sigma) for sigma in (0, 2))
    assert explained_variation(sharp, tissue) > explained_variation(soft, tissue) > 0.3


@pytest.mark.parametrize("asked", [250, 800])
def test_segments_follow_the_tissue_better_than_those_of_scikit_image(tissue, asked):
    ours = slic(tissue, asked)
    theirs = reference(tissue, asked * 1.3, start_label=0)
    assert theirs.max() + 1 >= 0.95 * (ours.max() + 1), "theirs may have more segments, not fewer"
    assert explained_variation(ours, tissue) >= explained_variation(theirs, tissue)


def test_two_halves_are_never_in_one_segment():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 30:] = 200, 40, 60
    labels = slic(image, 16)
    assert not set(np.unique(labels[:, :30])) & set(np.unique(labels[:, 30:]))


def test_compactness_straightens_the_borders(tissue):
    def length(labels):
        return (np.diff(labels, axis=0) != 0).sum() + (np.diff(labels, axis=1) != 0).sum()

    assert length(slic(tissue, 300, compactness=100)) < 0.8 * length(slic(tissue, 300, compactness=5))


def test_a_fragment_joins_the_neighbour_of_its_colour():
    labels = np.array([[0, 0, 0, 0, 1, 2, 2, 2, 2]] * 3, np.int32)
    brightness = np.array([[10, 10, 10, 10, 80, 90, 90, 90, 90]] * 3, np.float32)
    joined = join_small(labels, brightness[None], min_size=4, count=9)
    assert joined.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1, 1]] * 3


def test_pieces_of_one_label_are_segments_of_their_own():
    labels = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.int32)
    assert join_small(labels, np.zeros((1, 3, 3), np.float32), min_size=1, count=9).ravel().tolist() == list(range(9))


def test_the_smallest_join_until_the_count_is_right():
    labels = np.array([[0, 1, 1, 2, 2, 2, 3, 3, 3, 3]], np.int32)
    planes = np.array([[[0, 10, 10, 30, 30, 30, 70, 70, 70, 70]]], np.float32)
    assert join_small(labels, planes, min_size=1, count=2).tolist() == [[0, 0, 0, 0, 0, 0, 1, 1, 1, 1]]
