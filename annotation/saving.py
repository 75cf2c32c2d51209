"""The save protocol: a save is checked whole, its blobs are written, then one short transaction makes it real."""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.audit import record
from accounts.models import User
from accounts.requests import PersonRequest
from annotation.activity import check_activity
from annotation.assignment import Refused, check_may_label, state_after_save
from annotation.imaging.png import InvalidTile, decode_label_tile
from annotation.imaging.tiles import grid_shape, is_empty_outside
from annotation.inspecting import check_clean
from annotation.models import LABELS, PROVENANCE, Annotation, HeadTile, LabelTile, Revision
from annotation.reading import blob_name
from labeler.storage import save_all
from projects.models import IGNORE, UNLABELLED, Image

MAX_TILES = 1_000  # both planes of a 100 Mpx image painted at once are 800
PAUSES = (0.05, 0.2, 0.5)  # seconds before a transaction is tried again
PATIENCE_SECONDS = 10  # SQLite alone waits up to 20 s for its lock
Kind = Revision.Kind
KINDS = (Kind.AUTOSAVE, Kind.CHECKPOINT, Kind.GROUND_TRUTH)
AUDITED = {
    Kind.CHECKPOINT: "checkpoint saved",
    Kind.GROUND_TRUTH: "ground truth submitted",
    Kind.RESTORE: "revision restored",
}
PROVENANCES = frozenset(range(10))
SHA256 = re.compile(r"[0-9a-f]{64}\Z")
HEAD = re.compile(r'"(\d{1,9})"\Z', re.ASCII)


class Raced(Exception):
    """Somebody changed the annotation between reading and writing; look again."""


@dataclass(frozen=True, slots=True)
class SavedTile:
    """A tile that changed and the digests of its PNG and its pixels, or none of them where it was cleared.

    `png` is there only if it is still to be stored.
    """

    plane: int
    column: int
    row: int
    blob: str | None = None
    size: int = 0
    pixels_sha256: str = ""
    png: bytes | None = None

    @property
    def name(self) -> str:
        return f"{self.plane}/{self.column}/{self.row}"


@dataclass(frozen=True, slots=True)
class Save:
    """A save that was found right in itself; whether it still fits the annotation is for the transaction to say."""

    expected: int
    key: str
    kind: str
    tiles: list[SavedTile]
    activity: dict
    saved_sha256: str
    request_sha256: str
    sources: tuple[dict, ...] = ()


def check_size(request: PersonRequest) -> None:
    """Refuse a body that is too long before a byte of it is read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.SAVE_MAX_BYTES:
        raise Refused(f"A save is at most {settings.SAVE_MAX_BYTES:,} bytes. Save more often, or fewer tiles.", 413)


def parse_save(request: PersonRequest, image: Image) -> Save:
    """Read a save of the labels of `image` and check everything that can be checked without looking at the head."""
    expected = read_expected_head(request)
    key = read_idempotency_key(request)
    texts = request.POST.getlist("save")
    if len(texts) != 1:
        raise Refused("The request needs exactly one field `save` with the description of the save.", 400)
    body = read_json(texts[0])
    kind, entries, activity = body.get("kind"), body.get("tiles"), body.get("activity", {})
    if kind not in KINDS:
        raise Refused(f"The kind of a save is one of {', '.join(KINDS)}.", 400)
    check_activity(activity)
    tiles = read_tiles(entries, request.FILES, image)
    if not tiles and kind == Kind.AUTOSAVE:
        raise Refused("An autosave needs at least one changed tile.", 400)
    saved_sha256 = digest_of(tiles)
    if body.get("saved_sha256") != saved_sha256:
        raise Refused("`saved_sha256` does not match the tiles: the save was damaged on the way. Send it again.", 400)
    return Save(expected, key, kind, tiles, activity, saved_sha256, digest_of_request(texts[0], tiles))


def read_expected_head(request: PersonRequest) -> int:
    header = request.headers.get("If-Match")
    if header is None:
        raise Refused('Say which revision you changed, by `If-Match: "<revision>"`.', 428)
    match = HEAD.match(header)
    if not match:
        raise Refused('`If-Match` must be one revision number in double quotes, like "7".', 400)
    return int(match[1])


def read_idempotency_key(request: PersonRequest) -> str:
    try:
        return str(uuid.UUID(request.headers.get("Idempotency-Key", "")))
    except ValueError as error:
        raise Refused("Give the save a name of its own, by `Idempotency-Key: <uuid>`.", 400) from error


def read_json(text: str) -> dict:
    """Read a JSON object; a key named twice, NaN and bottomless nesting are refused."""

    def once(pairs: list[tuple]) -> dict:
        if len(pairs) != len(dict(pairs)):
            raise ValueError("a key named twice")
        return dict(pairs)

    try:
        body = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Refused("The field `save` must be a JSON object in which no key is named twice.", 400) from error
    if not isinstance(body, dict):
        raise Refused("The field `save` must be a JSON object.", 400)
    return body


def read_tiles(entries: object, files: MultiValueDict, image: Image) -> list[SavedTile]:
    """Return the tiles of a save, each decoded and found right."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("`tiles` must be a list of objects.", 400)
    if len(entries) > MAX_TILES:
        raise Refused(f"A save holds at most {MAX_TILES:,} tiles. Send the rest in another save.", 413)
    places = [read_place(entry, image) for entry in entries]
    if len(set(places)) != len(places):
        raise Refused("A tile is named twice in `tiles`.", 400)
    sent = ["{}/{}/{}".format(*place) for place, entry in zip(places, entries, strict=True) if not entry.get("cleared")]
    if sorted(sent) != sorted(name for name, parts in files.lists() for _ in parts):
        raise Refused("The file parts must be those of the tiles in `tiles` that are not cleared, each once.", 400)
    values = image.project.categories.values_list("value", flat=True)
    allowed = {LABELS: frozenset({UNLABELLED, IGNORE, *values}), PROVENANCE: PROVENANCES}
    return [
        read_tile(place, entry, files, image, allowed[place[0]]) for place, entry in zip(places, entries, strict=True)
    ]


