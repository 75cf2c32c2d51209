import gzip
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import segment
from annotation.imaging.superpixels.kernels import colour, regions
from annotation.imaging.superpixels.kernels.tree import merge_all, number_in_order, restrict
from annotation.imaging.superpixels.quality import achievable_accuracy
from annotation.imaging.superpixels.tree import (
    ALARM,
    DamagedMap,
    check_tree,
    encode_tree,
    increasing,
    merge_tree,
)

TISSUE, TRUTH = tissue_phantom(512, 512, seed=3)


@st.composite
def maps(draw):
    """An image of few colours and a map of connected segments, of any size and shape."""
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    image = draw(arrays(np.uint8, (*shape, 3), elements=st.sampled_from([0, 90, 120, 255])))
    labels = regions.join_small(
        draw(arrays(np.int32, shape, elements=st.integers(0, 3))), colour.lab_planes(image), min_size=1, count=150
    )
    return image, labels


def levels(tree, labels):
    """The map after each merge, by the rule of the file: the roots that hold the two segments become one."""
    root = np.arange(tree.segments)
    yield root[labels]
    for a, b in tree.merges.astype(int):
        assert root[a] != root[b], "two present roots"
        root[root == root[a]] = root[b]
        yield root[labels]


def decode(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Read a tree file as its description says."""
    body = gzip.decompress(data)
    (length,) = struct.unpack_from("<I", body)
    assert length % 4 == 0
    header = json.loads(body[4 : 4 + length])
    arrays, at = {}, 4 + length
    for name, kind, count in (("heights", "<f4", header["merges"]), ("merges", "<u2", 2 * header["merges"])):
        arrays[name] = np.frombuffer(body, kind, count, at)
        at += arrays[name].nbytes
    arrays["rest"] = np.frombuffer(body, np.uint8, offset=at)
    return header, arrays


@settings(deadline=None, max_examples=60)
@given(maps())
def test_a_tree_has_one_root_and_every_level_is_a_connected_coarsening(drawn):
    image, labels = drawn
    tree = merge_tree(image, labels)
    assert len(tree.merges) == tree.segments - 1 == labels.max()
    assert (np.diff(tree.heights) > 0).all()
    *_, last = coarser = list(levels(tree, labels))
    assert np.ptp(last) == 0
    for i, level in enumerate(coarser):
        assert len(np.unique(level)) == tree.segments - i
        for part in np.unique(level):
            assert ndimage.label(level == part)[1] == 1, "every node is connected"


@settings(deadline=None, max_examples=60)
@given(maps(), st.data())
def test_the_tree_of_a_part_is_the_whole_one_seen_through_a_window(drawn, data):
    image, labels = drawn
    top, left = (data.draw(st.integers(0, size - 1)) for size in labels.shape)
    bottom, right = (data.draw(st.integers(at + 1, size)) for at, size in zip((top, left), labels.shape, strict=True))
    part = labels[top:bottom, left:right]
    number, count = number_in_order(part, int(labels.max()) + 1)
    assert np.array_equal(number[part], renumbered(part))
    whole, cut = merge_tree(image, labels), merge_tree(image, labels, number)
    assert cut.segments == count
    assert len(cut.merges) == count - 1
    assert np.array_equal(cut.straddle[:count], whole.straddle[: whole.segments][np.argsort(number)][-count:])
    seen = [renumbered(level[top:bottom, left:right]) for level in levels(whole, labels)]
    for height, level in zip([0, *cut.heights], levels(cut, number[part]), strict=True):
        merged = int((whole.heights <= height).sum())
        assert np.array_equal(renumbered(level), seen[merged]), "the same height is the same level"


def renumbered(labels):
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].reshape(labels.shape)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 14), st.integers(0, 10_000))
def test_merging_is_greedy(count, seed):
    """Against the plainest way to do it: look at every pair of neighbours before each merge."""
    rng = np.random.default_rng(seed)
    size, mean = rng.integers(1, 100, count).astype(float), rng.normal(0, 20, (count, 3))
    pairs = rng.integers(0, count, (2, 3 * count)).astype(np.int32)
    pairs = pairs[:, pairs[0] != pairs[1]]
    children, cost, _ = merge_all(size, mean, np.zeros(count), pairs)
    groups, edges = {i: {i} for i in range(count)}, {frozenset(pair) for pair in pairs.T.tolist()}

    def ward(a, b):
        (u, x), (v, y) = (
            (size[list(groups[k])].sum(), np.average(mean[list(groups[k])], 0, size[list(groups[k])])) for k in (a, b)
        )
        return u * v / (u + v) * ((x - y) ** 2).sum()

    for i, (a, b) in enumerate(children):
        least = min(edges, key=lambda edge: ward(*edge))
        assert {a, b} == least
        assert cost[i] == pytest.approx(ward(a, b))
        groups[count + i] = groups.pop(a) | groups.pop(b)
        edges = {frozenset(count + i if k in (a, b) else k for k in edge) for edge in edges} - {frozenset([count + i])}
    assert not edges, "everything that touches has merged"


def test_equal_costs_are_merged_in_a_fixed_order():
    labels = np.arange(64, dtype=np.int32).reshape(8, 8)
    image = np.full((8, 8, 3), 200, np.uint8)
    tree = merge_tree(image, labels)
    assert tree.merges[0].tolist() == [0, 1]
    assert np.array_equal(merge_tree(image, labels).merges, tree.merges)


def test_heights_increase_by_the_smallest_step_where_costs_do_not():
    one = np.float32(1)
    tiny = np.nextafter(np.float32(0), one)
    above = np.nextafter(one, np.float32(2))
    cost = np.array([0, 0, 1, 0.5, 1, 7])
    assert increasing(cost).tolist() == [tiny, 2 * tiny, one, above, np.nextafter(above, np.float32(2)), 7]


def test_a_merge_keeps_the_smallest_segment_of_either_side_inside():
    children = np.array([[0, 1], [2, 3], [4, 5]], np.int32)
    kept, merges = restrict(children, np.array([-1, 1, 2, 0], np.int32))
    assert kept.tolist() == [1, 2]
    assert merges.tolist() == [[0, 2], [0, 1]]


def test_merging_loses_little_against_segmenting_anew():
    fine = segment("slic", TISSUE, n_segments=1500)
    *_, coarse = (level for i, level in enumerate(levels(merge_tree(TISSUE, fine), fine)) if i <= 1300)
    anew = segment("slic", TISSUE, n_segments=200)
    assert achievable_accuracy(coarse, TRUTH) > achievable_accuracy(anew, TRUTH)


# The straddle alarm


def alarm_of(image) -> int:
    return int(merge_tree(image, np.zeros(image.shape[:2], np.int32)).straddle[0])


def noisy(image, sigma):
    noise = np.random.default_rng(0).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


PINK, PURPLE = (225, 180, 205), (150, 110, 170)


def test_one_colour_is_no_alarm():
    assert alarm_of(np.full((40, 40, 3), PINK, np.uint8)) == 0
    assert alarm_of(np.full((1, 1, 3), PINK, np.uint8)) == 0


@pytest.mark.parametrize("sigma", [2, 6])
def test_noise_is_no_alarm(sigma):
    assert alarm_of(noisy(np.full((40, 40, 3), PINK), sigma)) < ALARM / 6


@pytest.mark.parametrize("sigma", [0, 6])
def test_two_halves_are_an_alarm_and_a_speck_is_none(sigma):
    image = np.full((40, 40, 3), PINK)
    image[:, :20] = PURPLE
    assert alarm_of(noisy(image, sigma)) > 1.5 * ALARM
    image[:, 1:20] = PINK
    assert alarm_of(noisy(image, sigma)) < ALARM


def test_a_chequered_segment_is_one_texture():
    image = np.where(np.indices((40, 40)).sum(0)[..., None] % 2, PINK, PURPLE).astype(np.uint8)
    assert alarm_of(image) < ALARM / 6


def test_a_node_of_two_colours_alarms_and_so_does_one_with_a_bad_child():
    image = np.full((40, 60, 3), PINK, np.uint8)
    image[:, 40:] = PURPLE
    labels = np.zeros((40, 60), np.int32)
    labels[:, 40:] = 1
    straddle = merge_tree(image, labels).straddle
    assert straddle[:2].tolist() == [0, 0]
    assert straddle[2] > ALARM
    bad = np.zeros((40, 60), np.int32)
    bad[:, :20] = 1  # one colour; the other segment has both halves
    straddle = merge_tree(image, bad).straddle
    assert straddle[1] == 0
    assert straddle[0] > straddle[2] > ALARM


@pytest.mark.parametrize("count", [75, 250])
def test_the_alarm_finds_segments_with_a_second_tissue(count):
    labels = segment("slic", TISSUE, n_segments=count)
    straddle = merge_tree(TISSUE, labels).straddle[: labels.max() + 1]
    shares = np.zeros((len(straddle), 6))
    np.add.at(shares, (labels, TRUTH), 1)
    mixed = 1 - shares.max(1) / shares.sum(1) >= 0.2
    assert area_under_curve(straddle, mixed) > 0.88
    assert mixed[straddle >= ALARM].mean() > 0.7, "most alarms are right"
    assert (straddle >= ALARM)[mixed].mean() > 0.6, "most mixed segments are found"


def area_under_curve(score, positive) -> float:
    """How likely a random positive has a higher score than a random negative."""
    difference = score[positive][:, None].astype(int) - score[~positive]
    return float((np.sign(difference).mean() + 1) / 2)


# The file


@settings(deadline=None, max_examples=30)
@given(maps(), st.lists(st.sampled_from(["left", "right", "top", "bottom"]), unique=True))
def test_a_file_holds_the_whole_tree_and_is_the_same_every_time(drawn, sides):
    image, labels = drawn
    tree = merge_tree(image, labels)
    beyond = {side: np.arange(65_535 - k, 65_536) for k, side in enumerate(sides)}
    data = encode_tree(tree, beyond)
    assert encode_tree(tree, beyond) == data
    check_tree(data, tree.segments)
    header, arrays = decode(data)
    assert header == {"segments": tree.segments, "merges": len(tree.merges), "beyond": sides, "alarm": ALARM}
    assert np.array_equal(arrays["heights"], tree.heights)
    assert np.array_equal(arrays["merges"], tree.merges.ravel())
    along = b"".join(beyond[side].astype("<u2").tobytes() for side in sides)
    assert arrays["rest"].tobytes() == along + tree.straddle.tobytes()


LABELS = np.arange(12, dtype=np.int32).reshape(3, 4)
TREE = encode_tree(merge_tree(TISSUE[:3, :4], LABELS), {"left": np.zeros(3, int)})


def repacked(change) -> bytes:
    return gzip.compress(change(gzip.decompress(TREE)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no tree",
        TREE[:-1],
        TREE[: len(TREE) // 2],
        TREE + b"\0",
        TREE[:30] + bytes([TREE[30] ^ 1]) + TREE[31:],
        repacked(lambda body: body[:-1]),
        repacked(lambda body: body[:-40]),
        repacked(lambda body: body + b"\0"),
        repacked(lambda body: body[:3]),
        repacked(lambda body: b"\xff\xff\xff\xff" + body[4:]),
        repacked(lambda body: body.replace(b'"segments":12', b'"segments":13')),
        repacked(lambda body: body.replace(b'"merges":11', b'"merges":12')),
        repacked(lambda body: body.replace(b'"beyond":["left"]', b'"beyond":[]      ')),
        repacked(lambda body: body.replace(b'"alarm"', b'"alarm,')),
        repacked(lambda body: b"\2\0\0\0[]"),
        gzip.compress(b"\0" * 10_000_000),
    ],
)
def test_damage_is_noticed(data):
    check_tree(TREE, 12)
    with pytest.raises(DamagedMap):
        check_tree(data, 12)


def test_the_tree_of_another_map_is_noticed():
    with pytest.raises(DamagedMap, match="another map"):
        check_tree(TREE, 13)
