"""Which tiles a revision consists of, and their bytes, checked against the digest they are stored under."""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from django.core.files.storage import storages
from django.db.models import Q

from annotation.imaging.png import InvalidTile, decode_label_tile
from annotation.imaging.tiles import bands
from annotation.models import HeadTile, LabelTile
from labeler.storage import STORE_ERRORS as STORE_ERRORS  # superpixel views take it from here
from projects.models import Image

ALL_VALUES = frozenset(range(256))


class Damaged(Exception):
    """A stored tile is missing or is not what was saved; the message names it."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the label grid, in tiles."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class StoredTile:
    """A tile of a plane and the digest of its PNG."""

    plane: int
    column: int
    row: int
    blob: str

    def __str__(self):
        return f"plane {self.plane}, column {self.column}, row {self.row}"


def blob_name(image: Image, blob: str) -> str:
    """The name of a tile's PNG in the `labels` store. Blobs are never shared between images."""
    return f"{image.key}/{blob}"


def read_blob(image: Image, tile: StoredTile) -> bytes:
    """Return the stored PNG; raise `Damaged` rather than return anything but what was saved."""
    try:
        with storages["labels"].open(blob_name(image, tile.blob)) as file:
            png = file.read()
    except FileNotFoundError as error:
        raise Damaged(f"The stored label tile ({tile}) of {image} is missing.") from error
    if hashlib.sha256(png).hexdigest() != tile.blob:
        raise Damaged(f"The stored label tile ({tile}) of {image} is damaged.")
    return png


def tiles_at(numbers: dict[int, int], plane: int, region: Region | None = None) -> dict[int, list[StoredTile]]:
    """Return the tiles that many annotations consist of, each at its revision: {annotation: revision number}.

    Two queries. The head tiles are taken where the head is the revision asked for, which one statement can tell even
    while somebody saves; the others are put together of their history.
    """
    chosen = Q(plane=plane)
    if region:
        chosen &= Q(column__gte=region.column, column__lt=region.column + region.columns)
        chosen &= Q(row__gte=region.row, row__lt=region.row + region.rows)
    found: dict[int, dict[tuple[int, int], str | None]] = {}
    heads = HeadTile.objects.filter(chosen, annotation__in=numbers, tile__blob__isnull=False)
    for annotation, head, column, row, blob in heads.values_list(
        "annotation", "annotation__head", "column", "row", "tile__blob"
    ):
        if head == numbers[annotation]:
            found.setdefault(annotation, {})[column, row] = blob
    older = [annotation for annotation in numbers if annotation not in found]
    history = LabelTile.objects.filter(chosen, revision__annotation__in=older).order_by("revision__number")
    for annotation, number, column, row, blob in history.values_list(
        "revision__annotation", "revision__number", "column", "row", "blob"
    ):
        if number <= numbers[annotation]:
            found.setdefault(annotation, {})[column, row] = blob
    return {annotation: placed(plane, found.get(annotation, {})) for annotation in numbers}


def placed(plane: int, blobs: dict[tuple[int, int], str | None]) -> list[StoredTile]:
    by_row = sorted(blobs.items(), key=lambda item: (item[0][1], item[0][0]))
    return [StoredTile(plane, column, row, blob) for (column, row), blob in by_row if blob]


def pack(facts: dict, tiles: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Put tiles, (column, row, PNG), into one answer: the length of a JSON header, the header, then the PNGs."""
    tiles = list(tiles)
    places = [{"column": column, "row": row, "length": len(png)} for column, row, png in tiles]
    header = json.dumps(facts | {"tiles": places}).encode()
    return b"".join([struct.pack(">I", len(header)), header, *(png for _, _, png in tiles)])


def read_pixels(image: Image, tile: StoredTile) -> np.ndarray:
    """Return the pixels of a stored tile, (512, 512) uint8; raise `Damaged` like `read_blob`."""
    try:
        return decode_label_tile(read_blob(image, tile), ALL_VALUES)
    except InvalidTile as error:
        raise Damaged(f"The stored label tile ({tile}) of {image} cannot be read.") from error


def plane_bands(image: Image, tiles: list[StoredTile]) -> Iterator[np.ndarray]:
    """Yield a whole plane of the label grid as (≤ 512, grid width) uint8 bands from the top."""
    by_place = {(tile.column, tile.row): tile for tile in tiles}

    def read(column: int, row: int) -> np.ndarray:
        return read_pixels(image, by_place[column, row])

    return bands(image.grid_width, image.grid_height, by_place, read)
