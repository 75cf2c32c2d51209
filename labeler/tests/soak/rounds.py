"""The real server and task worker under people who save: killed at random moments; then everything is counted."""

import hashlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from labeler.management.commands.serve import task_command, web_command
from labeler.tests.installation import Installation, free_port
from labeler.tests.soak.savers import Saver

SAVERS = 8
START_SECONDS = 60
OLD_SECONDS = 3 * 24 * 3600


class Site:
    """The two processes as `serve` starts them, each in a session of its own."""

    def __init__(self, installation: Installation):
        self.installation = installation
        self.port = free_port()
        self.output = (installation.folder / "output.txt").open("ab")
        self.children: dict[str, subprocess.Popen] = {}

    def start(self) -> None:
        """Start whatever does not run; return at once."""
        commands = {"web": web_command(f"127.0.0.1:{self.port}"), "tasks": task_command(f"soak-{os.getpid()}")}
        for name, command in commands.items():
            if name not in self.children or self.children[name].poll() is not None:
                self.children[name] = subprocess.Popen(
                    command,
                    cwd=settings.BASE_DIR,
                    env=self.installation.environment,
                    stdout=self.output,
                    stderr=self.output,
                    start_new_session=True,
                )

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"The server does not answer:\n{self.said()}")

    def kill(self, *names: str) -> None:
        for name in names:
            os.killpg(self.children[name].pid, signal.SIGKILL)
            self.children[name].wait()

    def kill_web_worker(self) -> None:
        """Only the process that answers; gunicorn itself starts the next."""
        master = self.children["web"].pid
        for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)

    def end(self) -> None:
        self.kill(*(name for name, child in self.children.items() if child.poll() is None))
        self.output.close()

    def said(self) -> str:
        return (self.installation.folder / "output.txt").read_text(errors="replace")[-5000:]


@dataclass
class Result:
    """What a run came to."""

    blows: Counter = field(default_factory=Counter)
    acknowledged: int = 0
    repeated: int = 0
    unavailable: int = 0
    orphans: int = 0
    half_written: int = 0
    seconds: float = 0

    def __str__(self):
        kinds = ", ".join(f"{count} × {what}" for what, count in sorted(self.blows.items()))
        return (
            f"{kinds} in {self.seconds:.0f} s: {self.acknowledged} acknowledged saves, none lost; {self.repeated} "
            f"attempts repeated, {self.unavailable} answers with 503; {self.orphans} orphans, all swept."
        )


@contextmanager
def under_savers(installation: Installation, seed: int) -> Iterator["Crowd"]:
    """Eight people save all the while; afterwards everything they were told is compared with what there is."""
    started = time.monotonic()
    seeded = installation.seed(str(SAVERS), "2")
    site, stop, chance = Site(installation), threading.Event(), random.Random(seed)
    savers: list[Saver] = []
    try:
        site.start()
        site.wait()
        people = enumerate(seeded["people"], seed)
        savers += [enter(person, seeded["password"], site.port, number, stop) for number, person in people]
        with ThreadPoolExecutor(SAVERS) as pool:
            crowd = Crowd(site, savers, [pool.submit(saver.run) for saver in savers], chance, Result())
            try:
                yield crowd
                crowd.wait_for_saves(SAVERS)
            finally:
                stop.set()
            for saver in crowd.running:
                saver.result()
        for saver in savers:
            check_over_http(saver, chance)
    finally:
        site.end()
        for saver in savers:
            saver.browser.close()
    check_every_acknowledged(installation, savers)
    check_whole(installation)
    crowd.result.orphans = sweep_orphans(installation)
    crowd.result.acknowledged = sum(len(saver.log) for saver in savers)
    crowd.result.repeated = sum(saver.repeated for saver in savers)
    crowd.result.unavailable = sum(saver.unavailable for saver in savers)
    crowd.result.seconds = time.monotonic() - started


