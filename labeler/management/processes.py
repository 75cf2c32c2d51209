"""Child processes that live and end together: the web server and the task worker of one laptop."""

# ruff: noqa: S603  (starting the programs it is given is what this module is for)

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

GRACE_SECONDS = 40  # more than gunicorn gives its own requests
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """In the child: ask Linux for SIGTERM should the parent die without a word (kill -9)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Family:
    """Named child processes, each in a session of its own, so that Ctrl-C reaches only us and we end them in order."""

    def __init__(self):
        self.children: dict[str, subprocess.Popen] = {}
        self.asked_to_stop = threading.Event()

    def listen(self) -> None:
        """From here on Ctrl-C, `kill` and a closed terminal ask everything to end; asked again, it ends at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number, frame):
        if self.asked_to_stop.is_set():
            self._signal_groups(signal.SIGKILL)
        self.asked_to_stop.set()

    def start(self, name: str, command: list[str], *, cwd: Path, environment: dict[str, str]) -> None:
        self.children[name] = subprocess.Popen(
            command, cwd=cwd, env=os.environ | environment, start_new_session=True, preexec_fn=end_with_parent
        )

    def dead(self) -> str | None:
        """The name of a child that has ended, if any has."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def watch(self) -> str | None:
        """Wait until somebody asks to stop, or a child ends by itself: then return its name."""
        while not self.asked_to_stop.wait(0.3):
            if name := self.dead():
                return name
        return None

    def end(self) -> None:
        """Ask every child to finish what it is doing; whatever is left of their groups after that is killed."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0, deadline - time.monotonic()))
        self._signal_groups(signal.SIGKILL)
        for child in self.children.values():
            child.wait()

    def _signal_groups(self, number: int) -> None:
        for child in self.children.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
