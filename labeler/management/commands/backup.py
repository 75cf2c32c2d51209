"""`manage.py backup FILE`: everything that cannot be made again, in one file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from annotation.reading import STORE_ERRORS
from labeler.backup.archive import Unusable
from labeler.backup.making import make
from labeler.management.progress import Progress


class Command(BaseCommand):
    help = "Write the database, the images and the labels into one file, while people work."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file, **options):
        progress = Progress("Copying files", 0)

        def tell(done: int, total: int) -> None:
            progress.total = total
            progress.add(1)

        try:
            facts = make(file.absolute(), tell)
        except Unusable as problem:
            raise CommandError(str(problem)) from problem
        except (*STORE_ERRORS, DatabaseError) as error:
            raise CommandError(f"The backup could not be made; no file was left: {error}") from error
        finally:
            progress.end()
        for sentence in facts.missing:
            self.stdout.write(sentence)
        rows = sum(facts.rows.values())
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes, {rows:,} rows, {progress.done:,} files.")
        if facts.missing:
            raise CommandError(
                f"The backup is written, but {len(facts.missing):,} of the files that it should hold are missing or "
                "damaged here. Restore them from an earlier backup; `verify` says where they belong."
            )
