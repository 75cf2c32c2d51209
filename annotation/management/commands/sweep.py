"""`manage.py sweep`: stored files that nothing refers to, and how much room they take."""

from collections import Counter

from django.core.management.base import BaseCommand

from annotation.sweeping import KEPT_HOURS, sweep


class Command(BaseCommand):
    help = f"Count stored files that nothing refers to; with --delete, delete those older than {KEPT_HOURS} hours."

    def add_arguments(self, parser):
        parser.add_argument("--delete", action="store_true", help="really delete; without it nothing is changed")

    def handle(self, *, delete, **options):
        files: Counter[bool] = Counter()
        sizes: Counter[bool] = Counter()
        for _, size, goes in sweep(delete=delete):
            files[goes] += 1
            sizes[goes] += size
        verb = "Deleted" if delete else "Can be deleted"
        self.stdout.write(f"{verb}: {files[True]:,} files that nothing refers to, {sizes[True]:,} bytes.")
        self.stdout.write(f"Too young to judge: {files[False]:,} files, {sizes[False]:,} bytes.")
        if files[True] and not delete:
            self.stdout.write("Nothing was changed. To delete: manage.py sweep --delete")