@dataclass
class Crowd:
    """The people who save, and the site they save to."""

    site: Site
    savers: list[Saver]
    running: list[Future]
    chance: random.Random
    result: Result

    @property
    def unavailable(self) -> int:
        return sum(saver.unavailable for saver in self.savers)

    def wait_for_saves(self, count: int) -> None:
        """Until so many more saves are acknowledged."""
        goal = sum(len(saver.log) for saver in self.savers) + count
        self.wait_until(lambda: sum(len(saver.log) for saver in self.savers) >= goal)

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """A saver that broke off ends everything, and so does waiting for too long."""
        deadline = time.monotonic() + START_SECONDS
        while not reached():
            for future in self.running:
                if future.done():
                    future.result()
            assert time.monotonic() < deadline, f"waited for {START_SECONDS} s in vain:\n{self.site.said()}"
            time.sleep(0.005)


def kill_at_random(installation: Installation, kills: int, seed: int) -> Result:
    """Kill `kills` times at random moments, and start again each time."""
    with under_savers(installation, seed) as crowd:
        for _ in range(kills):
            since = time.time()
            crowd.result.blows[strike(crowd)] += 1
            # Now, because who gets no answer sends the same pixels again, and heals what was half written.
            crowd.result.half_written += len(half_written(installation, since))
            crowd.site.start()
    return crowd.result


def strike(crowd: Crowd) -> str:
    """Wait for a random moment and kill something; say what."""
    if crowd.chance.random() < 0.1:
        time.sleep(crowd.chance.uniform(0, 1.5))  # perhaps in the middle of starting
    else:
        crowd.wait_for_saves(crowd.chance.randint(1, 10))
        time.sleep(crowd.chance.uniform(0, 0.3))
    what = crowd.chance.choices(["all killed", "web worker killed", "task worker killed"], [5, 4, 1])[0]
    if what == "all killed":
        crowd.site.kill("web", "tasks")
    elif what == "web worker killed":
        crowd.site.kill_web_worker()
    else:
        crowd.site.kill("tasks")
    return what


def enter(person: dict, password: str, port: int, seed: int, stop: threading.Event) -> Saver:
    """Log in and look at what was saved before."""
    saver = Saver(person["username"], person["annotation"], port, random.Random(seed), stop, head=2, labels={})
    saver.browser.log_in(saver.username, password)
    saver.labels = saver.read(saver.head)
    return saver


def check_over_http(saver: Saver, chance: random.Random) -> None:
    """The last revision and some old ones, as anybody would look at them."""
    for save in [saver.log[-1], *chance.sample(saver.log, min(10, len(saver.log)))]:
        assert saver.read(save.revision) == save.labels


def check_every_acknowledged(installation: Installation, savers: list[Saver]) -> None:
    """Each acknowledged save has its row and exactly the tiles that were sent; there is no save that nobody sent."""
    for saver in savers:
        numbers = f"SELECT number, saved_sha256 FROM annotation_revision WHERE annotation_id = {saver.annotation}"
        stored = dict(installation.ask(f"{numbers} AND number > 2"))
        assert stored == {save.revision: save.saved_sha256 for save in saver.log}
        tiles: dict[int, dict] = {save.revision: {} for save in saver.log}
        rows = installation.ask(
            'SELECT r.number, t.plane, t."column", t."row", t.blob '
            "FROM annotation_labeltile t JOIN annotation_revision r ON r.id = t.revision_id "
            f"WHERE r.annotation_id = {saver.annotation} AND r.number > 2"
        )
        for number, plane, column, row, blob in rows:
            tiles[number][plane, column, row] = blob
        assert tiles == {save.revision: save.blobs for save in saver.log}


def half_written(installation: Installation, since: float = 0) -> list[str]:
    """The blobs, also those that nothing refers to, that were touched since then and are not what their name says."""
    blobs = {name: path for name, path in installation.files("labels").items() if ".new-" not in name}
    touched = {name: path for name, path in blobs.items() if path.stat().st_mtime >= since - 1}
    return [name for name, path in touched.items() if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def check_whole(installation: Installation) -> None:
    """Every blob is what its name says, and `verify` finds nothing."""
    assert half_written(installation) == []
    assert "Everything is there, whole and true." in installation.manage("verify")


def sweep_orphans(installation: Installation) -> int:
    """Let everything grow old, sweep, and return how many files went; those that rows refer to must all stay."""
    then = time.time() - OLD_SECONDS
    before = installation.files("labels")
    for path in before.values():
        os.utime(path, (then, then))
    installation.manage("sweep", "--delete")
    said = installation.manage("verify")
    assert "whole and true" in said
    assert "nothing refers to" not in said
    return len(before) - len(installation.files("labels"))
