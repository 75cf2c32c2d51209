"""DeepZoom pyramids: which tiles there are, and that they hold the picture."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from annotation.imaging.pyramid import PIXELS, TILE, TILES, level_tiles, max_level, tiles, write_tiles


def gradient(rows, cols):
    y, x = np.mgrid[0:rows, 0:cols]
    return np.dstack([x * 255 // max(1, cols - 1), y * 255 // max(1, rows - 1), np.full_like(x, 90)]).astype(np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (512, 512), (513, 512), (1300, 700), (1, 6000), (8192, 8192)])
def test_levels_are_those_of_deepzoom(size):
    top = max_level(*size)
    assert top == math.ceil(math.log2(max(size)))
    for level in range(top + 1):
        sides = [math.ceil(side / 2 ** (top - level)) for side in size]
        assert level_tiles(*size, level) == tuple(math.ceil(side / TILE) for side in sides)
    assert level_tiles(*size, top + 1) == level_tiles(*size, -1) == (0, 0)


@pytest.mark.parametrize(("rows", "cols"), [(700, 1300), (1, 1), (40, 1030)])
def test_tiles_cover_each_level_and_hold_the_picture(rows, cols):
    picture = gradient(rows, cols)
    made = {(level, column, row): jpeg for level, column, row, jpeg in tiles(Image.fromarray(picture))}
    top = max_level(cols, rows)
    for level in range(top + 1):
        step = 2 ** (top - level)
        columns, count = level_tiles(cols, rows, level)
        bands = [
            np.hstack([np.asarray(Image.open(io.BytesIO(made.pop((level, c, r))))) for c in range(columns)])
            for r in range(count)
        ]
        whole = np.vstack(bands)
        assert whole.shape == (math.ceil(rows / step), math.ceil(cols / step), 3)
        if step <= min(rows, cols):
            mean = picture[:step, :step].reshape(-1, 3).mean(axis=0)
            assert np.abs(whole[0, 0] - mean).max() <= 6
        if step == 1:
            assert np.abs(whole.astype(int) - picture).max() <= 8
    assert not made


def test_written_tiles_lie_where_the_viewer_asks_for_them(tmp_path):
    Image.fromarray(gradient(600, 900)).save(tmp_path / "image.png")
    expected = sum(math.prod(level_tiles(900, 600, level)) for level in range(max_level(900, 600) + 1))
    assert write_tiles(str(tmp_path / "image.png"), str(tmp_path), (TILES,)) == expected
    assert len(list(tmp_path.glob("tiles/*/*.jpg"))) == expected
    with Image.open(tmp_path / "tiles" / "10" / "1_1.jpg") as tile:
        assert tile.size == (900 - 512, 600 - 512)
        assert tile.layer == [(1, 1, 1, 0), (2, 1, 1, 1), (3, 1, 1, 1)]  # 4:4:4
    assert not (tmp_path / "pixels").exists()


def test_written_pixels_are_those_of_the_image(tmp_path):
    picture = np.random.default_rng(3).integers(0, 256, (600, 1100, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "image.png")
    assert (
        write_tiles(str(tmp_path / "image.png"), str(tmp_path), (PIXELS,)) == 6 == len(list(tmp_path.rglob("*.*"))) - 1
    )
    for row in range(2):
        for column in range(3):
            with Image.open(tmp_path / "pixels" / f"{column}_{row}.png") as tile:
                part = picture[row * TILE :, column * TILE :][:TILE, :TILE]
                assert (np.asarray(tile) == part).all()


def test_a_copy_that_cannot_be_decoded_is_an_error_of_reading(tmp_path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(OSError, match="cannot be decoded"):
        write_tiles(str(tmp_path / "image.png"), str(tmp_path), (TILES, PIXELS))
