import io
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotation import benchmarks
from annotation.benchmarks import Measurement, interleaved, saving
from annotation.benchmarks.superpixels import seed_answer, seed_json, stored_image
from annotation.imaging.phantom import tissue_phantom


def measurement(name="speed", figure=3.0, direction="min", must=2.0):
    return Measurement(name, figure, "×", direction, "theirs over ours", must, must)


@pytest.fixture
def fake_suites(monkeypatch):
    """Two suites that need no time; the second has a figure that misses its mark."""
    fakes = {"first": [measurement()], "second": [measurement("size"), measurement("delay", 90.5, "max", 60)]}
    monkeypatch.setattr(benchmarks, "suites", lambda: sorted(fakes))
    monkeypatch.setattr(benchmarks, "run_suite", lambda name: iter(fakes[name]))


def run(*arguments) -> list[dict]:
    out = io.StringIO()
    call_command("benchmark", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_figure_is_a_line_of_json(fake_suites):
    lines = run()
    assert [line["name"] for line in lines] == ["speed", "size", "delay"]
    assert set(lines[0]) == {"name", "figure", "unit", "direction", "baseline", "must", "aim", "ok", "load"}
    assert [line["ok"] for line in lines] == [True, True, False]


def test_suites_can_be_chosen(fake_suites):
    assert [line["name"] for line in run("first")] == ["speed"]


def test_check_fails_when_a_figure_misses_what_it_must_be(fake_suites):
    with pytest.raises(CommandError, match="delay") as error:
        run("--check")
    assert error.value.returncode == 1
    assert run("first", "--check")


def test_an_unknown_suite_is_named(fake_suites):
    with pytest.raises(CommandError, match="no suite third; there are first, second"):
        run("third")


@pytest.mark.parametrize(
    ("direction", "must", "figure", "ok"),
    [
        ("min", 2, 2, True),
        ("min", 2, 1.99, False),
        ("max", 2, 2, True),
        ("max", 2, 2.01, False),
        ("range", (0.85, 1.15), 0.85, True),
        ("range", (0.85, 1.15), 1.15, True),
        ("range", (0.85, 1.15), 0.84, False),
        ("range", (0.85, 1.15), 1.16, False),
        ("min", 2, float("nan"), False),
    ],
)
def test_ok_follows_the_direction(direction, must, figure, ok):
    assert measurement(figure=figure, direction=direction, must=must).ok is ok


def test_candidates_take_turns_and_the_first_turn_does_not_count():
    calls = []
    seconds = interleaved(rounds=2, theirs=lambda: calls.append("theirs"), ours=lambda: calls.append("ours"))
    assert calls == ["theirs", "ours"] * 3
    assert seconds.keys() == {"theirs", "ours"}
    assert all(second >= 0 for second in seconds.values())


def test_the_suite_of_superpixels_is_found():
    assert "superpixels" in benchmarks.suites()


def test_a_save_is_held_against_the_seed_with_the_same_mask():
    measured = {measurement.name: measurement for measurement in saving.against_seed()}
    assert measured["save_bytes_vs_seed"].ok
    assert measured["save_decode_vs_seed"].figure > 1  # how much more is for a quiet machine to say


def test_a_stroke_of_the_benchmark_has_the_width_of_its_brush():
    tile = np.zeros((512, 512), np.uint8)
    saving.stroke(tile, np.random.default_rng(1))
    assert 300 < np.count_nonzero(tile) < 30 * 150 + 31 * 31
    assert np.unique(tile).size == 2


def test_the_seed_repeats_every_number_four_times():
    assert seed_json(np.array([[0, 12], [3, 0]])) == b"[0,0,0,0,12,12,12,12,3,3,3,3,0,0,0,0]"


def test_both_sides_open_the_same_pixels():
    seen = []
    seed_answer(stored_image(40), lambda image: seen.append(image.copy()) or image[..., 0])
    assert np.array_equal(seen[0], tissue_phantom(40, 40, seed=1)[0])
