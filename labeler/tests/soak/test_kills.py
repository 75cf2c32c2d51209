"""kill -9 of the real server and task worker under eight people who save: nothing acknowledged is ever lost."""

import pytest

from labeler.tests.soak.rounds import kill_at_random


def test_twenty_kills_lose_nothing(installation):
    result = kill_at_random(installation, 20, seed=1)
    print(result)
    assert result.acknowledged > 20


@pytest.mark.soak
def test_hundreds_of_kills_lose_nothing(installation, capsys):
    """200 on SQLite, 100 on PostgreSQL."""
    result = kill_at_random(installation, 200 if installation.is_sqlite else 100, seed=20261125)
    with capsys.disabled():
        print(f"\n{result}")
