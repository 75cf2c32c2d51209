"""The bar of progress: on a terminal only, and gone when its work is done."""

import io

from labeler.management.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_terminal_sees_how_far_it_is_and_then_nothing(monkeypatch):
    monkeypatch.setattr("labeler.management.progress.EVERY_SECONDS", -1)
    terminal = Terminal()
    assert list(Progress("Checking", 4, terminal).over("abcd")) == list("abcd")
    written = terminal.getvalue()
    assert "Checking" in written
    assert " 25 %" in written
    assert "100 %" in written
    assert written.endswith("\r\x1b[K")


def test_log_keeps_nothing_of_it():
    log = io.StringIO()
    list(Progress("Checking", 2, log).over("ab"))
    assert log.getvalue() == ""


def test_total_that_was_too_small_or_none_does_no_harm(monkeypatch):
    monkeypatch.setattr("labeler.management.progress.EVERY_SECONDS", -1)
    for total in (0, 1):
        terminal = Terminal()
        list(Progress("Copying", total, terminal).over("abc"))
        assert "100 %" in terminal.getvalue()
