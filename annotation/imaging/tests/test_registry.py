import json

import numpy as np
import pytest
from scipy import ndimage

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.superpixels import (
    ALGORITHMS,
    IMPLEMENTATIONS,
    ParameterError,
    as_json,
    get_algorithm,
    segment,
)
from annotation.imaging.superpixels.parameters import MAX_HALO_PX, grid, grid_edges

IMAGES = {
    "one pixel": np.full((1, 1, 3), 7, np.uint8),
    "two pixels": np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8),
    "one colour": np.full((60, 70, 3), 255, np.uint8),
    "a row": np.random.default_rng(0).integers(0, 255, (1, 6000, 3), np.uint8),
    "a column": np.random.default_rng(1).integers(0, 255, (6000, 1, 3), np.uint8),
    "two rows": np.random.default_rng(2).integers(0, 255, (2, 301, 3), np.uint8),
    "noise": np.random.default_rng(3).integers(0, 255, (61, 47, 3), np.uint8),
    "grey": np.repeat(np.random.default_rng(4).integers(0, 255, (64, 64, 1), np.uint8), 3, 2),
    "chequers": np.kron(np.indices((9, 9)).sum(0)[..., None] % 2, np.full((7, 7, 3), 255)).astype(np.uint8),
    "tissue": tissue_phantom(203, 157, seed=4)[0],
}
SPACES = [
    (name, space)
    for name, algorithm in ALGORITHMS.items()
    for parameter in algorithm.parameters
    if parameter.name == "space"
    for space, _ in parameter.choices
]
CORNERS = [
    (name, parameter.name, value)
    for name, algorithm in ALGORITHMS.items()
    for parameter in algorithm.parameters
    if parameter.kind != "choice"
    for value in (parameter.minimum, parameter.off_below, parameter.maximum)
    if value is not None
]


def regions_per_segment(labels: np.ndarray) -> np.ndarray:
    """How many 4-connected regions each segment number has."""
    padded = np.pad(labels, 1, constant_values=-1)
    counts = np.zeros(labels.max() + 1, int)
    for number, where in enumerate(ndimage.find_objects(padded + 1)):
        counts[number] = ndimage.label(padded[where] == number)[1]
    return counts


def assert_is_a_map(labels: np.ndarray, image: np.ndarray):
    assert labels.shape == image.shape[:2]
    assert labels.dtype == np.int32
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1)), "numbers are 0…n−1"
    assert (regions_per_segment(labels) == 1).all(), "every segment is connected"


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES.keys())
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(("name", "space"), SPACES)
def test_any_image_becomes_a_map_of_connected_segments(name, space, implementation, image):
    untouched = image.copy()
    labels = segment(name, image, implementation, space=space)
    assert_is_a_map(labels, image)
    assert np.array_equal(segment(name, image, implementation, space=space), labels), "the same again"
    assert np.array_equal(image, untouched), "the input is not written to"


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(("name", "parameter", "value"), CORNERS)
def test_the_ends_of_every_range_work(name, parameter, value, implementation):
    image = IMAGES["tissue"][:96, :80]
    assert_is_a_map(segment(name, image, implementation, **{parameter: value}), image)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_read_only_and_strided_images_are_taken(name):
    image = IMAGES["tissue"].copy()
    image.flags.writeable = False
    flipped = segment(name, image[::-1, 3:])
    assert np.array_equal(flipped, segment(name, np.ascontiguousarray(image[::-1, 3:])))


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_what_is_no_rgb_image_is_refused(name, shape):
    with pytest.raises(ValueError, match="uint8 array, not"):
        segment(name, np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        segment(name, np.zeros((4, 4, 3)))


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("slic", {"n_segments": 9}, "Number of segments must be a whole number from 10 to 20,000."),
        ("slic", {"n_segments": "20001"}, "Number of segments must be a whole number from 10 to 20,000."),
        ("slic", {"n_segments": "99.5"}, "Number of segments must be a whole number"),
        ("slic", {"compactness": "nan"}, "Compactness must be a number from 1 to 100."),
        ("slic", {"compactness": "inf"}, "Compactness must be a number from 1 to 100."),
        ("slic", {"compactness": "much"}, "Compactness must be a number from 1 to 100."),
        ("slic", {"compactness": None}, "Compactness must be a number from 1 to 100."),
        ("watershed", {"compactness": -0.1}, "Compactness must be a number from 0 to 1."),
        ("felzenszwalb", {"min_size": 0}, "Minimum size must be a whole number from 1 to 5,000 px."),
        ("quickshift", {"ratio": 1.01}, "Ratio must be a number from 0 to 1."),
        (
            "slic",
            {"markers": 5},
            "SLIC has no parameter 'markers'; it has n_segments, size, compactness",
        ),
        ("slic", {"size": 3}, "Segment size must be a number from 4 to 512 px, or 0 for none."),
        ("slic", {"size": -1}, "Segment size must be a number from 4 to 512 px, or 0 for none."),
        ("slic", {"space": "rgb"}, "Colour space must be one of lab, stains."),
        ("slic", {"space": ["lab"]}, "Colour space must be one of lab, stains."),
        ("watershed", {"sigma": 6}, "Smoothing must be a number from 0 to 5 px."),
        ("slic", {"implementation": "cuda"}, "There is no implementation 'cuda'; there are numba, skimage."),
        ("slick", {}, "There is no algorithm 'slick'; there are slic, felzenszwalb, quickshift, watershed."),
    ],
)
def test_wrong_parameters_are_refused_with_a_sentence(name, parameters, sentence):
    with pytest.raises(ParameterError, match=sentence.replace("(", r"\(")):
        segment(name, IMAGES["one pixel"], **parameters)


