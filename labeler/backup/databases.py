"""Snapshots of the two databases, and putting one back whole or not at all."""

# ruff: noqa: S603  (PostgreSQL's own programs do this; names and arguments are ours, none goes through a shell)

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction

from accounts import guard
from labeler.backup.archive import Unusable

Ask = Callable[[str], Iterator[tuple]]  # answers a statement of SQL with rows of the snapshot
IN_USE = "The database is in use. Stop Labeler, its task worker too, and restore again. Nothing was changed in it."
LOCK_SECONDS = 10


def own_tables() -> list[str]:
    """The tables of this installation that there are."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted({*tables, "django_migrations"} & set(connection.introspection.table_names()))


def is_empty() -> bool:
    """Has this database nothing in it that could be lost: no tables at all, or ours without people?"""
    tables = connection.introspection.table_names()
    people = apps.get_model("accounts", "User")
    return not tables or (people._meta.db_table in tables and not people.objects.exists())


# --- SQLite ----------------------------------------------------------------------------------------------------------


class SQLite:
    """By the backup interface of SQLite, which works beside people who save."""

    def check(self) -> None:
        """Nothing is needed that Python does not bring."""

    def server(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    @contextmanager
    def snapshot(self, path: Path) -> Iterator[Ask]:
        connection.ensure_connection()
        with closing(sqlite3.connect(path)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing left beside it
            yield copy.execute

    def load(self, path: Path) -> None:
        """Replace the content of the database in one transaction, also under open connections."""
        connection.close()
        name = str(connection.settings_dict["NAME"])
        with closing(sqlite3.connect(path)) as copy, closing(sqlite3.connect(name, timeout=LOCK_SECONDS)) as database:
            try:
                copy.backup(database)
            except sqlite3.OperationalError as error:
                raise Unusable(
                    IN_USE if "locked" in str(error) else f"The database cannot be written: {error}."
                ) from error


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


class PostgreSQL:
    """By pg_dump, pg_restore and psql, which must not be older than the server."""

    def check(self) -> None:
        for name in ("pg_dump", "pg_restore", "psql"):
            self.program(name)

    def server(self) -> str:
        return f"PostgreSQL {self.version()}"

    def version(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            return int(cursor.fetchone()[0]) // 10_000

    def program(self, name: str) -> str:
        """Where a program lies that fits the server."""
        version = self.version()
        for path in (f"/usr/lib/postgresql/{version}/bin/{name}", shutil.which(name)):
            if path and os.access(path, os.X_OK) and major_version(path) >= version:
                return path
        raise Unusable(
            f"{name} of PostgreSQL {version} or newer is needed, as the server is: "
            f"sudo apt-get install postgresql-client-{version}"
        )

    def command(self, name: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """The words and the environment that run a program on our database; the password is in the latter alone."""
        words, secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, list(arguments))
        return [self.program(name), *words[1:]], os.environ | (secrets or {}) | {"PGCONNECT_TIMEOUT": "10"}

    @contextmanager
    def snapshot(self, path: Path) -> Iterator[Ask]:
        """Dump what one transaction sees; the same transaction answers."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [number] = cursor.fetchone()
            words = ["-w", "-Fc", "--no-owner", "--no-privileges", f"--snapshot={number}", f"--file={path}"]
            command, environment = self.command("pg_dump", *words)
            run = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
            if run.returncode:
                raise Unusable(f"pg_dump could not read the database: {last_line(run.stderr)}")
            yield self.ask

    def ask(self, sql: str) -> Iterator[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            while rows := cursor.fetchmany(1000):
                yield from rows

    def load(self, path: Path) -> None:
        """Replace our tables by those of a dump in one transaction."""
        first = [f"SET lock_timeout = '{LOCK_SECONDS}s';"]
        first += [f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)} CASCADE;" for table in own_tables()]
        first += [f"DROP FUNCTION IF EXISTS {guard.FUNCTION}() CASCADE;"]  # of the triggers that went with the tables
        words = ["-w", "-X", "-q", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        psql, environment = self.command("psql", *words)
        reading = [self.program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(path)]
        connection.close()
        with subprocess.Popen(psql, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as writing:
            assert writing.stdin
            assert writing.stderr
            writing.stdin.write("\n".join([*first, ""]).encode())
            writing.stdin.flush()
            read = subprocess.run(reading, stdout=writing.stdin, stderr=subprocess.PIPE, text=True)
            if read.returncode:
                writing.kill()
            writing.stdin.close()
            said = writing.stderr.read().decode(errors="replace")
        if "lock timeout" in said:
            raise Unusable(IN_USE)
        if read.returncode or writing.returncode:
            raise Unusable(f"PostgreSQL did not take the backup: {last_line(said or read.stderr)}")


def major_version(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"(\d+)(\.|devel|beta|rc|\s|$)", said)
    return int(found[1]) if found else 0


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason."


def of_connection() -> SQLite | PostgreSQL:
    return SQLite() if connection.vendor == "sqlite" else PostgreSQL()
