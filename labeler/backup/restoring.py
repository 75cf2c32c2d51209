"""Putting a backup back: all is checked before anything is changed; files come before the rows that need them."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files import File
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from labeler.backup import databases
from labeler.backup.archive import DATABASE, MANIFEST, Facts, Unusable, check, members

STORES = ("images", "labels")


def check_target(facts: Facts, *, replace: bool) -> None:
    """Raise `Unusable` if this installation cannot or should not take the backup."""
    if facts.database != connection.vendor:
        raise Unusable(f"The backup is of {facts.server}; this installation runs on {connection.vendor}.")
    known = {".".join(name) for name in MigrationLoader(connection).disk_migrations}
    if newer := sorted(set(facts.schema) - known):
        raise Unusable(
            f"The backup was made by a newer version of Labeler ({facts.version}); this one does not know {newer[-1]}."
        )
    databases.of_connection().check()
    if replace:
        return
    if not databases.is_empty():
        raise Unusable("The database is not empty. To give up what is in it: --replace")
    for store in STORES:
        if any(listing(store)):
            raise Unusable(f"The store “{store}” is not empty. To restore into it all the same: --replace")


def listing(store: str) -> tuple[list[str], list[str]]:
    try:
        return storages[store].listdir("")
    except FileNotFoundError:
        return [], []


def restore(path: Path, *, replace: bool, tell_checked=lambda size: None, tell_done=lambda size: None) -> Facts:
    """Put a backup into this installation and bring it up to date; return what the backup said about itself."""
    facts = check(path, tell_checked)
    check_target(facts, replace=replace)
    with TemporaryDirectory(prefix="labeler-") as folder:
        dump = Path(folder, DATABASE)
        for member, content in members(path):
            if member.name == DATABASE:
                with dump.open("wb") as file:
                    shutil.copyfileobj(content, file)
            elif member.name != MANIFEST:
                store, _, name = member.name.partition("/")
                storages[store].save(name, File(content))
            tell_done(member.size)
        databases.of_connection().load(dump)
    call_command("migrate", verbosity=0, interactive=False)
    return facts
