"""Is everything that was saved still there, whole and true? What is not is named in one sentence each.

Memory stays flat: images come a few at a time, and an annotation is looked at without the pixels of its tiles. People
may save meanwhile.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from annotation.assignment import label
from annotation.export import SUBMITTED_KINDS
from annotation.imaging.png import InvalidTile, decode_label_tile
from annotation.imaging.stored import Unreadable, measure
from annotation.imaging.tiles import grid_shape, is_empty_outside
from annotation.imaging.workers import WorkerError, WorkerPool
from annotation.models import LABELS, PROVENANCE, Annotation, HeadTile, LabelTile, Revision
from annotation.reading import STORE_ERRORS, Damaged, StoredTile, read_blob
from annotation.saving import PROVENANCES, SavedTile, digest_of
from annotation.sweeping import loose_files
from annotation.thinning import thinned_numbers
from projects.models import IGNORE, UNLABELLED, Image, Project
from projects.tasks import local_copy

IMAGES_AT_ONCE = 100
State = Annotation.State
NOTHING: tuple[int, tuple] = (0, ())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be, and where."""

    problem: str
    project: str = ""
    image: str = ""
    annotation: str = ""
    revision: int | None = None
    tile: str = ""

    def __str__(self):
        places = [
            self.project and f"project {self.project}",
            self.image and f"image {self.image}",
            self.annotation and f"annotation {self.annotation}",
            f"revision {self.revision}" if self.revision is not None else "",
            self.tile and f"tile {self.tile}",
        ]
        where = ", ".join(place for place in places if place)
        return f"{where[:1].upper()}{where[1:]}: {self.problem}" if where else self.problem

    def as_json(self) -> dict:
        return asdict(self)


def images_of(project: Project | None) -> QuerySet[Image]:
    images = Image.objects.select_related("project")
    return images.filter(project=project) if project else images


def findings(
    counts: Counter,
    project: Project | None = None,
    watch: Callable[[Iterable[Image]], Iterable[Image]] = iter,
) -> Iterator[Finding]:
    """Yield what is wrong in one project, or in all of them and in the database.

    `counts` is told how much was looked at, and how many stored files nothing refers to: those do no harm. `watch` is
    laid around the images, for a bar of progress.
    """
    if project is None:
        yield from database_findings()
    pool = WorkerPool(1, settings.WORKER_MEMORY_BYTES)  # of its own: one without superpixels starts at once
    try:
        for image in watch(one_by_one(images_of(project))):
            yield from image_findings(image, counts, pool)
            counts["images"] += 1
    finally:
        pool.stop()
    keys = None if project is None else project.images.values_list("key", flat=True)
    counts["orphans"] = sum(1 for _ in loose_files(keys))


def one_by_one(rows: QuerySet) -> Iterator[Any]:
    """Yield rows by primary key, few at a time and without a transaction that stays open."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:IMAGES_AT_ONCE]):
        yield from batch
        last = batch[-1].pk


def database_findings() -> Iterator[Finding]:
    """What SQLite itself knows of its file and of rows that point nowhere. PostgreSQL lets neither happen unseen."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check")
        for (said,) in cursor.fetchall():
            if said != "ok":
                yield Finding(f"The database file is damaged: {said}.")
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, parent, _ in cursor.fetchall():
            yield Finding(f"Row {row} of the table {table} points to a row of {parent} that does not exist.")


def image_findings(image: Image, counts: Counter, pool: WorkerPool) -> Iterator[Finding]:
    """Yield what is wrong with the pixels of an image and with everything that was painted on it."""
    here = Finding("", f"“{image.project}” ({image.project_id})", f"“{image}” ({image.pk})")
    yield from pixel_findings(image, here, pool)
    for annotation in image.annotations.select_related("member__user").order_by("pk"):
        there = replace(here, annotation=f"{annotation.pk} of {annotation.author}")
        yield from seen_twice(partial(look_at_history, annotation.pk, there))
        counts["annotations"] += 1
        counts["revisions"] += annotation.revisions.count()
    yield from tile_findings(image, here, counts)


