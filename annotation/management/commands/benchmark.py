"""`manage.py benchmark [SUITE …] [--check] [--write]`: one JSON object a line."""

import json
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation import benchmarks
from annotation.benchmarks import LeftOut, Measurement
from annotation.benchmarks.parts import machine, report, throwaway

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "benchmarks.md"


class Command(BaseCommand):
    help = "Measure speed, size and quality against baselines; prints one JSON object a line."

    def add_arguments(self, parser):
        parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(benchmarks.suites())}")
        parser.add_argument("--check", action="store_true", help="exit with 1 when a figure misses what it must be")
        parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md, too")

    def run_from_argv(self, argv):
        # Anew, on data that are nobody's, and with every library on one thread from the beginning.
        if not throwaway.is_here():
            sys.exit(throwaway.run_again())
        super().run_from_argv(argv)

    def handle(self, *, suites, check, write, **options):
        unknown = set(suites) - set(benchmarks.suites())
        if unknown:
            raise CommandError(f"There is no suite {min(unknown)}; there are {', '.join(benchmarks.suites())}.")
        missed: list[str] = []
        for suite in suites or benchmarks.suites():
            rows, loads, load_before, start = [], [], load(), time.monotonic()
            for row in benchmarks.run_suite(suite):
                rows.append(row)
                loads.append(load())
                self.tell(row)
                if isinstance(row, Measurement) and not row.ok:
                    missed.append(row.name)
            if write:
                minutes = (time.monotonic() - start) / 60
                date = f"{timezone.now():%Y-%m-%d %H:%M} UTC"
                run = report.Run(suite, date, machine.describe(), load_before, loads, minutes, rows)
                DOCUMENT.write_text(report.rewrite(DOCUMENT.read_text() if DOCUMENT.exists() else "", run))
        if check and missed:
            raise CommandError(f"Below what it must be: {', '.join(missed)}.", returncode=1)

    def tell(self, row: Measurement | LeftOut) -> None:
        if isinstance(row, LeftOut):
            self.stderr.write(f"{row.name} is left out: {row.reason}.")
            return
        figure = None if math.isnan(row.figure) else round(row.figure, 4)
        line = asdict(row) | {"figure": figure, "ok": row.ok, "load": round(load(), 2)}
        self.stdout.write(json.dumps(line, ensure_ascii=False))
        self.stdout.flush()


def load() -> float:
    """How many processes wanted a core, averaged over the last minute."""
    return os.getloadavg()[0]
