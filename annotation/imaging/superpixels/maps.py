"""A superpixel map as it travels and is kept: a grey PNG that also says how many segments it has."""

import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from annotation.imaging import png
from annotation.imaging.superpixels import ALGORITHMS, ParameterError, get_algorithm, segment

MAX_SEGMENTS = 65_535
COUNT = b"Segments\0"  # the keyword of the text chunk, which follows IHDR
COUNT_AT = len(png.SIGNATURE) + 25


class DamagedMap(ValueError):
    """The bytes are not, or no longer, the map that was asked for."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of an image, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Piece:
    """An encoded part of an image and where its upper left corner lies, in pixels."""

    x: int
    y: int
    png: bytes


def superpixel_png(image: bytes, region: Region, algorithm: str, parameters: dict[str, float]) -> bytes:
    """Divide a region of a stored image into superpixels. Runs in a worker; see `segment` for the parameters.

    Raises
    ------
    ParameterError
        If there are more than 65,535 segments, too; the message says what helps.
    OSError
        If the image cannot be decoded.
    """
    pixels = decode(image)[region.y : region.y + region.height, region.x : region.x + region.width]
    labels = segment(algorithm, pixels, **parameters)
    count = int(labels.max()) + 1
    if count > MAX_SEGMENTS:
        advice = get_algorithm(algorithm).coarser.format(size=math.ceil(labels.size / MAX_SEGMENTS))
        raise ParameterError(f"This gives {count:,} segments; at most {MAX_SEGMENTS:,} are possible. {advice}")
    return encode_map(labels)


def decode(image: bytes) -> np.ndarray:
    """Return the (rows, cols, 3) uint8 pixels of a stored image; twice as fast as Pillow."""
    import imagecodecs  # only workers need it

    try:
        return imagecodecs.png_decode(image)
    except (imagecodecs.PngError, ValueError) as error:
        raise OSError("The stored image cannot be decoded.") from error


def encode_map(labels: np.ndarray) -> bytes:
    """Write a (rows, cols) int32 map of at most 65,535 segments: 8 bits a pixel up to 256 segments, else 16."""
    count = int(labels.max()) + 1
    data = png.encode_grey(labels.astype(np.uint8 if count <= 256 else np.uint16))
    return data[:COUNT_AT] + png.chunk(b"tEXt", COUNT + str(count).encode()) + data[COUNT_AT:]


def count_segments(data: bytes, width: int, height: int) -> int:
    """Return how many segments a map has that `encode_map` wrote; raise DamagedMap if it is not whole or of that size.

    Checks every checksum and inflates nothing.
    """
    bodies, at = {}, len(png.SIGNATURE)
    while data.startswith(png.SIGNATURE) and at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
        if at > len(data) or struct.unpack_from(">I", data, at - 4) != (zlib.crc32(body, zlib.crc32(kind)),):
            raise DamagedMap("A checksum is wrong.")
        bodies[kind] = body
    if list(bodies) != [b"IHDR", b"tEXt", b"IDAT", b"IEND"] or at != len(data):
        raise DamagedMap("The file does not consist of the chunks of a superpixel map.")
    if struct.unpack_from(">II", bodies[b"IHDR"]) != (width, height):
        raise DamagedMap("The map has another size.")
    return int(bodies[b"tEXt"].removeprefix(COUNT))


def warm() -> None:
    """Load the libraries and the compiled kernels, so that the first request of a new worker is as fast as others."""
    import imagecodecs

    image = imagecodecs.png_encode(np.zeros((8, 8, 3), np.uint8))
    for algorithm in ALGORITHMS:
        superpixel_png(bytes(image), Region(0, 0, 8, 8), algorithm, {})
