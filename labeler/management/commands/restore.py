"""`manage.py restore FILE`: a backup back into an empty installation, then `verify`."""

from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from annotation.reading import STORE_ERRORS
from labeler.backup.archive import Unusable
from labeler.backup.restoring import restore
from labeler.management.progress import Progress


class Command(BaseCommand):
    help = "Put a backup into this installation, which must be empty, and verify it."
    requires_system_checks = ["database", "files"]  # type: ignore[assignment]  # tags, as Django has it

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="give up the present database; stored files are kept and added to"
        )

    def handle(self, *, file, replace, **options):
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        size = file.stat().st_size
        checking, copying = Progress("Checking the backup", size), Progress("Restoring", size)
        try:
            facts = restore(file, replace=replace, tell_checked=checking.add, tell_done=copying.add)
        except Unusable as problem:
            raise CommandError(str(problem)) from problem
        except (*STORE_ERRORS, DatabaseError) as error:
            raise CommandError(
                f"The backup was not restored whole: {error}. Mend that, then restore again with --replace."
            ) from error
        finally:
            checking.end()
            copying.end()
        self.stdout.write(f"Restored the backup of {facts.made}: {sum(facts.rows.values()):,} rows.")
        call_command("verify", stdout=self.stdout)
