"""`manage.py thin_autosaves`: old autosaves that nobody can miss any more."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.thinning import thin

LEAST_DAYS = 7  # for so long a save that is sent again gets its first answer


class Command(BaseCommand):
    help = "Count old autosaves that can go without a change to any other revision; with --delete, take them out."

    def add_arguments(self, parser):
        parser.add_argument("--older-than", type=int, default=90, metavar="DAYS", help="90 by default")
        parser.add_argument("--delete", action="store_true", help="really delete; without it nothing is changed")

    def handle(self, *, older_than, delete, **options):
        if older_than < LEAST_DAYS:
            raise CommandError(f"Autosaves of the last {LEAST_DAYS} days stay: --older-than={LEAST_DAYS} or more.")
        annotations = revisions = size = 0
        for number, its_size in thin(timezone.now() - timedelta(days=older_than), delete=delete):
            annotations, revisions, size = annotations + 1, revisions + number, size + its_size
        verb = "Deleted" if delete else "Can be deleted"
        self.stdout.write(f"{verb}: {revisions:,} autosaves of {annotations:,} annotations, {size:,} bytes of tiles.")
        if delete and revisions:
            self.stdout.write("Their files go with the next: manage.py sweep --delete")
        elif revisions:
            self.stdout.write("Nothing was changed. To delete: manage.py thin_autosaves --delete")
