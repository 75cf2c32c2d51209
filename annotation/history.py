"""The past of an annotation: its revisions, what differs between two of them, and how one becomes the present again."""

import hashlib
from collections.abc import Iterator

import numpy as np
from django.db.models import Count, Max, Min

from accounts.models import User
from annotation.assignment import Refused
from annotation.imaging.png import TILE_PX
from annotation.models import LABELS, Annotation, LabelTile, Revision
from annotation.reading import Region, StoredTile, read_blob, read_pixels, tiles_at
from annotation.saving import Save, SavedTile, digest_of, save_revision

PAGE = 100
PREVIEW_PX = 128
Place = tuple[int, int, int]  # plane, column, row


def check_number(annotation: Annotation, number: int) -> None:
    """Raise `Refused` if there is no such revision; 0 is the empty start."""
    if number > annotation.head:
        raise Refused(f"There is no revision {number}; the last one is {annotation.head}.", 404)
    if number not in (0, annotation.head) and not annotation.revisions.filter(number=number).exists():
        raise Refused(f"Revision {number} was an autosave and was thinned out since.", 404)


def revisions_before(annotation: Annotation, number: int | None) -> list[dict]:
    """Describe at most a hundred revisions, the newest first; those before `number` if it is given."""
    revisions = annotation.revisions.select_related("author").order_by("-number")
    revisions = revisions.annotate(
        changed=Count("tiles"),
        left=Min("tiles__column"),
        right=Max("tiles__column"),
        top=Min("tiles__row"),
        bottom=Max("tiles__row"),
    )
    if number is not None:
        revisions = revisions.filter(number__lt=number)
    return [
        {
            "number": revision.number,
            "kind": revision.kind,
            "author": revision.author.username,
            "saved_at": revision.saved_at.isoformat(),
            "parent": revision.parent,
            "sources": revision.sources,
            "tiles_changed": revision.changed,
            "area": area_of(revision),
            "activity": revision.activity,
        }
        for revision in revisions[:PAGE]
    ]


def area_of(revision) -> dict | None:
    """Return the part of the label grid, in tiles, that holds everything a listed revision changed."""
    if not revision.changed:
        return None
    return {
        "column": revision.left,
        "row": revision.top,
        "columns": revision.right - revision.left + 1,
        "rows": revision.bottom - revision.top + 1,
    }


def preview(annotation: Annotation, number: int) -> np.ndarray:
    """Return every n-th pixel of every n-th row of a revision's labels: (≤ 128, ≤ 128) uint8."""
    width, height = annotation.image.grid_width, annotation.image.grid_height
    step = -(-max(width, height) // PREVIEW_PX)
    small = np.zeros((-(-height // step), -(-width // step)), np.uint8)
    for tile in tiles_at({annotation.pk: number}, LABELS)[annotation.pk]:
        row, column = (-(-place * TILE_PX // step) for place in (tile.row, tile.column))
        pixels = read_pixels(annotation.image, tile)
        sampled = pixels[row * step - tile.row * TILE_PX :: step, column * step - tile.column * TILE_PX :: step]
        part = small[row : row + sampled.shape[0], column : column + sampled.shape[1]]
        part[:] = sampled[: part.shape[0], : part.shape[1]]
    return small


def restore_revision(*, annotation: Annotation, by: User, number: int, expected: int, key: str) -> Revision:
    """Make the labels of an earlier revision the next one, by the rules of every other save.

    Raises `Damaged` if a tile that would come back is not whole.
    """
    check_number(annotation, number)
    tiles = changes(tiles_of(annotation, expected), tiles_of(annotation, number))
    for tile in tiles:
        if tile.blob:
            read_blob(annotation.image, StoredTile(tile.plane, tile.column, tile.row, tile.blob))
    save = Save(
        expected=expected,
        key=key,
        kind=Revision.Kind.RESTORE,
        tiles=tiles,
        activity={},
        saved_sha256=digest_of(tiles),
        request_sha256=hashlib.sha256(f"restore {number}".encode()).hexdigest(),
        sources=({"annotation": annotation.pk, "revision": number},),
    )
    return save_revision(annotation=annotation, by=by, save=save)


def tiles_of(annotation: Annotation, number: int) -> dict[Place, LabelTile]:
    """Return the tiles that a revision consists of, of all planes."""
    history = LabelTile.objects.filter(revision__annotation=annotation, revision__number__lte=number)
    last = {(tile.plane, tile.column, tile.row): tile for tile in history.order_by("revision__number")}
    return {place: tile for place, tile in last.items() if tile.blob}


def changes(before: dict[Place, LabelTile], after: dict[Place, LabelTile]) -> list[SavedTile]:
    """Return what must be saved upon `before` to get `after`."""
    cleared = [SavedTile(*place) for place in before.keys() - after.keys()]
    written = [
        SavedTile(*place, tile.blob, tile.size, tile.pixels_sha256)
        for place, tile in after.items()
        if place not in before or before[place].pixels_sha256 != tile.pixels_sha256
    ]
    return sorted([*cleared, *written], key=lambda tile: (tile.plane, tile.row, tile.column))


def differences(
    annotation: Annotation, first: int, second: int, plane: int, region: Region
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield (column, row, (512, 512) bool ndarray) for each tile in which two revisions differ: true where they do."""
    before, after = (
        {(tile.column, tile.row): tile for tile in tiles_at({annotation.pk: number}, plane, region)[annotation.pk]}
        for number in (first, second)
    )

    def pixels(tile: StoredTile | None) -> np.ndarray:
        return read_pixels(annotation.image, tile) if tile else np.zeros((512, 512), np.uint8)

    for column, row in sorted(before.keys() | after.keys(), key=lambda place: (place[1], place[0])):
        old, new = before.get((column, row)), after.get((column, row))
        if old and new and old.blob == new.blob:
            continue
        differs = pixels(old) != pixels(new)
        if differs.any():
            yield column, row, differs
