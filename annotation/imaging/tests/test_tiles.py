"""The label grid's arithmetic, against whole arrays."""

import numpy as np
import pytest

from annotation.imaging.tiles import bands, grid_shape, inside, is_empty_outside, split

SIZES = [(1, 1), (511, 512), (512, 513), (257, 129), (1025, 1300)]


@pytest.mark.parametrize(
    ("width", "height", "shape"), [(1, 1, (1, 1)), (512, 512, (1, 1)), (513, 512, (2, 1)), (5, 1025, (1, 3))]
)
def test_grid_has_as_many_tiles_as_cover_it(width, height, shape):
    assert grid_shape(width, height) == shape


def test_edge_tiles_lie_partly_inside():
    assert inside(0, 0, 700, 600) == (512, 512)
    assert inside(1, 1, 700, 600) == (188, 88)


@pytest.mark.parametrize(("place", "empty"), [((87, 187), True), ((88, 0), False), ((0, 188), False)])
def test_a_pixel_outside_the_grid_is_found(place, empty):
    tile = np.zeros((512, 512), np.uint8)
    tile[place] = 1
    assert is_empty_outside(tile, 1, 1, 700, 600) is empty


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_plane_cut_and_put_together_is_the_same(width, height):
    plane = np.random.default_rng(width).integers(0, 256, (height, width), np.uint8)
    tiles = split(plane)
    together = list(bands(width, height, tiles, lambda column, row: tiles[column, row]))
    assert np.array_equal(np.vstack(together), plane)
    assert max(len(band) for band in together) <= 512
    assert all(is_empty_outside(tile, *place, width, height) for place, tile in tiles.items())


def test_where_no_tile_exists_the_plane_is_unlabelled_and_nothing_is_read():
    tile = np.full((512, 512), 3, np.uint8)
    read = []
    plane = np.vstack(list(bands(1100, 600, [(1, 0)], lambda *place: read.append(place) or tile)))
    assert read == [(1, 0)]
    assert (plane[:512, 512:1024] == 3).all()
    assert plane.sum() == 3 * 512 * 512
