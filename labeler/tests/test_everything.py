"""The runner's arithmetic: what it counts, and what it lets pass."""

import sys

import pytest

from labeler.tests import everything

REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"/>
<testcase name="c"><failure message="no"/></testcase>
<testcase name="d"><error message="no"/></testcase>
<testcase name="e"><skipped message="{reason}"/></testcase>
</testsuite></testsuites>"""


def outcome(tmp_path, report: str, *, code=0, may_be_empty=False, may_skip=True) -> everything.Outcome:
    """What the runner makes of a suite that writes `report` and ends with `code`."""
    path = tmp_path / "report.xml"
    writes = (
        f"open({str(path)!r}, 'w').write({report!r}); raise SystemExit({code})" if report else "raise SystemExit(3)"
    )
    return everything.run_suite(
        "Suite", [sys.executable, "-c", writes], path, may_be_empty=may_be_empty, may_skip=may_skip
    )


def test_report_is_counted(tmp_path):
    result = outcome(tmp_path, REPORT.format(reason="why"), code=1)
    assert (result.passed, result.failed, result.skipped, result.ok) == (2, 2, 1, False)


def test_suite_that_broke_off_has_failed(tmp_path):
    result = outcome(tmp_path, "")
    assert not result.ok
    assert "did not run to its end" in result.note


@pytest.mark.parametrize("may_be_empty", [True, False])
def test_suite_without_tests_passes_only_when_some_were_chosen(tmp_path, may_be_empty):
    assert outcome(tmp_path, "<testsuites/>", code=5, may_be_empty=may_be_empty).ok is may_be_empty


@pytest.mark.parametrize(
    ("reason", "data_are_there", "may_skip", "ok"),
    [
        ("any", False, True, True),
        ("any", False, False, False),
        ("does not lie beside the checkout (../shared/data)", False, False, True),
        ("does not lie beside the checkout (../shared/data)", True, False, False),
    ],
)
def test_skips_fail_a_strict_run_unless_data_are_absent(tmp_path, monkeypatch, reason, data_are_there, may_skip, ok):
    monkeypatch.setattr(everything, "ROOT", tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    if data_are_there:
        (tmp_path / "shared" / "data").mkdir(parents=True)
    report = f'<testsuite><testcase name="e"><skipped message="{reason}"/></testcase></testsuite>'
    assert outcome(tmp_path, report, may_skip=may_skip).ok is ok


def test_summary_adds_up_all_suites():
    suites = [
        everything.Outcome("Python tests", True, 10, passed=5, skipped=1),
        everything.Outcome("JavaScript tests", False, 2, passed=3, failed=1),
    ]
    last = everything.summary(suites, seconds=11).splitlines()[-1].split()
    assert last == ["All", "8", "1", "1", "11.0", "FAILED"]
