"""`docs/benchmarks.md`: the last run of each suite as a table, a section each."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.benchmarks import LeftOut, Measurement

TITLE = "# Benchmarks"
INTRODUCTION = """
The last run of each suite, written by `make benchmark ARGS="SUITE --write"`. A ratio is that of two sides that took
turns in the same run, so it holds on a busy machine too; milliseconds are those of the machine named above them. What
each figure must be and should be (the aim) stands beside it.
""".strip()
HEAD = ["name", "figure", "unit", "must", "aim", "ok", "how it is formed"]
SIGNS = {"min": "≥ ", "max": "≤ "}


@dataclass(frozen=True, slots=True)
class Run:
    """A suite from its beginning to its end."""

    suite: str
    date: str
    machine: str
    load_before: float
    loads: Sequence[float]  # the system's load, averaged over a minute, when each figure was there
    minutes: float
    rows: Sequence[Measurement | LeftOut]


def rewrite(text: str, run: Run) -> str:
    """Return the document with the section of this run's suite new or replaced and every other one as it was."""
    sections = split(text)
    sections[run.suite] = section(run)
    bodies = (f"## {name}\n\n{body}\n" for name, body in sections.items())
    return "\n".join([f"{TITLE}\n\n{INTRODUCTION}\n", *bodies])


def split(text: str) -> dict[str, str]:
    """Return what stands under each heading of the second order, in order."""
    _, *rest = re.split(r"^## (.+)\n", text, flags=re.M)
    return {name.strip(): body.strip() for name, body in zip(rest[::2], rest[1::2], strict=True)}


def section(run: Run) -> str:
    load = f"load {run.load_before:.1f} before, {min(run.loads):.1f} to {max(run.loads):.1f} during"
    missed = sum(isinstance(row, Measurement) and not row.ok for row in run.rows)
    verdict = (
        f"{missed} of {len(run.rows)} figures miss what they must be" if missed else "every figure is as it must be"
    )
    about = f"{run.date}; {run.minutes:.1f} minutes; {load}; {verdict}.\n\n{run.machine}."
    return f"{about}\n\n{table(run.rows)}"


def table(rows: Sequence[Measurement | LeftOut]) -> str:
    lines = [HEAD, ["---", "--:", "---", "--:", "--:", "---", "---"], *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells(row: Measurement | LeftOut) -> list[str]:
    if isinstance(row, LeftOut):
        return [row.name, "left out", "", "", "", "", escape(row.reason)]
    sign = SIGNS.get(row.direction, "")
    wanted = [bounds(row.must, sign), bounds(row.aim, sign)]
    return [row.name, number(row.figure), row.unit, *wanted, "yes" if row.ok else "**no**", escape(row.baseline)]


def bounds(value: Any, sign: str) -> str:
    return "–".join(number(end) for end in value) if isinstance(value, tuple | list) else sign + number(value)


def number(value: float) -> str:
    """Three figures of small numbers, none behind the point of large ones; a true minus."""
    if math.isnan(value):
        return "none"
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "−")


def escape(text: str) -> str:
    return text.replace("|", "\\|")
