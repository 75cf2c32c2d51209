"""`make test` and `make lint`: every suite, and one summary at the end that counts all of them.

The browser tests run beside the Python tests, since a browser test waits more than it computes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from labeler.bootstrap import ROOT, chromium, node_and_npm

SHARED = "../shared/data"


@dataclass
class Outcome:
    """What one suite said."""

    name: str
    ok: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


def node(script: str, *arguments: str) -> list[str]:
    """A command that runs a JavaScript program of node_modules by whatever Node.js there is."""
    found = node_and_npm()
    return [found[0] if found else "node", f"node_modules/{script}", *arguments]


def read_report(path: Path) -> tuple[int, int, int, list[str]]:
    """Passed, failed and skipped tests of a JUnit file, and the reasons for skipping."""
    passed = failed = 0
    reasons = []
    for case in ElementTree.parse(path).iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skipped is not None:
            reasons.append(skipped.get("message", ""))
        else:
            passed += 1
    return passed, failed, len(reasons), reasons


def run_suite(
    name: str, command: list[str], report: Path, *, may_be_empty: bool, may_skip: bool, beside: bool = False
) -> Outcome:
    """Run a command that writes a JUnit file; one that runs `beside` another says what it has to say at its end."""
    started = time.monotonic()
    if beside:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(f"\n== {name}\n{done.stdout}", flush=True)
    else:
        print(f"\n== {name}", flush=True)
        done = subprocess.run(command, cwd=ROOT)
    code, seconds = done.returncode, time.monotonic() - started
    if not report.is_file():
        return Outcome(name, False, seconds, note="did not run to its end")
    passed, failed, skipped, reasons = read_report(report)
    outcome = Outcome(name, code == 0, seconds, passed, failed, skipped)
    if passed + failed + skipped == 0:
        outcome.ok = may_be_empty
        outcome.note = "no test was found"
    unexcused = [reason for reason in reasons if SHARED not in reason or (ROOT / SHARED).is_dir()]
    if unexcused and not may_skip:
        outcome.ok = False
        outcome.note = f"skipping is not allowed here: {unexcused[0]}"
    return outcome


def run_check(name: str, command: list[str]) -> Outcome:
    """Run a command that only passes or fails."""
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    ok = subprocess.run(command, cwd=ROOT).returncode == 0
    return Outcome(name, ok, time.monotonic() - started, passed=int(ok), failed=int(not ok))


def run_tests(options: argparse.Namespace, pytest_arguments: list[str], folder: Path) -> list[Outcome]:
    rules = {"may_be_empty": bool(pytest_arguments), "may_skip": not options.no_skips}
    pytest = [sys.executable, "-m", "pytest", "-q", *pytest_arguments]
    database = "PostgreSQL" if os.environ.get("TEST_DATABASE_URL", "").startswith("postgres") else "SQLite"

    def suite(kind: str, marks: str, **how: bool) -> Outcome:
        report = folder / f"{kind.split()[0].lower()}.xml"
        return run_suite(
            f"{kind} tests on {database}",
            [*pytest, "-m", marks, f"--junitxml={report}", f"-ocache_dir=.pytest_cache/{report.stem}"],
            report,
            **rules,
            **how,
        )

    if options.soak:
        return [suite("Soak", "soak")]
    if options.python_only:
        return [suite("Python", "not browser and not soak")]
    reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=junit"]
    report = folder / "javascript.xml"
    javascript = [node("")[0], "--test", *reporters, f"--test-reporter-destination={report}"]
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "static/js/tests").rglob("*.test.js"))
    outcomes = [
        run_check("JavaScript types", node("typescript/bin/tsc", "--project", "tsconfig.json")),
        run_suite("JavaScript tests", [*javascript, *files], report, **rules),
    ]
    if not chromium():
        absent = Outcome("Browser tests", False, 0, note="Chromium is missing: sudo apt-get install chromium")
        return [*outcomes, suite("Python", "not browser and not soak"), absent]
    with ThreadPoolExecutor(1) as thread:
        browser = thread.submit(suite, "Browser", "browser", beside=True)
        return [*outcomes, suite("Python", "not browser and not soak"), browser.result()]


def run_lint() -> list[Outcome]:
    python = [sys.executable, "-m"]
    ruff = [*python, "ruff"]
    return [
        run_check("Python style", [*ruff, "check", "."]),
        run_check("Python format", [*ruff, "format", "--check", "."]),
        run_check("JavaScript style", node("@biomejs/biome/bin/biome", "lint", "static/js")),
        run_check("Python types", [*python, "mypy", "."]),
        run_check("JavaScript types", node("typescript/bin/tsc", "--project", "tsconfig.json")),
    ]


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """The table that stands at the very end; `seconds` is what all took together."""
    total = Outcome(
        "All",
        all(outcome.ok for outcome in outcomes),
        seconds,
        *(sum(getattr(outcome, what) for outcome in outcomes) for what in ("passed", "failed", "skipped")),
    )
    width = max(len(outcome.name) for outcome in [*outcomes, total])
    lines = ["", f"{'Summary':{width}}   passed  failed  skipped  seconds"]
    for outcome in [*outcomes, total]:
        numbers = f"{outcome.passed:8}{outcome.failed:8}{outcome.skipped:9}{outcome.seconds:9.1f}"
        lines.append(f"{outcome.name:{width}} {numbers}  {'ok' if outcome.ok else 'FAILED'}  {outcome.note}".rstrip())
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, epilog="Anything else goes to pytest.", allow_abbrev=False)
    parser.add_argument("--lint", action="store_true", help="style and types instead of tests")
    parser.add_argument("--python-only", action="store_true", help="neither JavaScript nor browser tests")
    parser.add_argument("--soak", action="store_true", help="only the tests that take longer than the suite may")
    parser.add_argument(
        "--no-skips", action="store_true", default=bool(os.environ.get("CI")), help="a skip is a failure"
    )
    started = time.monotonic()
    options, pytest_arguments = parser.parse_known_args()
    if options.lint:
        outcomes = run_lint()
    else:
        with tempfile.TemporaryDirectory(prefix="labeler-reports-") as folder:
            outcomes = run_tests(options, pytest_arguments, Path(folder))
    print(summary(outcomes, time.monotonic() - started))
    return 0 if all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
