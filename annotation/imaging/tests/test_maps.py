import gzip
import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import ALGORITHMS, ParameterError, get_algorithm, segment
from annotation.imaging.superpixels.maps import (
    DamagedMap,
    Piece,
    Region,
    assemble,
    check_tree,
    count_segments,
    encode_map,
    superpixel_map,
    superpixel_png,
    warm,
    window_for,
)

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


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 200, 256, 257, 1600]), st.randoms())
def test_any_map_comes_back_from_an_independent_decoder(rows, cols, count, random):
    labels = np.array([random.randrange(count) for _ in range(rows * cols)], np.int32).reshape(rows, cols)
    data = encode_map(labels)
    assert np.array_equal(read(data), labels)
    assert count_segments(data, cols, rows) == labels.max() + 1
    at = random.randrange(len(data))
    with pytest.raises(DamagedMap):
        count_segments(data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :], cols, rows)


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


# The window


@settings(deadline=None)
@given(st.data())
def test_a_window_is_the_region_with_its_surroundings_from_a_cell_of_the_grid_on(data):
    width, height = data.draw(st.integers(1, 9000)), data.draw(st.integers(1, 9000))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    region = Region(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    size = data.draw(st.one_of(st.just(0), st.floats(4, 512)))
    algorithm = get_algorithm("slic")
    values = algorithm.clean({"size": size})
    window = window_for(region, width, height, algorithm, values)
    halo, period = algorithm.halo(values), algorithm.period(values)
    for start, length, own_start, own_length, limit in (
        (window.x, window.width, region.x, region.width, width),
        (window.y, window.height, region.y, region.height, height),
    ):
        assert start + length == min(own_start + own_length + halo, limit)
        assert start <= max(own_start - halo, 0)
        assert start > own_start - halo - period - 0.5
        assert abs(start - round(start / period) * period) <= 0.5 + 1e-9
    if not size:
        assert window == region, "a number of segments is that of the region, which is divided on its own"


def tiles(side):
    corners = [(x, y) for y in range(0, 150, side) for x in range(0, 200, side)]
    return [Piece(x, y, stored(TISSUE[y : y + side, x : x + side])) for x, y in corners]


def test_pieces_make_the_window_and_those_outside_are_not_decoded():
    window = Region(30, 10, 90, 85)
    pieces = [
        piece if piece.x < 120 and piece.y < 95 else Piece(piece.x, piece.y, piece.png[:40]) for piece in tiles(32)
    ]
    assert np.array_equal(assemble(pieces, window), TISSUE[10:95, 30:120])
    with pytest.raises(OSError, match="cannot be decoded"):
        assemble(pieces, Region(30, 10, 99, 85))


def test_pieces_that_leave_a_hole_are_refused():
    with pytest.raises(ValueError, match="do not cover"):
        assemble(tiles(64)[1:], Region(0, 0, 200, 150))


# The map with its tree


def decode_tree(data: bytes, along: dict[str, int]) -> tuple[dict, dict[str, np.ndarray], np.ndarray]:
    """Return the header, what is beyond each side, and the alarms of the nodes."""
    body = gzip.decompress(data)
    (length,) = struct.unpack_from("<I", body)
    header, at, beyond = json.loads(body[4 : 4 + length]), 4 + length, {}
    at += 8 * header["merges"]
    for side in header["beyond"]:
        beyond[side] = np.frombuffer(body, "<u2", along[side], at)
        at += 2 * along[side]
    return header, beyond, np.frombuffer(body, np.uint8, offset=at)


def cut_out(region: Region, algorithm: str, values: dict):
    """The map of a region of TISSUE with its tree, and its window with the map of that."""
    values = get_algorithm(algorithm).clean(values)
    window = window_for(region, 200, 150, get_algorithm(algorithm), values)
    made = superpixel_map(tiles(64), window, region, algorithm, "numba", values)
    part = TISSUE[window.y : window.y + window.height, window.x : window.x + window.width]
    return made, window, segment(algorithm, part, **values)


def in_order(labels):
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].reshape(labels.shape)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_map_of_the_whole_image_is_the_algorithms_own(algorithm):
    made, window, labels = cut_out(Region(0, 0, 200, 150), algorithm, {})
    assert window == Region(0, 0, 200, 150)
    assert np.array_equal(read(made.png), in_order(labels))
    assert made.segments == count_segments(made.png, 200, 150) == labels.max() + 1
    check_tree(made.tree, made.segments)
    header, beyond, alarms = decode_tree(made.tree, {})
    assert header["segments"] == made.segments
    assert beyond == {}
    assert len(alarms) == 2 * made.segments - 1


