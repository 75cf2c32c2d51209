"""What a process needed at its peak. No Django here: the process that is measured loads this module."""

from functools import partial

import numpy as np
import pytest

from annotation.benchmarks.parts.memory import can_be_measured, peak_growth_bytes

needs_linux = pytest.mark.skipif(not can_be_measured(), reason="only Linux with glibc tells how much a call needed")


def allocating(megabytes: int):
    """A call that writes to an array, on top of one that is there before."""
    there = np.ones(40 << 20, np.uint8)
    return lambda: np.ones(megabytes << 20, np.uint8).sum() + there[0]


def allocating_again():
    """A call that needs as much as was freed before it."""
    np.ones(100 << 20, np.uint8)
    return lambda: np.ones(100 << 20, np.uint8).sum()


def returning():
    """A call whose peak is over when it returns, and whose result is large."""

    def call():
        np.ones(90 << 20, np.uint8)
        return np.ones(30 << 20, np.uint8)

    return call


@needs_linux
@pytest.mark.parametrize(
    ("prepare", "megabytes"),
    [
        (partial(allocating, 64), 64),
        (partial(allocating, 192), 192),
        (allocating_again, 100),
        (returning, 90),
    ],
)
def test_memory_is_what_a_call_adds_at_its_peak(prepare, megabytes):
    assert peak_growth_bytes(prepare) / 2**20 == pytest.approx(megabytes, abs=6)
