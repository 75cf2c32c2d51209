"""What is made from an image's pixels for looking at it: kept in the `cache` store, made again when missing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django_tasks import task

from annotation import workers
from annotation.imaging.pyramid import write_tiles
from projects.models import Image


@task()
def make_tiles(image_id: int) -> None:
    """Make the DeepZoom tiles of an image, then its superpixel maps. Running twice does no harm."""
    from annotation.tasks import warm_superpixels  # it needs the pixels that are made here

    store_tiles(Image.objects.get(pk=image_id))
    warm_superpixels.enqueue(image_id)


def tile_name(image: Image, level: int, column: int, row: int) -> str:
    """The name of a tile in the `cache` store."""
    return f"{image.key}/tiles/{level}/{column}_{row}.jpg"


def thumbnail_name(image: Image) -> str:
    """The name of the thumbnail in the `cache` store."""
    return f"{image.key}/thumbnail.jpg"


def store_tiles(image: Image) -> None:
    """Compute every tile of an image in a worker process, put them into the `cache` store and call the image ready."""
    with local_copy(image) as path, TemporaryDirectory(prefix="labeler-") as folder:
        workers.run(write_tiles, str(path), folder, seconds=settings.INGEST_SECONDS)
        for tile in Path(folder).glob("*/*.jpg"):
            with tile.open("rb") as file:
                storages["cache"].save(f"{image.key}/tiles/{tile.parent.name}/{tile.name}", File(file))
    Image.objects.filter(pk=image.pk, status=Image.Status.PREPARING).update(status=Image.Status.READY)


@contextmanager
def local_copy(image: Image) -> Iterator[Path]:
    """The clean copy as a file that a worker process can open, whatever the store is."""
    with TemporaryDirectory(prefix="labeler-") as folder:
        path = Path(folder, "image.png")
        with storages["images"].open(image.pixels_name) as stored, path.open("wb") as file:
            shutil.copyfileobj(stored, file)
        yield path
