"""What is cut from an image that is too large for one file.

To look at, a DeepZoom pyramid: JPEG tiles at every power of two. To compute with, its pixels: PNG tiles without loss.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from annotation.imaging.stored import encode

TILE = 512
TILES, PIXELS = "tiles", "pixels"  # the two kinds, and the folders they lie in
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


def pixel_tiles(pixels: np.ndarray) -> Iterator[tuple[int, int, bytes]]:
    """Yield (column, row, PNG) of every tile of a (rows, cols, 3) uint8 array; edge tiles are cut."""
    rows, cols, _ = pixels.shape
    for top in range(0, rows, TILE):
        for left in range(0, cols, TILE):
            tile = np.ascontiguousarray(pixels[top : top + TILE, left : left + TILE])
            yield left // TILE, top // TILE, encode(tile)


def write_tiles(source_path: str, folder: str, kinds: tuple[str, ...]) -> int:
    """Cut a PNG into files below `folder` and return their number.

    Parameters
    ----------
    source_path : str
        Our own clean copy, 8-bit RGB.
    folder : str
        Where the files go: ``tiles/<level>/<column>_<row>.jpg`` and ``pixels/<column>_<row>.png``.
    kinds : tuple of str
        Which of the two: `TILES`, `PIXELS`.

    Raises
    ------
    OSError
        If the copy cannot be decoded.

    Notes
    -----
    Memory: the file and 8 bytes/px.
    """
    try:
        pixels = imagecodecs.png_decode(Path(source_path).read_bytes())
    except imagecodecs.PngError as error:
        raise OSError("The stored image cannot be decoded.") from error
    count = 0
    if PIXELS in kinds:
        for column, row, png in pixel_tiles(pixels):
            write(Path(folder, PIXELS, f"{column}_{row}.png"), png)
            count += 1
    if TILES in kinds:
        for level, column, row, jpeg in tiles(Image.fromarray(pixels)):
            write(Path(folder, TILES, str(level), f"{column}_{row}.jpg"), jpeg)
            count += 1
    return count


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
