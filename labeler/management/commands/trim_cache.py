"""`manage.py trim_cache`: what otherwise happens by itself when the cache has grown beyond its limit."""

from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError

from labeler.storage import CacheStorage


class Command(BaseCommand):
    help = "Remove the least recently used files of the cache until 90 % of CACHE_MAX_BYTES are left."

    def handle(self, **options):
        store = storages["cache"]
        if not isinstance(store, CacheStorage):
            raise CommandError("The cache lies in a bucket: a lifecycle rule of the bucket keeps it small (README).")
        done = store.trim()
        limit = f"of at most {store.max_bytes / 1e9:.2f} GB"
        if done.files:
            self.stdout.write(f"Removed {done.files:,} files ({done.size / 1e9:.2f} GB).")
        else:
            self.stdout.write("Nothing had to be removed.")
        self.stdout.write(f"The cache holds {done.left / 1e9:.2f} GB {limit}.")
