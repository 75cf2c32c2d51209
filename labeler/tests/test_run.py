"""The README's first command for real: gunicorn, the task worker, hashed static files, and a clean end."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

# Of the suite's own surroundings nothing may reach the program under test.
OURS = (
    "DATABASE_URL",
    "TEST_DATABASE_URL",
    "DATA_DIR",
    "DEMO",
    "DEBUG",
    "HOST",
    "PORT",
    "IMAGES",
    "HTTPS",
    "SECRET_KEY",
)
FROM_MAKE = ("DJANGO_SETTINGS_MODULE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """`make run` in the background, in a process group of its own as a terminal would give it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.output = folder / "output.txt"
        self.started = time.monotonic()
        self.port = free_port()
        environment = {name: value for name, value in os.environ.items() if name not in OURS + FROM_MAKE}
        command = ["make", "run", f"PORT={self.port}", f"DATA_DIR={folder / 'data'}", "DEMO=0"]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def wait_for_address(self) -> str:
        while self.process.poll() is None and time.monotonic() - self.started < 120:
            if match := re.search(r"Labeler is ready: (\S+)", self.output.read_text()):
                return match[1]
            time.sleep(0.1)
        raise AssertionError(self.output.read_text())

    def end(self, number: int) -> None:
        os.killpg(self.process.pid, number)
        self.process.wait(60)

    def processes(self) -> list[str]:
        """Everything alive that was started with our data folder in its environment."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder / "data").encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture
def make_run(tmp_path):
    runs = []

    def start() -> Run:
        runs.append(Run(tmp_path))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGKILL)


def read(address: str):
    return urllib.request.urlopen(address, timeout=20)


def test_make_run_serves_pages_and_hashed_files_and_ends_whole_on_ctrl_c(make_run):
    run = make_run()
    address = run.wait_for_address()
    assert address == f"http://127.0.0.1:{run.port}/"
    with read(address) as page:
        html = page.read().decode()
        assert page.url.startswith(f"{address}accounts/login/")
    style = re.search(r'href="/(static/css/app\.[0-9a-f]{12}\.css)"', html)
    assert style, "the page names no hashed style sheet"
    with read(address + style[1]) as file:
        assert file.status == 200
        assert "immutable" in file.headers["Cache-Control"]
    assert any("db_worker" in command for command in run.processes())
    run.end(signal.SIGINT)
    assert "Labeler has ended." in run.output.read_text()
    assert run.processes() == []


def test_second_make_run_is_quick_and_changes_nothing(make_run):
    first = make_run()
    first.wait_for_address()
    first.end(signal.SIGTERM)
    second = make_run()
    second.wait_for_address()
    seconds = time.monotonic() - second.started
    said = second.output.read_text()
    second.end(signal.SIGINT)
    assert "Installing" not in said
    assert "database up to date" not in said
    assert seconds < 15, "it takes under 5 s on a quiet machine; this leaves room for a busy one"


def test_when_the_task_worker_dies_everything_ends_and_says_so(make_run):
    run = make_run()
    run.wait_for_address()
    [worker] = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if b"db_worker" in (folder / "cmdline").read_bytes()
        and str(run.folder / "data").encode() in (folder / "environ").read_bytes()
    ]
    os.kill(worker, signal.SIGKILL)
    assert run.process.wait(60) != 0
    assert "The task worker ended by itself" in run.output.read_text()
    assert run.processes() == []
