"""Counts that are matched before quality is compared, and counts that are delivered."""

import math
from dataclasses import replace

import numpy as np
import pytest

from annotation.benchmarks.parts import counts, quality
from annotation.benchmarks.parts.counts import Delivery, delivered_over_asked, deliveries
from annotation.benchmarks.parts.pictures import Picture, phantom
from annotation.benchmarks.parts.quality import (
    KNOBS,
    Comparison,
    Knob,
    compare,
    in_one_piece,
    match,
    near,
    quality_rows,
    theirs,
)

RISING = Knob("count", 1000, 1, 20_000, rising=True, whole=True)
FALLING = Knob("scale", 100, 1, 2_000, rising=False)


def segments(count: float) -> np.ndarray:
    """A map of so many segments."""
    return np.arange(max(1, round(count)))[None]


@pytest.mark.parametrize("start", [1, 300, 20_000])
def test_a_knob_that_delivers_a_share_of_what_is_asked_is_turned_up(start):
    found = match(lambda value: segments(0.4 * value), 1000, RISING, start)
    assert near(found.count, 1000)
    assert found.value == round(found.value)


@pytest.mark.parametrize("power", [0.4, 1, 2])
@pytest.mark.parametrize("start", [1, 90, 2_000])
def test_a_knob_that_makes_segments_fewer_is_found_whatever_its_power(start, power):
    found = match(lambda value: segments(20_000 / value**power), 3000, FALLING, start)
    assert near(found.count, 3000)


def test_a_grid_that_has_no_such_count_gives_the_nearest():
    def squares(value):
        return segments(round(math.sqrt(value)) ** 2)

    assert match(squares, 90, RISING, 90).count in (81, 100)


def test_a_count_out_of_reach_ends_at_the_end_of_the_range():
    assert match(lambda value: segments(value / 100), 1000, RISING, 1000).value == 20_000


def test_few_turns_are_enough():
    values = []
    match(lambda value: values.append(value) or segments(900 * (100 / value) ** 0.6), 3000, FALLING, 40)
    assert len(values) <= 6


@pytest.mark.parametrize("algorithm", KNOBS)
def test_the_other_side_is_numbered_from_0_without_gaps(algorithm):
    labels = theirs(algorithm, phantom(64).image, KNOBS[algorithm].start)
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert labels.shape == (64, 64)


def test_a_small_image_gets_segments_as_large():
    [one] = compare("slic", [1000], phantom(256))
    assert one.matched
    assert one.theirs == pytest.approx(1000 / 16, rel=0.1)
    assert set(one.differences) == set(quality.METRICS)


def comparison(ev: float, ours: int = 100) -> Comparison:
    return Comparison("slic", 1000, "field", ours, 100, *[dict.fromkeys(quality.METRICS, ev)] * 2)


def test_only_matched_counts_go_into_the_mean(monkeypatch):
    found = [comparison(0.1), comparison(0.3, ours=104), comparison(9.0, ours=105)]
    monkeypatch.setattr(quality, "compare_all", lambda *arguments: {("slic", 1000): found})
    name, figure, baseline = next(quality_rows([1000], []))
    assert name == "quality_ev_minus_skimage_slic_1000"
    assert figure == pytest.approx(0.2)
    assert "2 of 3 images" in baseline


def test_segments_in_pieces_are_compared_in_one_piece_and_that_is_said(monkeypatch):
    found = replace(comparison(0.02), to_pieces=dict.fromkeys(quality.METRICS, -0.03))
    monkeypatch.setattr(quality, "compare_all", lambda *arguments: {("slic", 1000): [found]})
    _, figure, baseline = next(quality_rows([1000], []))
    assert figure == pytest.approx(0.02)
    assert baseline.endswith("against them in pieces -0.030")


def test_the_smaller_pieces_of_a_segment_join_a_neighbour():
    labels = np.array([[0, 0, 1, 0], [0, 0, 1, 1]])
    joined = in_one_piece(labels, np.zeros((2, 4, 3), np.uint8))
    assert joined.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1]]


def test_without_a_match_there_is_no_figure(monkeypatch):
    monkeypatch.setattr(quality, "compare_all", lambda *arguments: {("slic", 1000): [comparison(0.1, ours=200)]})
    assert math.isnan(next(quality_rows([1000], []))[1])


def test_too_few_is_as_far_off_as_too_many(monkeypatch):
    delivered = [Delivery("a", 100, 80), Delivery("b", 100, 124)]
    monkeypatch.setattr(counts, "deliveries", lambda pictures, counts: iter(delivered))
    mean, worst = delivered_over_asked([], [100])
    assert mean[:2] == ("segments_delivered_over_asked_mean", pytest.approx(1.02))
    assert worst[:2] == ("segments_delivered_over_asked_worst", pytest.approx(0.8))
    assert "80 of 100 on a" in worst[2]


def test_nobody_asks_a_small_image_for_segments_of_a_few_pixels():
    picture = Picture("small", phantom(64).image)
    assert [delivery.asked for delivery in deliveries([picture], [100, 256, 257])] == [100, 256]
