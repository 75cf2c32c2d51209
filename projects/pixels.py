"""A part of an image's pixels, without decoding all of it: what superpixels are made from."""

from collections.abc import Hashable

from django.core.files.storage import storages

from annotation.imaging.pyramid import PIXELS, TILE
from annotation.imaging.superpixels.maps import Piece, Region
from projects.models import Image
from projects.tasks import is_tiled, pixel_tile_name, read_tiles


def pieces(image: Image, window: Region, *, owner: Hashable = None, background: bool = False) -> list[Piece]:
    """Return PNGs that together cover a window of an image, and where they lie.

    Up to 2048 px a side it is the whole image as one piece, above the tiles of 512 px that the window touches. Tiles
    that are missing are made first, in a worker process; `owner` and `background` are those of `workers.run`.

    Raises
    ------
    WorkerError
        If tiles are missing and cannot be made now.
    OSError
        If the clean copy is missing or damaged. (A store that is not the disk has errors of its own.)
    """
    if not is_tiled(image):
        with storages["images"].open(image.pixels_name) as file:
            return [Piece(0, 0, file.read())]
    columns = range(window.x // TILE, -(-(window.x + window.width) // TILE))
    rows = range(window.y // TILE, -(-(window.y + window.height) // TILE))
    places = [(column, row) for row in rows for column in columns]
    names = [pixel_tile_name(image, *place) for place in places]
    tiles = read_tiles(image, PIXELS, names, owner, background)
    return [Piece(column * TILE, row * TILE, png) for (column, row), png in zip(places, tiles, strict=True)]
