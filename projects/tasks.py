"""What is made from an image's pixels: kept in the `cache` store, made again when it is missing or damaged."""

import logging
import shutil
import struct
import zlib
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django_tasks import task

from annotation import workers
from annotation.alone import Alone
from annotation.imaging.png import SIGNATURE
from annotation.imaging.pyramid import PIXELS, TILES, write_tiles
from labeler.storage import STORE_ERRORS
from projects.models import Image

WHOLE_SIDE = 2048  # px; of larger images a part is seen and had without decoding all of it
logger = logging.getLogger(__name__)
alone = Alone(workers.places)


@task()
def make_tiles(image_id: int) -> None:
    """Make all tiles of an image, then its superpixel maps. Running twice does no harm."""
    from annotation.tasks import warm_superpixels  # it needs the pixels that are made here

    image = Image.objects.get(pk=image_id)
    store_tiles(image)
    warm_superpixels.enqueue(image_id)


def is_tiled(image: Image) -> bool:
    """Is the image too large to be shown as one file, and to be decoded whole for a part of it?"""
    return max(image.width, image.height) > WHOLE_SIDE


def tile_name(image: Image, level: int, column: int, row: int) -> str:
    """The name of a tile in the `cache` store."""
    return f"{image.key}/{TILES}/{level}/{column}_{row}.jpg"


def pixel_tile_name(image: Image, column: int, row: int) -> str:
    """The name of a lossless tile in the `cache` store."""
    return f"{image.key}/{PIXELS}/{column}_{row}.png"


def thumbnail_name(image: Image) -> str:
    """The name of the thumbnail in the `cache` store."""
    return f"{image.key}/thumbnail.jpg"


def store_tiles(image: Image) -> None:
    """Make all tiles of an image in a worker process and put those that are missing into the `cache` store."""
    kinds = TILES, PIXELS
    with made_tiles(image, kinds) as made:
        keep_tiles(image, kinds, made)


@contextmanager
def made_tiles(
    image: Image, kinds: tuple[str, ...], owner: Hashable = None, background: bool = False
) -> Iterator[dict[str, Path]]:
    """Make tiles in a worker process; yields, by their names in the `cache` store, files that are soon gone.

    `owner` and `background` are those of `workers.run`.
    """
    with local_copy(image) as path, TemporaryDirectory(prefix="labeler-") as folder:
        arguments = str(path), folder, kinds
        workers.run(write_tiles, *arguments, seconds=settings.INGEST_SECONDS, owner=owner, background=background)
        tiles = Path(folder).rglob("*.*")
        yield {f"{image.key}/{tile.relative_to(folder).as_posix()}": tile for tile in tiles}


def keep_tiles(image: Image, kinds: tuple[str, ...], made: dict[str, Path]) -> None:
    """Put tiles that are missing into the `cache` store. An image whose viewing tiles are there is ready."""
    store = storages["cache"]
    for name, path in made.items():
        if not store.exists(name):
            with path.open("rb") as file:
                store.save(name, File(file))
    if TILES in kinds:
        Image.objects.filter(pk=image.pk, status=Image.Status.PREPARING).update(status=Image.Status.READY)


def read_tiles(
    image: Image, kind: str, names: list[str], owner: Hashable = None, background: bool = False
) -> list[bytes]:
    """Return tiles of one kind from the `cache` store. If one is missing, all of the kind are made, by one who asks.

    They are answered even if they cannot be kept.

    Raises
    ------
    WorkerError
        If they cannot be made now; WorkerBusy at once where `background` work would keep anybody waiting.
    OSError
        If the clean copy is missing or damaged.
    """
    tiles = kept_all(names)
    if tiles is None:
        with alone((image.key, kind), seconds=settings.INGEST_SECONDS, owner=owner, wait=not background):
            tiles = kept_all(names)
            if tiles is None:
                with made_tiles(image, (kind,), owner, background) as made:
                    tiles = [made[name].read_bytes() for name in names]
                    try:
                        keep_tiles(image, (kind,), made)
                    except STORE_ERRORS as error:
                        logger.warning("Tiles of image %s could not be kept: %s", image.pk, error)
    return tiles


def kept_all(names: list[str]) -> list[bytes] | None:
    """Return pictures from the `cache` store, or None if one is not there; all damaged ones are deleted."""
    tiles = [tile for name in names if (tile := kept(name)) is not None]
    return tiles if len(tiles) == len(names) else None


def kept(name: str) -> bytes | None:
    """Return a picture from the `cache` store, or None if it is not there; a damaged one is deleted."""
    store = storages["cache"]
    try:
        with store.open(name) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    if is_whole(data):
        return data
    logger.warning("%s in the cache is damaged and made again.", name)
    with suppress(*STORE_ERRORS):  # one that stays is made again each time
        store.delete(name)
    return None


def is_whole(data: bytes) -> bool:
    """Is this a PNG whose checksums are right, or a JPEG from its beginning to its end?"""
    if not data.startswith(SIGNATURE):
        return data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")
    at, kind = len(SIGNATURE), b""
    while at + 12 <= len(data) and kind != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        kind, checked = data[at + 4 : at + 8], memoryview(data)[at + 4 : at + 8 + length]
        at += 12 + length
        if at > len(data) or struct.unpack_from(">I", data, at - 4) != (zlib.crc32(checked),):
            return False
    return kind == b"IEND"


@contextmanager
def local_copy(image: Image) -> Iterator[Path]:
    """The clean copy as a file that a worker process can open, whatever the store is."""
    with TemporaryDirectory(prefix="labeler-") as folder:
        path = Path(folder, "image.png")
        with storages["images"].open(image.pixels_name) as stored, path.open("wb") as file:
            shutil.copyfileobj(stored, file)
        yield path
