"""The real site on throw-away data: what `manage.py serve` starts, on a free port."""

# ruff: noqa: S603  (starting our own program is what this is for)

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from annotation.benchmarks.parts import throwaway
from labeler.bootstrap import collect_static_files
from labeler.management.site import Site

START_SECONDS = 90


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Start the web server and the task worker, give the address once the log-in page is there, end both afterwards."""
    if not throwaway.is_here():
        raise throwaway.NotThrowaway("A site for benchmarks is started by the command, on data of its own.")
    with contextlib.redirect_stdout(sys.stderr):
        collect_static_files()
    site = Site("127.0.0.1", free_port())
    log = Path(settings.DATA_DIR) / "site.log"
    command = [sys.executable, "manage.py", "serve", "--host", site.host, "--port", str(site.port)]
    with log.open("wb") as out, subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=out, stderr=out) as process:
        try:
            wait_for(site, process, log)
            yield site.addresses[0]
        finally:
            process.terminate()


def wait_for(site: Site, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while site.status() != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The site did not start; it said: {log.read_text()}")
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
