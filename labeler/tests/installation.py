"""A whole installation for one test: stores and a database of its own, driven by real commands in real processes."""

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings

# Of the suite's own surroundings nothing may reach the programs under test.
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
    "DJANGO_SETTINGS_MODULE",
    "S3_BUCKET",
    "S3_ENDPOINT_URL",
    "S3_REGION",
    "S3_ADDRESSING_STYLE",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Installation:
    """On SQLite, or on a PostgreSQL server: the suite's, or another one. Use it in a `with` statement."""

    def __init__(self, folder: Path, *, server: str = "", **variables: str):
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.server = server or os.environ.get("TEST_DATABASE_URL", "")
        self.database = f"labeler_{secrets.token_hex(6)}"
        self.is_sqlite = not self.server.startswith("postgres")
        self.url = f"sqlite:///{self.data}/labeler.sqlite3"
        if not self.is_sqlite:
            self.url = f"{self.server.rsplit('/', 1)[0]}/{self.database}"
        self.environment = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "labeler.settings",
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.url,
            "SECRET_KEY": "of a test",
            **variables,
        }

    def __enter__(self):
        self._on_server(f"CREATE DATABASE {self.database}")
        return self

    def __exit__(self, *error):
        self._on_server(f"DROP DATABASE {self.database} WITH (FORCE)")

    def _on_server(self, statement: str) -> None:
        if not self.is_sqlite:
            with closing(psycopg2.connect(self.server)) as server:
                server.autocommit = True
                server.cursor().execute(statement)

    def run(self, *words: str, code: int | None = 0) -> str:
        """Run Python with these words and return what it said; it must end with `code`, if one is given."""
        command = [sys.executable, *words]
        ran = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, timeout=300
        )
        said = ran.stdout + ran.stderr
        assert code is None or ran.returncode == code, f"{command} ended with {ran.returncode}:\n{said}"
        return said

    def manage(self, *words: str, code: int | None = 0) -> str:
        return self.run("manage.py", *words, code=code)

    def seed(self, *words: str) -> dict:
        """Migrate and fill it; see `seed`."""
        self.manage("migrate", "--verbosity=0")
        said = self.run("-m", "labeler.tests.seed", *words)
        return json.loads(next(text for text in said.splitlines() if text.startswith("{")))

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A cursor on the database, whose changes are kept."""
        connect = sqlite3.connect if self.is_sqlite else psycopg2.connect
        place = self.data / "labeler.sqlite3" if self.is_sqlite else self.url
        with closing(connect(place)) as database:
            cursor = database.cursor()
            yield cursor
            database.commit()

    def ask(self, sql: str) -> list[tuple]:
        with self.connected() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def execute(self, sql: str) -> None:
        with self.connected() as cursor:
            cursor.execute(sql)

    def files(self, store: str) -> dict[str, Path]:
        """What lies in a store on disk: {name: path}."""
        root = self.data / store
        return {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if path.is_file()}