def seen_twice(look: Callable[[], list[Finding]]) -> list[Finding]:
    """Look again until twice running the same is found: whoever saved in the middle of a look left no damage."""
    found = look()
    while found and (again := look()) != found:
        found = again
    return found


# --- Pixels ----------------------------------------------------------------------------------------------------------


def pixel_findings(image: Image, here: Finding, pool: WorkerPool) -> Iterator[Finding]:
    try:
        with local_copy(image) as path:
            width, height, pixels_sha256 = pool.run(measure, str(path), seconds=settings.INGEST_SECONDS)
    except FileNotFoundError:
        yield replace(here, problem="its pixels are missing in the store.")
    except (Unreadable, WorkerError, *STORE_ERRORS) as error:
        yield replace(here, problem=f"its stored pixels cannot be read: {error}")
    else:
        if (width, height) != (image.width, image.height):
            size = f"{width} × {height} px where {image.width} × {image.height} were taken in"
            yield replace(here, problem=f"its stored pixels are {size}.")
        elif pixels_sha256 != image.pixels_sha256:
            yield replace(here, problem="its stored pixels are not those that were taken in.")


# --- History ---------------------------------------------------------------------------------------------------------


def look_at_history(pk: int, here: Finding) -> list[Finding]:
    return list(history_findings(pk, here))


def history_findings(pk: int, here: Finding) -> Iterator[Finding]:
    """Yield what does not fit together in the rows of one annotation."""
    annotation = Annotation.objects.get(pk=pk)
    revisions = {revision.number: revision for revision in annotation.revisions.defer("activity").order_by("number")}
    yield from number_findings(annotation, revisions, here)
    yield from state_findings(annotation, revisions.get(annotation.head), here)
    present: dict[tuple[int, int, int], int] = {}
    by_number = groupby(changes_of(pk), key=attrgetter("revision__number"))
    number, changed = next(by_number, NOTHING)
    for revision in revisions.values():
        tiles = []
        if number == revision.number:
            tiles = list(changed)
            number, changed = next(by_number, NOTHING)
        for tile in tiles:
            place = tile.plane, tile.column, tile.row
            present[place] = tile.pk
            if tile.blob is None:
                del present[place]
            if (tile.blob is None) != (tile.pixels_sha256 == ""):
                yield replace(here, revision=revision.number, tile=name_of(*place), problem="it is half cleared.")
        if saved_sha256(tiles) != revision.saved_sha256:
            yield replace(here, revision=revision.number, problem="its tiles are not those that were saved.")
    yield from head_findings(annotation, present, here)


def changes_of(pk: int) -> Iterator[Any]:
    """What each revision of an annotation changed, in order, read a few at a time."""
    tiles = LabelTile.objects.filter(revision__annotation=pk).order_by("revision__number")
    names = ("pk", "revision__number", "plane", "column", "row", "blob", "pixels_sha256")
    return tiles.values_list(*names, named=True).iterator(chunk_size=1000)


def saved_sha256(tiles: list[Any]) -> str:
    return digest_of([SavedTile(tile.plane, tile.column, tile.row, pixels_sha256=tile.pixels_sha256) for tile in tiles])


def number_findings(annotation: Annotation, revisions: dict[int, Revision], here: Finding) -> Iterator[Finding]:
    last = max(revisions, default=0)
    if annotation.head != last:
        yield replace(here, problem=f"its head is revision {annotation.head}, but the last one is {last}.")
    gaps = set(range(1, last)) - set(revisions)
    if gaps:
        gaps -= thinned_numbers(annotation)
    for number in sorted(gaps):
        yield replace(here, revision=number, problem="it is missing, and no record says that it was thinned.")
    for number, revision in revisions.items():
        if revision.parent >= number:
            yield replace(here, revision=number, problem=f"it says it was made from revision {revision.parent}.")


