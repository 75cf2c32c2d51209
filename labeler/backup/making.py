"""Making a backup: snapshot, then files, then manifest, under another name until it is whole."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from annotation.models import LabelTile
from labeler import __version__
from labeler.backup import databases
from labeler.backup.archive import DATABASE, FORMAT, Facts, Writer
from labeler.storage import sync_folder
from projects.models import Image

BLOBS = LabelTile.objects.filter(blob__isnull=False).values_list("revision__annotation__image__key", "blob").distinct()
REFERRED = {
    "images": str(Image.objects.order_by("key").values_list("key").query),
    "labels": str(BLOBS.order_by("revision__annotation__image__key", "blob").query),
}


def make(path: Path, tell=lambda done, total: None) -> Facts:
    """Write a backup to `path`; return what it holds. Nothing of that name is touched until the new one is whole."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with TemporaryDirectory(prefix=".labeler-", dir=path.parent) as scratch, private_file(partial) as file:
            facts = write(file, Path(scratch), tell)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)
    return facts


def private_file(path: Path) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    os.fchmod(file.fileno(), 0o600)  # one that was left behind may have been anybody's to read
    return file


def write(file: IO[bytes], scratch: Path, tell) -> Facts:
    database = databases.of_connection()
    names = scratch / "names"
    facts = Facts(
        format=FORMAT,
        made=timezone.now().isoformat(),
        version=__version__,
        database=connection.vendor,
        server=database.server(),
        schema=sorted(".".join(name) for name in MigrationLoader(connection).applied_migrations),
        rows={},
        missing=[],
    )
    with (scratch / "manifest").open("w+b") as lines:
        writer = Writer(file, lines)
        with database.snapshot(scratch / DATABASE) as ask:
            for table in databases.own_tables():
                facts.rows[table] = next(iter(ask(f'SELECT COUNT(*) FROM "{table}"')))[0]  # noqa: S608  (our own names)
            total = list_names(ask, names)
        with (scratch / DATABASE).open("rb") as dump:
            writer.add(DATABASE, dump, (scratch / DATABASE).stat().st_size)
        (scratch / DATABASE).unlink()
        for done, name in enumerate(read_names(names), 1):
            if problem := add_stored(writer, name):
                facts.missing.append(problem)
            tell(done, total)
        writer.finish(facts)
    return facts


def list_names(ask: databases.Ask, path: Path) -> int:
    """Write down which stored files the snapshot refers to; return how many. Later rows belong to the next backup."""
    count = 0
    with path.open("w") as file:
        for store, sql in REFERRED.items():
            for row in ask(sql):
                file.write(f"{store}/{row[0]}/{row[1] if store == 'labels' else 'image.png'}\n")
                count += 1
    return count


def read_names(path: Path) -> Iterator[str]:
    with path.open() as file:
        for text in file:
            yield text.rstrip("\n")


def add_stored(writer: Writer, name: str) -> str | None:
    """Add a stored file; return a sentence if it is missing, or not what its name says."""
    store, _, stored = name.partition("/")
    try:
        with storages[store].open(stored) as content:
            digest = writer.add(name, content, content.size)
    except FileNotFoundError:
        return f"{name} is missing."
    if store == "labels" and not name.endswith(digest):
        return f"{name} is damaged."
    return None
