"""docs/benchmarks.md: what a table says, and that one suite leaves the others alone."""

import math
import platform
import socket

import pytest

from annotation.benchmarks import LeftOut, Measurement
from annotation.benchmarks.parts import machine
from annotation.benchmarks.parts.report import INTRODUCTION, Run, number, rewrite, split, table

SPEED = Measurement("speed", 17.25, "×", "min", "theirs over ours", 15, 25)


def run(suite="superpixels", rows=(SPEED,)) -> Run:
    return Run(suite, "2026-11-25 09:00 UTC", "a processor; 2 cores", 0.12, [1.0, 1.6], 6.5, rows)


def test_a_row_has_the_figure_what_it_must_be_and_how_it_is_formed():
    rows = [
        Measurement("speed", 17.256, "×", "min", "theirs | ours", 15, 25),
        Measurement("delay", 61.0, "ms", "max", "the editor", 60, 25),
        Measurement("count", 0.9975, "×", "range", "of 3 images", (0.85, 1.15), (0.95, 1.05)),
        Measurement("loss", -0.0123, "", "min", "mean", -0.01, 0),
        LeftOut("switch", "no browser"),
    ]
    assert table(rows).splitlines() == [
        "| name | figure | unit | must | aim | ok | how it is formed |",
        "| --- | --: | --- | --: | --: | --- | --- |",
        "| speed | 17.3 | × | ≥ 15 | ≥ 25 | yes | theirs \\| ours |",
        "| delay | 61 | ms | ≤ 60 | ≤ 25 | **no** | the editor |",
        "| count | 0.998 | × | 0.85–1.15 | 0.95–1.05 | yes | of 3 images |",
        "| loss | −0.0123 |  | ≥ −0.01 | ≥ 0 | **no** | mean |",
        "| switch | left out |  |  |  |  | no browser |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (427.4, "427"),
        (1234, "1234"),
        (99.96, "100"),
        (2.404, "2.4"),
        (0.0003, "0.0003"),
        (-0.5, "−0.5"),
        (math.nan, "none"),
    ],
)
def test_numbers_have_as_many_places_as_mean_something(value, text):
    assert number(value) == text


def test_a_document_begins_with_what_it_is():
    text = rewrite("", run())
    assert text.startswith(
        f"# Benchmarks\n\n{INTRODUCTION}\n\n## superpixels\n\n2026-11-25 09:00 UTC; 6.5 minutes; load 0.1"
    )
    assert "a processor; 2 cores." in text
    assert text.endswith("|\n")


def test_a_suite_replaces_its_own_section_only():
    first = rewrite(rewrite("", run()), run("saving"))
    again = rewrite(first, run(rows=[LeftOut("speed", "no time")]))
    assert list(split(again)) == ["superpixels", "saving"]
    assert split(again)["saving"] == split(first)["saving"]
    assert "no time" in split(again)["superpixels"]
    assert "17.2" not in split(again)["superpixels"]


def test_writing_the_same_twice_changes_nothing():
    once = rewrite(rewrite("", run()), run("saving"))
    assert rewrite(rewrite(once, run()), run("saving")) == once


def test_figures_that_miss_are_counted_above_the_table():
    rows = [Measurement("speed", 14, "×", "min", "", 15, 25), LeftOut("switch", "no browser")]
    assert "1 of 2 figures miss what they must be" in rewrite("", run(rows=rows))


def test_the_machine_is_described_and_not_named():
    text = machine.describe()
    assert f"Python {platform.python_version()}" in text
    assert "scikit-image 0." in text
    assert socket.gethostname() not in text
    assert "/" not in text.replace("GNU/Linux", "")


def test_the_processor_is_read_from_where_linux_says_it(tmp_path):
    (tmp_path / "cpuinfo").write_text("vendor_id\t: X\nmodel name\t: Fast 9000 @ 5 GHz\nmodel name\t: Fast 9000\n")
    assert machine.processor(tmp_path / "cpuinfo") == "Fast 9000 @ 5 GHz"
    assert machine.processor(tmp_path / "none") == platform.machine()
