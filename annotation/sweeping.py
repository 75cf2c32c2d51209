"""Stored files that no row refers to: what a save that was cut off leaves behind. Found, counted and, if told, deleted.

A file is written before the row that refers to it, so a young file without a row may belong to a save or an upload that
is just being made: only what is older than `KEPT_HOURS` is deleted. An old one may be taken up again by a save of the
same pixels; so deletion and `saving.commit` wait for each other by the lock on the annotations of the image, and each
looks again under it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, islice
from operator import attrgetter

from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from annotation.models import Annotation, LabelTile
from projects.models import Image

KEPT_HOURS = 48
AT_ONCE = 20  # files deleted under one lock, while saves of that image wait
KEY = re.compile(r"[0-9a-f]{32}\Z")  # other folders, such as lost+found, are not ours


@dataclass(frozen=True, slots=True)
class LooseFile:
    """A stored file that no row refers to."""

    store: str
    key: str
    file: str

    @property
    def name(self) -> str:
        return f"{self.key}/{self.file}"

    @property
    def size(self) -> int:
        return storages[self.store].size(self.name)

    @property
    def is_old(self) -> bool:
        return storages[self.store].get_modified_time(self.name) < timezone.now() - timedelta(hours=KEPT_HOURS)


def loose_files(keys: Iterable[str] | None = None) -> Iterator[LooseFile]:
    """Yield what no row refers to, of the images with these keys or of everything in the two precious stores."""
    keys = None if keys is None else list(keys)
    for store in ("images", "labels"):
        for key in keys if keys is not None else folders(store):
            files = files_of(store, key)  # listed before the rows are asked, since rows come last
            yield from (LooseFile(store, key, file) for file in sorted(files - referred(store, key)))


def folders(store: str) -> list[str]:
    try:
        return sorted(name for name in storages[store].listdir("")[0] if KEY.match(name))
    except FileNotFoundError:  # a store of which nothing was used yet
        return []


def files_of(store: str, key: str) -> set[str]:
    try:
        return set(storages[store].listdir(key)[1])
    except FileNotFoundError:
        return set()


def referred(store: str, key: str) -> set[str]:
    """Return which files of the image with this key rows refer to."""
    if store == "images":
        return {image.pixels_name.partition("/")[2] for image in Image.objects.filter(key=key)}
    tiles = LabelTile.objects.filter(revision__annotation__image__key=key, blob__isnull=False)
    return {blob for blob in tiles.values_list("blob", flat=True).distinct() if blob}


def sweep(*, delete: bool) -> Iterator[tuple[LooseFile, int, bool]]:
    """Yield every loose file with its size in bytes and whether it is old enough to go; delete those if told."""
    for (store, key), group in groupby(loose_files(), key=attrgetter("store", "key")):
        while files := list(islice(group, AT_ONCE)):
            found = [(file, *facts) for file in files if (facts := facts_of(file))]
            old = [file for file, _, is_old in found if is_old]
            if delete and old:
                gone = delete_loose(store, key, old)
                found = [(file, size, file in gone) for file, size, _ in found]
            yield from found


def facts_of(file: LooseFile) -> tuple[int, bool] | None:
    """Return size and age, or None of a temporary file that was renamed meanwhile."""
    try:
        return file.size, file.is_old
    except FileNotFoundError:
        return None


@transaction.atomic
def delete_loose(store: str, key: str, files: list[LooseFile]) -> set[LooseFile]:
    """Delete those of the files, all of one image, that still are loose and old; return them."""
    list(Image.objects.select_for_update().filter(key=key).values_list("pk"))
    list(Annotation.objects.select_for_update().filter(image__key=key).order_by("pk").values_list("pk"))
    here = referred(store, key)
    gone = {file for file in files if file.file not in here and (facts := facts_of(file)) and facts[1]}
    for file in gone:
        storages[store].delete(file.name)
    return gone