def test_text_is_read_as_numbers():
    image = IMAGES["tissue"]
    assert np.array_equal(segment("slic", image, n_segments="50"), segment("slic", image, n_segments=50))


def test_the_editor_gets_every_parameter_within_its_range():
    algorithms = json.loads(json.dumps(as_json()))
    assert [algorithm["name"] for algorithm in algorithms] == list(ALGORITHMS)
    assert [algorithm["provenance"] for algorithm in algorithms] == [2, 3, 4, 5]
    for algorithm in algorithms:
        assert algorithm["reference"]
        for parameter in algorithm["parameters"]:
            assert parameter["label"]
            assert parameter["help"].endswith(".")
            assert parameter["scale"] in ("linear", "log")
            if parameter["kind"] == "choice":
                assert parameter["default"] in dict(parameter["choices"])
            else:
                assert parameter["minimum"] <= parameter["default"] <= parameter["maximum"]
                assert parameter["step"] > 0


def test_the_editor_learns_which_parameters_say_how_many_segments():
    counts = {algorithm["name"]: algorithm["counts"] for algorithm in as_json()}
    assert counts == {
        "slic": {"count": "n_segments", "size": "size"},
        "watershed": {"count": "markers", "size": "size"},
        "felzenszwalb": None,
        "quickshift": None,
    }


def test_an_identity_names_the_implementation_and_its_version():
    import skimage

    for name, algorithm in ALGORITHMS.items():
        assert algorithm.identity("numba") == ("numba-3" if name == "felzenszwalb" else "numba-2")
        assert algorithm.identity("skimage") == f"skimage-{skimage.__version__}"
        with pytest.raises(ParameterError, match="no implementation"):
            algorithm.identity("cuda")


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_halo_is_never_too_wide(name):
    algorithm = get_algorithm(name)
    highest = {p.name: p.default if p.maximum is None else p.maximum for p in algorithm.parameters}
    for values in (algorithm.clean({}), algorithm.clean(highest)):
        assert 0 <= algorithm.halo(values) <= MAX_HALO_PX


@pytest.mark.parametrize(
    ("name", "size", "halo", "period"),
    [
        ("slic", 0, 0, 1),
        ("slic", 10, 40, 10),
        ("slic", 20.5, 82, 82),
        ("slic", 28.28, 114, 28.28),
        ("slic", 33, 132, 132),
        ("slic", 64, 256, 64),
        ("slic", 301, 512, 301),
        ("watershed", 0, 0, 1),
        ("watershed", 20.5, 41, 20.5),
    ],
)
def test_windows_of_one_grid_begin_at_multiples_of_its_cells(name, size, halo, period):
    algorithm = get_algorithm(name)
    values = algorithm.clean({"size": size})
    assert (algorithm.halo(values), algorithm.period(values)) == (halo, period)


@pytest.mark.parametrize(
    ("length", "size", "edges"),
    [
        (40, 10, [0, 10, 20, 30, 40]),
        (44, 10, [0, 10, 20, 30, 44]),
        (45, 10, [0, 10, 20, 30, 40, 45]),
        (12, 2.5, [0, 3, 5, 8, 10, 12]),
        (7, 512, [0, 7]),
    ],
)
def test_cells_of_a_given_size_begin_at_the_corner(length, size, edges):
    down, across = grid_edges((length, 1), 99, size)
    assert (down.tolist(), across.tolist()) == (edges, [0, 1])


@pytest.mark.parametrize(
    ("rows", "cols", "count", "cells"),
    [(100, 100, 25, (5, 5)), (1, 6000, 1000, (1, 1000)), (6000, 1, 1000, (1000, 1)), (2, 2, 99, (2, 2))],
)
def test_a_grid_has_nearly_the_count_asked_for(rows, cols, count, cells):
    assert grid(rows, cols, count) == cells


def test_names_and_ranges_are_known_without_loading_numba_or_scikit_image():
    import subprocess
    import sys

    code = (
        "import sys; from annotation.imaging.superpixels import ALGORITHMS, as_json\n"
        "as_json(), [algorithm.identity('skimage') for algorithm in ALGORITHMS.values()]\n"
        "sys.exit(any(name in sys.modules for name in ('numba', 'skimage', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
