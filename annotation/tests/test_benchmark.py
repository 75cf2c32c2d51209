"""The command, the way a figure is formed, and the suite of superpixels on images so small that it takes seconds."""

import io
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image

from accounts.models import User
from annotation import benchmarks
from annotation.benchmarks import LeftOut, Measurement, Target, interleaved, saving, superpixels, timed
from annotation.benchmarks.parts import granularity, pictures, seed, speed, throwaway
from annotation.imaging.phantom import tissue_phantom
from annotation.management.commands import benchmark


def measurement(name="speed", figure=3.0, direction="min", must=2.0):
    return Measurement(name, figure, "×", direction, "theirs over ours", must, must)


@pytest.fixture
def fake_suites(monkeypatch):
    """Two suites that need no time; the second has a figure that misses its mark, and one that cannot be measured."""
    fakes = {
        "first": [measurement()],
        "second": [measurement("size"), measurement("delay", 90.5, "max", 60), LeftOut("waiting", "no clock is here")],
    }
    monkeypatch.setattr(benchmarks, "suites", lambda: sorted(fakes))
    monkeypatch.setattr(benchmarks, "run_suite", lambda name: iter(fakes[name]))


@pytest.fixture
def document(monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark, "DOCUMENT", tmp_path / "benchmarks.md")
    return tmp_path / "benchmarks.md"


def run(*arguments) -> list[dict]:
    out = io.StringIO()
    call_command("benchmark", *arguments, stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


# --- The command -----------------------------------------------------------------------------------------------------


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


def test_what_cannot_be_measured_is_said_beside_the_figures(fake_suites):
    errors = io.StringIO()
    call_command("benchmark", "second", stdout=io.StringIO(), stderr=errors)
    assert errors.getvalue().strip() == "waiting is left out: no clock is here."


def test_a_figure_that_could_not_be_formed_is_null_and_misses(monkeypatch):
    monkeypatch.setattr(benchmarks, "suites", lambda: ["only"])
    monkeypatch.setattr(benchmarks, "run_suite", lambda name: iter([measurement(figure=math.nan)]))
    assert [(line["figure"], line["ok"]) for line in run()] == [(None, False)]


def test_tables_are_written_only_when_asked(fake_suites, document):
    run("first")
    assert not document.exists()
    run("first", "--write")
    run("second", "--write")
    headings = [line for line in document.read_text().splitlines() if line.startswith("#")]
    assert headings == ["# Benchmarks", "## first", "## second"]
    assert "| waiting | left out |" in document.read_text()


# --- Data that are nobody's ------------------------------------------------------------------------------------------


def test_nothing_that_configures_labeler_is_handed_on():
    present = {
        "PATH": "/bin",
        "PYTHONPATH": "/lib",
        "DATA_DIR": "/precious",
        "DATABASE_URL": "postgres://precious",
        "DATABASE_URL_FILE": "/run/secrets/database",
        "S3_BUCKET": "precious",
        "SECRET_KEY": "precious",
        "EMAIL_URL": "smtp://precious",
        "HTTPS": "1",
    }
    handed_on = throwaway.environment("/tmp/own", present)
    assert not [value for value in handed_on.values() if "precious" in value or "secrets" in value]
    assert handed_on["DATA_DIR"] == "/tmp/own"
    assert (handed_on["PATH"], handed_on["PYTHONPATH"], handed_on["OMP_NUM_THREADS"]) == ("/bin", "/lib", "1")
    assert "HTTPS" not in handed_on


@pytest.mark.django_db
def test_nothing_is_written_into_data_that_could_be_somebodys(monkeypatch):
    monkeypatch.delenv(throwaway.MARK, raising=False)
    with pytest.raises(throwaway.NotThrowaway):
        throwaway.workplace(32)
    assert not User.objects.exists()


def test_the_command_runs_in_a_folder_of_its_own_and_removes_it(tmp_path):
    """Its settings are those of a person with data; afterwards these data and the temporary folder are as before."""
    mine, temporary = tmp_path / "mine", tmp_path / "temporary"
    mine.mkdir()
    temporary.mkdir()
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(mine), "TMPDIR": str(temporary)}
    command = [sys.executable, "manage.py", "benchmark", "third"]
    ended = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert "There is no suite third" in ended.stderr
    assert ended.returncode == 1
    assert list(temporary.iterdir()) == []
    assert [path.name for path in mine.iterdir()] == ["secret-key"]


# --- Figures ---------------------------------------------------------------------------------------------------------


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


