"""Painting over HTTP: a whole array of labels is saved through the real view, as the editor would."""

import hashlib
import json
import uuid

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.imaging.png import encode_label_tile
from annotation.imaging.tiles import split
from annotation.models import Annotation

BRUSH = 1
PLACE = (0, 0, 0)
ONES = np.pad(np.ones((40, 50), np.uint8), ((0, 472), (0, 462)))


def digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()


def tile_entry(plane: int, column: int, row: int, pixels: np.ndarray | None) -> dict:
    """What the field `save` says about one tile; None clears it."""
    place = {"plane": plane, "column": column, "row": row}
    return place | ({"cleared": True} if pixels is None else {"cleared": False, "pixels_sha256": digest(pixels)})


def saved_sha256(entries: list[dict]) -> str:
    lines = sorted(
        "{plane}/{column}/{row}".format(**entry) + f":{entry.get('pixels_sha256') or 'cleared'}\n" for entry in entries
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def label_tile(pixels: np.ndarray) -> SimpleUploadedFile:
    """A (512, 512) uint8 label tile as a part of a form."""
    return SimpleUploadedFile("tile.png", encode_label_tile(pixels), "image/png")


def save_form(tiles: dict[tuple[int, int, int], np.ndarray | None], kind: str = "checkpoint", /, **fields) -> dict:
    """The multipart form of a save: {(plane, column, row): pixels or None}; `fields` go into the JSON as they are."""
    entries = [tile_entry(*place, pixels) for place, pixels in tiles.items()]
    body = {"kind": kind, "saved_sha256": saved_sha256(entries), "tiles": entries, "activity": {}} | fields
    parts = {"{}/{}/{}".format(*place): label_tile(pixels) for place, pixels in tiles.items() if pixels is not None}
    return {"save": json.dumps(body)} | parts


def valid() -> dict:
    return save_form({PLACE: ONES})


def upon(head: int, key: str | None = None) -> dict[str, str]:
    """The headers of a save that was made from revision `head`."""
    return {"If-Match": f'"{head}"', "Idempotency-Key": key or str(uuid.uuid4())}


def send(client, annotation: Annotation, form: dict, *, head: int | None = None, key: str | None = None):
    """Post a form of `save_form`; by default it was made from the current head."""
    annotation.refresh_from_db()
    headers = upon(annotation.head if head is None else head, key)
    return client.post(reverse("revisions", args=[annotation.pk]), form, headers=headers)


def save_labels(client, annotation: Annotation, array: np.ndarray, kind: str = "checkpoint"):
    """Save a whole (height, width) uint8 array of category values, painted with the brush; the client is logged in.

    Tiles without labels are cleared. Returns the response.
    """
    tiles = {}
    for (column, row), pixels in split(array).items():
        tiles[0, column, row] = pixels if pixels.any() else None
        tiles[1, column, row] = np.where(pixels, np.uint8(BRUSH), np.uint8(0)) if pixels.any() else None
    response = send(client, annotation, save_form(tiles, kind))
    annotation.refresh_from_db()
    return response
