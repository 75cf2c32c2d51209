"""`manage.py benchmark [SUITE …] [--check]`: one JSON object a line."""

import json
import os
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from annotation import benchmarks
from annotation.imaging.workers import THREAD_VARIABLES


class Command(BaseCommand):
    help = "Measure speed, size and quality against baselines; prints one JSON object a line."

    def add_arguments(self, parser):
        parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(benchmarks.suites())}")
        parser.add_argument("--check", action="store_true", help="exit with 1 when a figure misses what it must be")

    def run_from_argv(self, argv):
        # Libraries read these when they are loaded, and some are by now: start anew, every library on one thread.
        if any(os.environ.get(variable) != "1" for variable in THREAD_VARIABLES):
            environment = os.environ | dict.fromkeys(THREAD_VARIABLES, "1")
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
        super().run_from_argv(argv)

    def handle(self, *, suites, check, **options):
        unknown = set(suites) - set(benchmarks.suites())
        if unknown:
            raise CommandError(f"There is no suite {min(unknown)}; there are {', '.join(benchmarks.suites())}.")
        load, missed = round(os.getloadavg()[0], 2), []
        for suite in suites or benchmarks.suites():
            for measurement in benchmarks.run_suite(suite):
                line = asdict(measurement) | {
                    "figure": round(measurement.figure, 4),
                    "ok": measurement.ok,
                    "load": load,
                }
                self.stdout.write(json.dumps(line, ensure_ascii=False))
                self.stdout.flush()
                if not measurement.ok:
                    missed.append(measurement.name)
        if check and missed:
            raise CommandError(f"Below what it must be: {', '.join(missed)}.", returncode=1)
