"""DeepZoom pyramids: JPEG tiles of an image at every power of two, for looking at what is too large for one file."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

TILE = 512
# 4:4:4, because stains differ in colour more than in brightness.
JPEG: dict[str, Any] = {"format": "JPEG", "quality": 92, "subsampling": 0}


def max_level(width: int, height: int) -> int:
    """The level of full resolution, ``ceil(log2(max(width, height)))``; level 0 is one pixel."""
    return (max(width, height) - 1).bit_length()


def level_tiles(width: int, height: int, level: int) -> tuple[int, int]:
    """Columns and rows of tiles at `level` of an image of `width` × `height` px; (0, 0) when there is no such level."""
    shrink = max_level(width, height) - level
    if level < 0 or shrink < 0:
        return 0, 0
    return -(-width // (TILE << shrink)), -(-height // (TILE << shrink))


def tiles(image: Image.Image) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield (level, column, row, JPEG) of every tile, full resolution first; edge tiles are cut, overlap is 0.

    Each level is the one above it, averaged over blocks of 2 × 2 px (a box filter), sizes rounded up.
    """
    for level in range(max_level(*image.size), -1, -1):
        for top in range(0, image.height, TILE):
            for left in range(0, image.width, TILE):
                box = (left, top, min(left + TILE, image.width), min(top + TILE, image.height))
                buffer = io.BytesIO()
                image.crop(box).save(buffer, **JPEG)
                yield level, left // TILE, top // TILE, buffer.getvalue()
        image = image.reduce(2)


def write_tiles(source_path: str, folder: str) -> int:
    """Write the pyramid of a PNG as ``<level>/<column>_<row>.jpg`` below `folder` and return the number of tiles.

    Memory: the decoded image (4 bytes/px) and a quarter of it.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own clean copy, whose size was checked at ingest
    count = 0
    with Image.open(source_path, formats=["PNG"]) as image:
        image.load()
        for level, column, row, jpeg in tiles(image):
            path = Path(folder, str(level), f"{column}_{row}.jpg")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(jpeg)
            count += 1
    return count
