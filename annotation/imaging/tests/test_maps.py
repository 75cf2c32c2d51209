import io

import numpy as np
import pytest
from PIL import Image

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import ParameterError, segment
from annotation.imaging.superpixels.maps import DamagedMap, Region, count_segments, encode_map, superpixel_png, warm

TISSUE = tissue_phantom(150, 200, seed=1)[0]


def stored(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def read(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


@pytest.mark.parametrize(("count", "dtype"), [(1, np.uint8), (256, np.uint8), (257, np.uint16), (65_535, np.uint16)])
def test_a_map_takes_as_many_bits_as_it_needs_and_says_its_count(count, dtype):
    labels = (np.arange(300 * 300, dtype=np.int32) % count).reshape(300, 300)
    data = encode_map(labels)
    pixels = read(data)
    assert pixels.dtype == dtype
    assert np.array_equal(pixels, labels)
    assert count_segments(data, 300, 300) == count


def test_the_map_of_a_region_is_that_of_the_part_cut_out():
    region = Region(x=30, y=10, width=90, height=70)
    data = superpixel_png(stored(TISSUE), region, "slic", {"n_segments": 40})
    assert np.array_equal(read(data), segment("slic", TISSUE[10:80, 30:120], n_segments=40))
    assert count_segments(data, 90, 70) == 40


def test_too_many_segments_are_refused_with_what_helps():
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    parameters = {"scale": 1, "sigma": 0, "min_size": 1}
    with pytest.raises(ParameterError, match=r"at most 65,535 are possible.*minimum size of 2 px always works"):
        superpixel_png(stored(noise), Region(0, 0, 300, 300), "felzenszwalb", parameters)
    assert superpixel_png(stored(noise), Region(0, 0, 300, 300), "felzenszwalb", parameters | {"min_size": 2})


@pytest.mark.parametrize("data", [b"", b"no image", stored(TISSUE)[:300], stored(TISSUE)[:-9000]])
def test_what_is_no_image_is_an_oserror(data):
    with pytest.raises(OSError, match="cannot be decoded"):
        superpixel_png(data, Region(0, 0, 1, 1), "slic", {})


def test_warming_up_needs_nothing():
    warm()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\0",
        lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
        lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
        lambda data: encode_map(np.zeros((20, 31), np.int32)),
        lambda data: b"\0" * len(data),
        lambda data: stored(np.zeros((20, 30, 3), np.uint8)),
    ],
)
def test_damage_is_noticed(damage):
    data = encode_map(np.arange(600, dtype=np.int32).reshape(20, 30))
    with pytest.raises(DamagedMap):
        count_segments(damage(data), 30, 20)