def test_every_round_but_the_first_is_timed_by_the_clock():
    ticks = iter([100, 0, 3, 0, 5])
    assert timed(2, lambda: next(ticks), ours=lambda: None) == {"ours": [3, 5]}


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
    assert seed.to_json(np.array([[0, 12], [3, 0]])) == b"[0,0,0,0,12,12,12,12,3,3,3,3,0,0,0,0]"


def test_both_sides_open_the_same_pixels():
    seen = []
    seed.answer(pictures.stored_phantom(40), lambda image: seen.append(image.copy()) or image[..., 0])
    assert np.array_equal(seen[0], tissue_phantom(40, 40, seed=1)[0])


def test_real_images_come_with_their_masks_and_lie_over_white(tmp_path):
    for kind in ("images", "masks"):
        (tmp_path / pictures.HUMAN_MASKS / kind).mkdir(parents=True)
    Image.new("RGBA", (3, 2), (10, 20, 30, 0)).save(tmp_path / pictures.HUMAN_MASKS / "images" / "field.png")
    mask = Image.fromarray(np.array([[0, 1, 1], [0, 0, 1]], np.uint8), "P")
    mask.putpalette([0, 0, 0, 255, 0, 0])
    mask.save(tmp_path / pictures.HUMAN_MASKS / "masks" / "field.png")
    [picture] = pictures.masked_by_people(tmp_path)
    assert (picture.image == 255).all()
    assert picture.image.shape == (2, 3, 3)
    assert picture.truth.tolist() == [[0, 1, 1], [0, 0, 1]]
    assert [found.name for found in pictures.histology(tmp_path)] == ["field"]
    assert list(pictures.histology(tmp_path / "nowhere")) == []


# --- The suite of superpixels ----------------------------------------------------------------------------------------

ROWS = [
    "slic_request_vs_seed",
    "slic_tree_and_straddle_ms",
    "watershed_request_vs_seed",
    "felzenszwalb_request_vs_seed",
    "quickshift_request_vs_seed",
    "slic_vs_skimage",
    "slic_4096_vs_skimage",
    "cached_request_vs_seed",
    "map_bytes_vs_seed_json",
    "segments_delivered_over_asked_mean",
    "segments_delivered_over_asked_worst",
    "slic_4096_bytes_per_pixel",
    "granularity_switch_ms",
    "slic_scaling_4096_over_512",
    "two_requests_over_one",
    *(
        f"quality_{metric}_minus_skimage_{algorithm}_{count}"
        for metric in ("ev", "br", "asa", "ue")
        for algorithm in ("slic", "watershed", "felzenszwalb", "quickshift")
        for count in (1000, 3000)
    ),
]


def test_the_suites_are_found():
    assert benchmarks.suites() == ["editor", "saving", "superpixels"]


def test_every_figure_that_is_promised_has_a_target():
    assert sorted(superpixels.TARGETS) == sorted(ROWS)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("quality_ev_minus_skimage_slic_1000", Target("", "min", 0, 0.15)),
        ("quality_asa_minus_skimage_slic_3000", Target("", "min", -0.015, 0.02)),
        ("quality_ue_minus_skimage_slic_1000", Target("", "max", 0, -0.02)),
        ("quality_ue_minus_skimage_slic_3000", Target("", "max", 0.015, -0.02)),
        ("quality_br_minus_skimage_felzenszwalb_1000", Target("", "min", -0.01, 0)),
        ("quality_ue_minus_skimage_quickshift_3000", Target("", "max", 0.01, 0)),
    ],
)
def test_quality_may_be_so_much_worse_and_no_more(name, target):
    assert superpixels.TARGETS[name] == target


@pytest.mark.django_db
def test_the_whole_suite_in_small(monkeypatch):
    """All of it but the browser, which `test_granularity_benchmark.py` opens."""
    monkeypatch.setenv(throwaway.MARK, str(settings.DATA_DIR))
    monkeypatch.setattr(granularity, "granularity_switch", lambda side: iter([LeftOut("granularity_switch_ms", "")]))
    monkeypatch.setattr(speed, "WARM", ())
    sizes = superpixels.Sizes(usual=128, quickshift=48, small=64, large=160, delivered=(20, 60), real_tissue=False)
    rows = list(superpixels.measure(sizes))
    assert sorted(row.name for row in rows) == sorted(ROWS)
    figures = {row.name: row for row in rows if isinstance(row, Measurement)}
    assert all(math.isfinite(row.figure) for row in figures.values())
    assert all(
        figures[name].figure > 0 for name in ROWS if name in figures and "quality" not in name and "ms" not in name
    )
    assert "queries (at most 5)" in figures["cached_request_vs_seed"].baseline
