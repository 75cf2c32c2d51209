"""A disk that is really full while people save: 503 until there is room again, and nothing is half written."""

import subprocess
import time
from pathlib import Path

import pytest

from labeler.tests.soak.rounds import under_savers

ROOM = "64m"


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not allowed here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Take the last free byte, again and again while others free some."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1 << 8):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


@pytest.mark.soak
def test_full_disk_is_told_and_survived_without_a_restart(make_installation, small_disk, capsys):
    """Stores and, with SQLite, the database lie on it."""
    with make_installation(small_disk / "site") as installation, under_savers(installation, seed=7) as crowd:
        server = crowd.site.children["web"].pid
        for _ in range(10):
            crowd.wait_for_saves(20)
            refused = crowd.unavailable
            ballast = small_disk / "ballast"

            def is_told(ballast=ballast, refused=refused) -> bool:
                fill(ballast)
                return crowd.unavailable >= refused + 10

            crowd.wait_until(is_told)
            time.sleep(0.2)
            ballast.unlink()
            crowd.wait_for_saves(8)
            crowd.result.blows["disk full"] += 1
        assert crowd.site.children["web"].pid == server
        assert crowd.site.children["web"].poll() is None
    with capsys.disabled():
        print(f"\n{crowd.result}")
