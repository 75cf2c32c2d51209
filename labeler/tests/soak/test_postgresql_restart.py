"""PostgreSQL is restarted, kindly or at once, under eight people who save: 503, then on without a restart of ours."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from labeler.tests.installation import free_port
from labeler.tests.soak.rounds import under_savers

RESTARTS = 20


class Server:
    """A PostgreSQL server of our own, which will not run as root."""

    def __init__(self):
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not programs:
            pytest.skip("PostgreSQL's server is not installed here: sudo apt-get install postgresql")
        self.programs = programs[-1]
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="labeler-postgresql-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "postgres", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self.control("start", "-l", f"{self.folder}/log", "-o", options)

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, name: str, *words: str) -> None:
        command = [f"{self.programs}/{name}", *words]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL)

    def control(self, *words: str) -> None:
        self.run("pg_ctl", "-w", "-s", "-D", f"{self.folder}/data", *words)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.control("stop", "-m", "immediate")
    shutil.rmtree(server.folder)


@pytest.mark.soak
def test_database_that_restarts_loses_nothing(server, make_installation, tmp_path, capsys):
    with (
        make_installation(tmp_path / "site", server=server.url) as installation,
        under_savers(installation, 3) as crowd,
    ):
        web = crowd.site.children["web"].pid
        for number in range(RESTARTS):
            crowd.wait_for_saves(8)
            time.sleep(crowd.chance.uniform(0, 0.3))
            server.control("restart", "-m", "immediate" if number % 2 else "fast")
            crowd.result.blows["PostgreSQL restarted"] += 1
            crowd.site.start()  # the task worker may have ended with its connection
        assert crowd.site.children["web"].pid == web
    with capsys.disabled():
        print(f"\n{crowd.result}")