def read_place(entry: dict, image: Image) -> tuple[int, int, int]:
    place: list[Any] = [entry.get(name) for name in ("plane", "column", "row")]
    plane, column, row = place
    if any(type(number) is not int for number in place) or type(entry.get("cleared", False)) is not bool:
        raise Refused("A tile needs whole numbers `plane`, `column` and `row`, and `cleared` true or false.", 400)
    if plane not in (LABELS, PROVENANCE):
        raise Refused("`plane` is 0 for labels or 1 for provenance.", 400)
    columns, rows = grid_shape(image.grid_width, image.grid_height)
    if not (0 <= column < columns and 0 <= row < rows):
        raise Refused(f"Tile {plane}/{column}/{row} lies outside the image, which is {columns} × {rows} tiles.", 400)
    return plane, column, row


def read_tile(
    place: tuple[int, int, int],
    entry: dict,
    files: MultiValueDict,
    image: Image,
    allowed: frozenset[int],
) -> SavedTile:
    tile = SavedTile(*place)
    if entry.get("cleared"):
        return tile
    file = cast(UploadedFile, files[tile.name])
    file.seek(0)
    png = file.read()
    try:
        pixels = decode_label_tile(png, allowed)
    except InvalidTile as error:
        raise Refused(f"Tile {tile.name}: {error}", 400) from error
    if not is_empty_outside(pixels, tile.column, tile.row, image.grid_width, image.grid_height):
        raise Refused(f"Tile {tile.name} has labels outside the image; they must be 0 there.", 400)
    pixels_sha256 = hashlib.sha256(pixels.data).hexdigest()
    if entry.get("pixels_sha256") != pixels_sha256:
        raise Refused(f"Tile {tile.name} does not match its `pixels_sha256`: it was damaged on the way.", 400)
    return SavedTile(*place, hashlib.sha256(png).hexdigest(), len(png), pixels_sha256, png)


def digest_of(tiles: list[SavedTile]) -> str:
    """Return the SHA-256 of a whole save: of one line a tile, sorted."""
    lines = sorted(f"{tile.name}:{tile.pixels_sha256 or 'cleared'}\n" for tile in tiles)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def digest_of_request(text: str, tiles: list[SavedTile]) -> str:
    """Return what tells one request body from another, whatever its multipart boundary."""
    lines = sorted(f"{tile.name}:{tile.blob}\n" for tile in tiles)
    return hashlib.sha256("".join([text, "\n", *lines]).encode()).hexdigest()


def save_revision(*, annotation: Annotation, by: User, save: Save) -> Revision:
    """Make `save` the next revision, or return the one that the same request made before."""
    if revision := answered_before(annotation, save):
        return revision
    check_fits(annotation, save)  # again in the transaction; here it keeps refused saves from leaving blobs
    if save.kind == Kind.GROUND_TRUTH:
        check_clean(annotation, by, save.expected, save.tiles)
    return patiently(lambda: commit(annotation.pk, by, save, write_blobs(annotation.image, save.tiles)))


def patiently(write: Callable[[], Revision]) -> Revision:
    """Run a transaction again that met a lock, a deadlock, a cut connection or a race: nothing of it was kept.

    If only the answer to its COMMIT was lost, it finds at the next try what it wrote at the first.
    """
    started = time.monotonic()
    for pause in PAUSES:
        try:
            return write()
        except (OperationalError, InterfaceError, Raced):
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            time.sleep(pause)
    return write()


