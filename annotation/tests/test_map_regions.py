"""Which maps are asked for: the same by the editor (static/js/core/region.js and sizing.js) as by the server."""

import json
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from annotation.imaging.superpixels import ALGORITHMS
from annotation.imaging.superpixels.maps import Region
from annotation.map_regions import regions_of, values_for, values_for_part
from labeler.bootstrap import node_and_npm

MODULES = Path(settings.BASE_DIR) / "static" / "js" / "core"
SIZES = [(1, 1), (2048, 2048), (2049, 1), (1, 6000), (3000, 2500), (8192, 8192), (2049, 1025)]
EDITOR = """
import { regionsInView } from "./region.js";
import { askedFor } from "./sizing.js";
const { sizes, algorithms, chosen } = JSON.parse(process.argv[1]);
const answers = sizes.map(([width, height]) => ({
  regions: regionsInView(width, height, { x0: 0, y0: 0, x1: width, y1: height }),
  asked: chosen.map(([name, values]) => {
    const algorithm = algorithms.find((each) => each.name === name);
    return askedFor(algorithm, values, values.size ? "px" : "count", { width, height });
  }),
}));
console.log(JSON.stringify(answers));
"""


def test_an_image_up_to_2048_px_a_side_is_one_region():
    assert regions_of(2048, 100) == [Region(0, 0, 2048, 100)]


def test_a_larger_one_is_covered_once_by_a_grid():
    regions = regions_of(2049, 1025)
    assert regions == [
        Region(0, 0, 1024, 1024),
        Region(1024, 0, 1024, 1024),
        Region(2048, 0, 1, 1024),
        Region(0, 1024, 1024, 1),
        Region(1024, 1024, 1024, 1),
        Region(2048, 1024, 1, 1),
    ]


@pytest.mark.parametrize(
    ("size", "chosen", "asked"),
    [
        ((2000, 2000), {"n_segments": 500}, {"n_segments": 500, "size": 0}),
        ((2000, 2000), {"n_segments": 500, "size": 20}, {"n_segments": 1000, "size": 20}),
        ((4000, 3000), {"n_segments": 3000}, {"n_segments": 1000, "size": 64}),
        ((4000, 3000), {"size": 20}, {"n_segments": 1000, "size": 20}),
        ((4000, 3000), {"size": 62.7}, {"n_segments": 1000, "size": 64}),
        ((2049, 2), {"n_segments": 20_000}, {"n_segments": 1000, "size": 4}),
        ((9000, 9000), {"n_segments": 10}, {"n_segments": 1000, "size": 512}),
    ],
)
def test_a_number_means_the_whole_image_and_becomes_a_size_in_a_grid(size, chosen, asked):
    algorithm = ALGORITHMS["slic"]
    values = values_for(algorithm, algorithm.clean(chosen), *size)
    assert {name: values[name] for name in asked} == asked
    assert algorithm.clean(values) == values


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [({"n_segments": 800}, 50), ({"n_segments": 100}, 10), ({"n_segments": 800, "size": 20}, 800)],
)
def test_a_part_has_its_share_of_the_segments(chosen, asked):
    algorithm = ALGORITHMS["slic"]
    values = values_for_part(algorithm, algorithm.clean(chosen), Region(100, 100, 500, 500), 2000, 2000)
    assert values["n_segments"] == asked
    assert algorithm.clean(values) == values


def test_other_algorithms_are_asked_as_chosen():
    algorithm = ALGORITHMS["quickshift"]
    assert values_for(algorithm, algorithm.clean({"max_dist": 9}), 9000, 9000) == algorithm.clean({"max_dist": 9})


@pytest.mark.skipif(node_and_npm() is None, reason="Node.js is not installed")
def test_the_editor_asks_for_the_maps_that_the_server_makes_beforehand():
    chosen = [
        (name, algorithm.clean(values))
        for name, algorithm in ALGORITHMS.items()
        for values in ([{}, {algorithm.count: 300}, {"size": 17.3}] if algorithm.count else [{}])
    ]
    question = {
        "sizes": SIZES,
        "algorithms": [algorithm.as_json() for algorithm in ALGORITHMS.values()],
        "chosen": chosen,
    }
    command = [node_and_npm()[0], "--input-type=module", "--eval", EDITOR, json.dumps(question)]
    told = subprocess.run(command, cwd=MODULES, check=True, capture_output=True, text=True, timeout=60)
    for (width, height), answer in zip(SIZES, json.loads(told.stdout), strict=True):
        regions = {Region(**region) for region in answer["regions"]}
        assert regions == set(regions_of(width, height))
        for (name, values), asked in zip(chosen, answer["asked"], strict=True):
            assert asked == values_for(ALGORITHMS[name], values, width, height), (name, width, height)
