"""kill -9 of the real server and task worker under eight people who save: nothing acknowledged is ever lost."""

import pytest

from labeler.tests.soak.rounds import kill_at_random


def test_twenty_kills_lose_nothing_and_leave_nothing_half_written(installation):
    result = kill_at_random(installation, 20, seed=1)
    print(result)
    assert result.acknowledged > 20
    assert result.half_written == 0


def test_a_store_that_writes_in_place_would_be_noticed(make_installation, tmp_path):
    settings = "labeler.tests.soak.in_place_settings"
    with make_installation(tmp_path / "site", DJANGO_SETTINGS_MODULE=settings) as installation:
        assert kill_at_random(installation, 6, seed=1).half_written > 0


@pytest.mark.soak
def test_hundreds_of_kills_lose_nothing(installation, capsys):
    """200 on SQLite, 100 on PostgreSQL."""
    result = kill_at_random(installation, 200 if installation.is_sqlite else 100, seed=20261125)
    with capsys.disabled():
        print(f"\n{result}")
    assert result.half_written == 0
