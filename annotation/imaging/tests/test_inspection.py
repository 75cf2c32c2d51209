"""Regions as flooding and SciPy find them, what stands in the way, and the twin in JavaScript."""

import json
import subprocess

import numpy as np
import pytest
from scipy import ndimage

from annotation.imaging.inspection import Left, Rules, find_regions, inspect, left_over
from annotation.imaging.png import encode_label_tile
from annotation.imaging.tiles import split
from labeler.bootstrap import ROOT, node_and_npm

TOUCHING = np.ones((3, 3), bool)
TWIN = """
import { signOf, survey } from "./static/js/core/inspect.js";
import { LabelMap } from "./static/js/core/tiles.js";
let text = "";
for await (const part of process.stdin) text += part;
const answers = JSON.parse(text).map((rows) => {
  const map = new LabelMap(rows[0].length, rows.length);
  map.beginStroke();
  rows.forEach((row, y) => row.forEach((value, x) => map.span(y, x, x + 1, value, 1)));
  map.endStroke();
  const all = survey(map.tiles, map.width, map.height);
  return Array.from(all.first, (_, region) => [...signOf(all, region), all.around[region]]);
});
console.log(JSON.stringify(answers));
"""
DRAWING = """
1111111000
1011211020
1111111000
3333333000
3311113004
"""


def drawn(text: str) -> np.ndarray:
    return np.array([[int(value) for value in row] for row in text.split()], np.uint8)


def random_masks(count: int) -> list[np.ndarray]:
    """Masks of all sizes up to 60 px whose patches are 1 to 5 px wide."""
    random = np.random.default_rng(3)
    masks = []
    for _ in range(count):
        height, width, patch = *random.integers(1, 60, 2), random.integers(1, 6)
        values = random.choice([0, 1, 2, 255], (height, width)).astype(np.uint8)
        masks.append(np.kron(values, np.ones((patch, patch), np.uint8))[:height, :width])
    return masks


def brute_force(mask: np.ndarray) -> list[list[int]]:
    """Every region by SciPy, one after another, as [value, x, y, pixels, around]."""
    found = []
    for value in np.unique(mask):
        labels, count = ndimage.label(mask == value, TOUCHING)
        for number in range(1, count + 1):
            region = labels == number
            y, x = np.argwhere(region)[0]
            inner = not (region[[0, -1]].any() or region[:, [0, -1]].any())
            beside = np.unique(mask[ndimage.binary_dilation(region, TOUCHING) & ~region])
            around = beside[0] if inner and beside.size == 1 else 0
            found.append([int(part) for part in (value, x, y, region.sum(), around)])
    return sorted(found, key=lambda entry: (entry[2], entry[1]))


def listed(mask: np.ndarray) -> list[list[int]]:
    regions = find_regions(mask)
    parts = (regions.values, regions.x, regions.y, regions.pixels, regions.around)
    return [list(entry) for entry in zip(*(part.tolist() for part in parts), strict=True)]


def test_regions_are_those_that_scipy_finds():
    for mask in random_masks(60):
        assert listed(mask) == brute_force(mask)


def test_javascript_finds_the_same_regions():
    masks = random_masks(40)
    found = node_and_npm()
    command = [found[0] if found else "node", "--input-type=module", "-e", TWIN]
    asked = json.dumps([mask.tolist() for mask in masks])
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    assert json.loads(answer.stdout) == [listed(mask) for mask in masks]


@pytest.mark.parametrize(
    ("rules", "intended", "left"),
    [
        (Rules(False, None), [], Left()),
        (Rules(True, None), [], Left(14, 2, 0, 0)),
        (Rules(False, 5), [], Left(0, 0, 2, 3)),
        (Rules(False, 1), [], Left()),
        (Rules(False, 4.5), [], Left(0, 0, 2, 3)),
        (Rules(True, 5), [], Left(14, 2, 1, 3)),
        (Rules(False, 5), [(0, 1, 1, 1), (2, 8, 1, 1)], Left(0, 0, 1, 2)),
        (Rules(False, 5), [(0, 1, 1, 2), (3, 8, 1, 1), (2, 9, 1, 1)], Left(0, 0, 2, 3)),
        (Rules(True, None), [(0, 1, 1, 1)], Left(14, 2, 0, 0)),
    ],
)
def test_what_stands_in_the_way(rules, intended, left):
    assert left_over(find_regions(drawn(DRAWING)), rules, intended) == left


def test_tiles_are_put_together_and_missing_ones_are_unlabelled():
    mask = np.zeros((600, 1100), np.uint8)
    mask[500:520, 500:530] = 7
    mask[511:513, 511:513] = 0
    tiles = {place: encode_label_tile(tile) for place, tile in split(mask).items() if tile.any()}
    assert inspect(1100, 600, tiles, Rules(True, 10), []) == Left(1100 * 600 - 596, 2, 0, 0)
    assert inspect(1100, 600, tiles, Rules(False, 10), []) == Left(0, 0, 1, 0)
    assert inspect(1100, 600, {}, Rules(True, 10), []) == Left(1100 * 600, 1, 0, 0)