def state_findings(annotation: Annotation, head: Revision | None, here: Finding) -> Iterator[Finding]:
    """A state that the head does not bear out: waiting with labels, submitted without a ground truth, and so on."""
    right = {
        State.WAITING: head is None,
        State.IN_PROGRESS: head is not None,
        State.RETURNED: True,
        State.SUBMITTED: head is not None and head.kind in SUBMITTED_KINDS,
        State.CANNOT_BE_LABELLED: annotation.cannot_reason != "",
        State.ACCEPTED: annotation.cannot_reason != "" or (head is not None and head.kind in SUBMITTED_KINDS),
    }
    if annotation.kind == Annotation.Kind.MEMBER and not right[State(annotation.state)]:
        why = f"its last revision is a {head.get_kind_display().lower()}" if head else "it has no revision"
        if annotation.state == State.CANNOT_BE_LABELLED:
            why = "no reason is given"
        yield replace(here, problem=f"it is {label(annotation.state)}, but {why}.")


def head_findings(annotation: Annotation, present: dict, here: Finding) -> Iterator[Finding]:
    """Yield where the head tiles, by which the present labels are read, are not what the history says."""
    rows = HeadTile.objects.filter(annotation=annotation).values_list("plane", "column", "row", "tile")
    heads = {(plane, column, row): tile for plane, column, row, tile in rows}
    for place in sorted(heads.keys() | present.keys()):
        if heads.get(place) != present.get(place):
            yield replace(here, tile=name_of(*place), problem="the present tile is not the one that was saved last.")


def name_of(plane: int, column: int, row: int) -> str:
    return f"{plane}/{column}/{row}"


# --- Tiles -----------------------------------------------------------------------------------------------------------


def tile_findings(image: Image, here: Finding, counts: Counter) -> Iterator[Finding]:
    """Yield what is wrong with the stored tiles of an image, each blob read once."""
    values = image.project.categories.values_list("value", flat=True)
    allowed = {LABELS: frozenset({UNLABELLED, IGNORE, *values}), PROVENANCE: PROVENANCES}
    tiles = LabelTile.objects.filter(revision__annotation__image=image, blob__isnull=False)
    tiles = (
        tiles.select_related("revision__annotation__member__user").defer("revision__activity").order_by("blob", "pk")
    )
    for _, same in groupby(tiles.iterator(chunk_size=1000), key=attrgetter("blob")):
        rows = list(same)
        counts["tiles"] += len(rows)
        counts["blobs"] += 1
        if bad := bad_tile(image, rows, allowed):
            tile, problem = bad
            annotation = tile.revision.annotation
            others = f" So are {len(rows) - 1} more that share its file." if len(rows) > 1 else ""
            yield replace(
                here,
                annotation=f"{annotation.pk} of {annotation.author}",
                revision=tile.revision.number,
                tile=name_of(tile.plane, tile.column, tile.row),
                problem=problem + others,
            )


def bad_tile(image: Image, rows: list[LabelTile], allowed: dict[int, frozenset[int]]) -> tuple[LabelTile, str] | None:
    """Return the first of these tiles, which all have one blob, that is not right, and what is wrong with it."""
    first = rows[0]
    try:
        png = read_blob(image, StoredTile(first.plane, first.column, first.row, first.blob or ""))
        pixels = decode_label_tile(png, frozenset(range(256)))
    except (Damaged, InvalidTile, *STORE_ERRORS) as error:
        return first, str(error)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    used = frozenset(np.flatnonzero(np.bincount(pixels.ravel(), minlength=256)).tolist())
    columns, height = grid_shape(image.grid_width, image.grid_height)
    for tile in rows:
        if tile.pixels_sha256 != digest or tile.size != len(png):
            return tile, "its row does not describe the stored file."
        if not used <= allowed.get(tile.plane, used):
            return tile, f"it holds the value {min(used - allowed[tile.plane])}, which is not in use here."
        if tile.column >= columns or tile.row >= height:
            return tile, "it lies outside the image."
        if not is_empty_outside(pixels, tile.column, tile.row, image.grid_width, image.grid_height):
            return tile, "it has labels outside the image."
    return None