def answered_before(annotation: Annotation, save: Save) -> Revision | None:
    revision = annotation.revisions.select_related("annotation").filter(idempotency_key=save.key).first()
    if revision and revision.request_sha256 != save.request_sha256:
        raise Refused("This `Idempotency-Key` was used for another save. Give each save a key of its own.", 422)
    return revision


def check_fits(annotation: Annotation, save: Save) -> None:
    check_may_label(annotation)
    if annotation.head == save.expected:
        return
    head = annotation.revisions.select_related("author").filter(number=annotation.head).first()
    raise Refused(
        f"Revision {annotation.head} was saved meanwhile. Compare it with yours and choose which one to keep.",
        412,
        head=annotation.head,
        author=head and head.author.username,
        saved_at=head and head.saved_at.isoformat(),
    )


def write_blobs(image: Image, tiles: list[SavedTile]) -> list[str]:
    """Store the PNGs under their digests; a row never points to what is not there yet. Return what was there before.

    That is written again: it heals a damaged blob, and tells `sweep` that it is wanted.
    """
    pngs = {blob_name(image, tile.blob): tile.png for tile in tiles if tile.blob and tile.png}
    return save_all(storages["labels"], pngs)


@transaction.atomic
def commit(pk: int, by: User, save: Save, found: list[str]) -> Revision:
    """Write the rows of a save whose blobs are stored: all of them, or none."""
    annotation = Annotation.objects.select_related("image__project", "member").get(pk=pk)
    if revision := answered_before(annotation, save):
        return revision
    check_fits(annotation, save)
    here = Annotation.objects.filter(pk=pk, head=save.expected, state=annotation.state)
    before = annotation.state
    annotation.state = state_after_save(before, submits=save.kind == Kind.GROUND_TRUTH)
    if here.update(head=F("head") + 1, state=annotation.state, changed_at=timezone.now()) != 1:
        raise Raced
    # `sweep` may have deleted a blob that was found: it waits for the row just changed, so from here on it cannot.
    if not all(storages["labels"].exists(name) for name in found):
        raise Raced
    revision = Revision.objects.create(
        annotation=annotation,
        number=save.expected + 1,
        author=by,
        kind=save.kind,
        parent=save.expected,
        sources=list(save.sources),
        instructions_version=annotation.image.project.instructions_version,
        activity=save.activity,
        saved_sha256=save.saved_sha256,
        idempotency_key=save.key,
        request_sha256=save.request_sha256,
    )
    write_tiles(revision, save.tiles)
    if action := AUDITED.get(Kind(save.kind)):
        new = f"{revision.number} sha256:{revision.saved_sha256}"
        record(action, annotation, actor=by, field="revision", old=str(revision.parent), new=new)
    return revision


def write_tiles(revision: Revision, tiles: list[SavedTile]) -> None:
    """Write what the revision changed, and move the head tiles to it; a cleared place has none."""
    rows = LabelTile.objects.bulk_create(
        LabelTile(
            revision=revision,
            plane=tile.plane,
            column=tile.column,
            row=tile.row,
            blob=tile.blob,
            size=tile.size,
            pixels_sha256=tile.pixels_sha256,
        )
        for tile in tiles
    )
    HeadTile.objects.bulk_create(
        (
            HeadTile(annotation_id=revision.annotation_id, plane=row.plane, column=row.column, row=row.row, tile=row)
            for row in rows
        ),
        update_conflicts=True,
        unique_fields=["annotation", "plane", "column", "row"],
        update_fields=["tile"],
    )
    if any(tile.blob is None for tile in tiles):
        HeadTile.objects.filter(annotation=revision.annotation_id, tile__revision=revision, tile__blob=None).delete()


def answer(revision: Revision) -> dict:
    """Return what the person who saved is told: the same however often the same save is sent."""
    return {
        "revision": revision.number,
        "saved_sha256": revision.saved_sha256,
        "saved_at": revision.saved_at.isoformat(),
        "state": state_of(revision),
    }


def state_of(revision: Revision) -> str:
    """Return the state that the save left its annotation in, even when it was closed since."""
    if revision.kind == Kind.GROUND_TRUTH:
        return Annotation.State.SUBMITTED
    annotation = revision.annotation
    if annotation.is_open:
        return annotation.state
    submitted_earlier = annotation.revisions.filter(kind=Kind.GROUND_TRUTH, number__lt=revision.number)
    return Annotation.State.RETURNED if submitted_earlier.exists() else Annotation.State.IN_PROGRESS