def test_the_map_of_a_region_is_cut_from_its_window_and_knows_what_lies_beyond():
    region = Region(70, 60, 60, 50)
    made, window, labels = cut_out(region, "slic", {"size": 12})
    assert window == Region(12, 12, 166, 138)
    x, y = region.x - window.x, region.y - window.y
    part = labels[y : y + 50, x : x + 60]
    own = read(made.png)
    assert np.array_equal(own, in_order(part))
    assert made.segments == own.max() + 1
    check_tree(made.tree, made.segments)
    header, beyond, alarms = decode_tree(made.tree, {"left": 50, "right": 50, "top": 60, "bottom": 60})
    assert header["beyond"] == ["left", "right", "top", "bottom"]
    assert len(alarms) == 2 * made.segments - 1
    names = {label: own[part == label][0] for label in np.unique(part)}
    outside = {
        "left": labels[y : y + 50, x - 1],
        "right": labels[y : y + 50, x + 60],
        "top": labels[y - 1, x : x + 60],
        "bottom": labels[y + 50, x : x + 60],
    }
    for side, found in beyond.items():
        assert found.tolist() == [names.get(label, 65_535) for label in outside[side]]
        assert len(set(found)) > 2


def test_sides_at_the_edge_of_the_image_have_nothing_beyond():
    made, _, _ = cut_out(Region(0, 60, 120, 90), "slic", {"size": 12})
    assert decode_tree(made.tree, {"right": 90, "top": 120})[0]["beyond"] == ["right", "top"]


@pytest.mark.parametrize("algorithm", ["slic", "watershed"])
def test_segments_of_two_regions_meet_at_the_seam(algorithm):
    values = {"size": 12}
    left, _, _ = cut_out(Region(0, 0, 96, 150), algorithm, values)
    right, _, _ = cut_out(Region(96, 0, 104, 150), algorithm, values)
    crossing = decode_tree(left.tree, {"right": 150})[1]["right"]
    there = read(right.png)[:, 0]
    assert share_of_partners(crossing, there) > 0.9


def share_of_partners(crossing, there) -> float:
    """How much of the seam that segments of one map cross lies where they and those of the other meet each other most.

    Parameters
    ----------
    crossing : (pixels,) ndarray
        Along the seam, what the first map has beyond it.
    there : (pixels,) ndarray
        What the second map has there.
    """
    shared = np.zeros((65_535, int(there.max()) + 1), int)
    crosses = crossing < 65_535
    np.add.at(shared, (crossing[crosses], there[crosses]), 1)
    mutual = (shared[crossing[crosses]].argmax(1) == there[crosses]) & (
        shared[:, there[crosses]].argmax(0) == crossing[crosses]
    )
    return float(mutual.mean())


def test_too_many_segments_of_a_region_are_refused():
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    values = get_algorithm("felzenszwalb").clean({"scale": 1, "sigma": 0, "min_size": 1})
    whole, part = Region(0, 0, 300, 300), Region(0, 0, 200, 200)
    pieces = [Piece(0, 0, stored(noise))]
    with pytest.raises(ParameterError, match="at most 65,535"):
        superpixel_map(pieces, whole, whole, "felzenszwalb", "numba", values)
    made = superpixel_map(pieces, whole, part, "felzenszwalb", "numba", values)
    assert made.segments > 30_000
    check_tree(made.tree, made.segments)


def test_the_reference_makes_maps_with_trees_too():
    whole = Region(0, 0, 200, 150)
    values = get_algorithm("slic").clean({"n_segments": 50})
    made = superpixel_map(tiles(64), whole, whole, "slic", "skimage", values)
    assert np.array_equal(read(made.png), in_order(segment("slic", TISSUE, "skimage", n_segments=50)))
    check_tree(made.tree, made.segments)


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
