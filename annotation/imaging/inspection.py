"""Gaps, holes and specks: the regions of a label mask, and how many of them stand in the way of a ground truth.

A region is what hangs together of one value, 0 among them, over edges and corners (8 neighbours), so that a thin
slanting line is one region. It is *enclosed* by a category if it does not reach the border of the mask and everything
that touches it, be it by a corner, is of that category. `static/js/core/inspect.js` is the twin that shows people what
is meant here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from annotation.imaging.png import decode_label_tile
from annotation.imaging.tiles import bands

Sign = tuple[int, int, int, int]  # value, x, y of the first pixel row by row, pixels: by which a region is known again
ALL_VALUES = frozenset(range(256))


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a mask, one entry each, in the order of their first pixels row by row.

    `values` uint8; `x`, `y` of the first pixel and `pixels` int64; `around` uint8, the enclosing category or 0.
    """

    values: np.ndarray
    x: np.ndarray
    y: np.ndarray
    pixels: np.ndarray
    around: np.ndarray


@dataclass(frozen=True, slots=True)
class Rules:
    """What must be clean: every pixel labelled or not; holes and specks of fewer pixels than `below`, unless None."""

    labelled: bool
    below: float | None


@dataclass(frozen=True, slots=True)
class Left:
    """What stands in the way: unlabelled pixels and the regions that they form, holes and specks."""

    pixels: int = 0
    unlabelled: int = 0
    holes: int = 0
    specks: int = 0


def find_regions(mask: np.ndarray) -> Regions:
    """Divide a (height, width) uint8 mask into regions.

    It is cut into runs, maximal pieces of one value in a row, whose contacts form a graph.
    """
    height, width = mask.shape
    flat = np.ascontiguousarray(mask).reshape(-1)
    begins = np.ones(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=begins[1:])
    begins[::width] = True
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], flat.size)
    values = flat[starts]
    rows = starts // width
    above, below = contacts(starts, ends, width)
    same = values[above] == values[below]
    graph = coo_array((np.ones(same.sum(), bool), (above[same], below[same])), (starts.size, starts.size))
    _, named = connected_components(graph, directed=False)
    _, first, region_of = np.unique(named, return_index=True, return_inverse=True)
    order = np.argsort(first)
    region_of = np.argsort(order)[region_of]
    first = first[order]
    pixels = np.bincount(region_of, ends - starts).astype(np.int64)
    at_edge = (starts % width == 0) | (ends % width == 0) | (rows == 0) | (rows == height - 1)
    within = np.bincount(region_of, at_edge) == 0
    left = np.flatnonzero(starts[1:] % width)  # the runs that have another on their right
    one = np.concatenate([above[~same], left])
    other = np.concatenate([below[~same], left + 1])
    low, high = np.full(first.size, 255, np.uint8), np.zeros(first.size, np.uint8)
    for run, neighbour in ((one, other), (other, one)):
        np.minimum.at(low, region_of[run], values[neighbour])
        np.maximum.at(high, region_of[run], values[neighbour])
    around = np.where(within & (low == high), low, np.uint8(0))
    return Regions(values[first], starts[first] % width, rows[first], pixels, around)


def contacts(starts: np.ndarray, ends: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each two runs of neighbouring rows that touch, be it by a corner, as (upper runs, lower runs)."""
    lower = np.searchsorted(starts, width) + np.arange(starts.size - np.searchsorted(starts, width))
    row = starts[lower] // width * width
    leftmost = np.maximum(starts[lower] - 1, row) - width
    rightmost = np.minimum(ends[lower], row + width - 1) - width
    first = np.searchsorted(starts, leftmost, "right") - 1
    count = np.searchsorted(starts, rightmost, "right") - first
    offsets = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first, count) + offsets, np.repeat(lower, count)


def left_over(regions: Regions, rules: Rules, intended: Iterable[Sign] = ()) -> Left:
    """Count what the rules want mended; a hole or a speck that is intended may stay.

    A hole is an enclosed region of fewer than `rules.below` pixels, a speck any other so small region of a category.
    Where every pixel is to be labelled, a hole without label counts as unlabelled only, and intending it is no excuse.
    """
    empty = regions.values == 0
    wanted = empty & rules.labelled
    small = ~wanted & (regions.pixels < (rules.below or 0))
    holes = small & (regions.around > 0)
    specks = small & ~holes & ~empty
    excused = frozenset(map(tuple, intended))

    def count(which: np.ndarray) -> int:
        parts = (regions.values, regions.x, regions.y, regions.pixels)
        return sum(sign not in excused for sign in zip(*(part[which].tolist() for part in parts), strict=True))

    return Left(int(regions.pixels[wanted].sum()), int(wanted.sum()), count(holes), count(specks))


def inspect(
    width: int, height: int, tiles: Mapping[tuple[int, int], bytes], rules: Rules, intended: Iterable[Sign]
) -> Left:
    """Decode the label tiles of a grid, {(column, row): PNG}, and count what stands in the way."""
    places = bands(width, height, tiles, lambda *place: decode_label_tile(tiles[place], ALL_VALUES))
    return left_over(find_regions(np.concatenate(list(places))), rules, intended)
