"""A superpixel map as it travels and is kept: a grey PNG that also says how many segments it has; with its tree."""

import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.imaging import png
from annotation.imaging.superpixels import ALGORITHMS, Algorithm, ParameterError, Value, get_algorithm, segment
from annotation.imaging.superpixels.tree import DamagedMap, check_tree, encode_tree, merge_tree

__all__ = [
    "DamagedMap",
    "Piece",
    "Region",
    "SuperpixelMap",
    "check_tree",
    "count_segments",
    "encode_map",
    "superpixel_map",
    "superpixel_png",
    "warm",
    "window_for",
]

MAX_SEGMENTS = 65_535
COUNT = b"Segments\0"  # the keyword of the text chunk, which follows IHDR
COUNT_AT = len(png.SIGNATURE) + 25
WARM_PX = 64


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of an image, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an image as an encoded RGB PNG, and where its first pixel lies in the image."""

    x: int
    y: int
    png: bytes


@dataclass(frozen=True, slots=True)
class SuperpixelMap:
    """The map of a region, its merge tree as `tree.encode_tree` writes it, and how many segments it has."""

    png: bytes
    tree: bytes
    segments: int


def window_for(
    region: Region, grid_width: int, grid_height: int, algorithm: Algorithm, values: Mapping[str, Value]
) -> Region:
    """Return the part of the image that the map of a region is made from: the region and what surrounds it.

    It begins at a multiple of the algorithm's period, so that neighbouring regions see the same grid.

    Parameters
    ----------
    region : Region
    grid_width, grid_height : int
        Size of the image.
    algorithm : Algorithm
    values : mapping
        All its parameters.
    """
    halo, period = algorithm.halo(values), algorithm.period(values)
    x, width = _stretch(region.x, region.width, grid_width, halo, period)
    y, height = _stretch(region.y, region.height, grid_height, halo, period)
    return Region(x, y, width, height)


def _stretch(start: int, length: int, limit: int, halo: int, period: float) -> tuple[int, int]:
    end = min(start + length + halo, limit)
    if halo:
        start = math.floor(max(start - halo, 0) // period * period + 0.5)
    return start, end - start


def superpixel_map(
    pieces: Sequence[Piece],
    window: Region,
    region: Region,
    algorithm: str,
    implementation: str,
    values: Mapping[str, Value],
) -> SuperpixelMap:
    """Divide a region into superpixels and say how they merge. Runs in a worker.

    Parameters
    ----------
    pieces : sequence of Piece
        They cover the window; those outside it are not decoded.
    window : Region
        What the algorithm sees; see `window_for`.
    region : Region
        What the map is of, within the window. A segment that the region's border cuts may be in two parts in it.
    algorithm, implementation, values
        See `segment`.

    Raises
    ------
    ParameterError
        If there are more than 65,535 segments, too; the message says what helps.
    OSError
        If a piece cannot be decoded.
    """
    from annotation.imaging.superpixels.kernels.tree import number_in_order

    pixels = assemble(pieces, window)
    labels = segment(algorithm, pixels, implementation, **values)
    part = np.ascontiguousarray(labels[inside(window, region)])
    number, count = number_in_order(part, int(labels.max()) + 1)
    check_count(count, part.size, algorithm)
    tree = merge_tree(pixels, labels, number)
    # −1, outside, becomes 65,535.
    beyond = {side: number[outside].astype(np.uint16) for side, outside in sides(labels, window, region).items()}
    return SuperpixelMap(encode_map(number[part]), encode_tree(tree, beyond), count)


def superpixel_png(image: bytes, region: Region, algorithm: str, parameters: Mapping[str, Value]) -> bytes:
    """Divide a region of a stored image into superpixels, without its surroundings and without a tree.

    Parameters and errors are those of `superpixel_map`.
    """
    labels = segment(algorithm, assemble([Piece(0, 0, image)], region), "numba", **parameters)
    check_count(int(labels.max()) + 1, labels.size, algorithm)
    return encode_map(labels)


def assemble(pieces: Sequence[Piece], window: Region) -> np.ndarray:
    """Return the pixels of the window, (rows, cols, 3) uint8; only pieces that meet it are decoded."""
    pixels = np.empty((window.height, window.width, 3), np.uint8)
    missing = window.width * window.height
    for piece in pieces:
        width, height = png_size(piece.png)
        left, right = max(piece.x, window.x), min(piece.x + width, window.x + window.width)
        top, bottom = max(piece.y, window.y), min(piece.y + height, window.y + window.height)
        if left < right and top < bottom:
            found = decode(piece.png)[top - piece.y : bottom - piece.y, left - piece.x : right - piece.x]
            pixels[top - window.y : bottom - window.y, left - window.x : right - window.x] = found
            missing -= (right - left) * (bottom - top)
    if missing:
        raise ValueError("The pieces of the image do not cover the window exactly once.")
    return pixels


def png_size(image: bytes) -> tuple[int, int]:
    """Return width and height as the header of a PNG says."""
    try:
        return struct.unpack_from(">II", image, len(png.SIGNATURE) + 8)
    except struct.error as error:
        raise OSError("The stored image cannot be decoded.") from error


def decode(image: bytes) -> np.ndarray:
    """Return the (rows, cols, 3) uint8 pixels of a stored image; three times as fast as Pillow."""
    from annotation.imaging.superpixels.kernels.png import NotPlainRgb, decode_rgb

    try:
        return decode_rgb(image)
    except NotPlainRgb as error:
        raise OSError("The stored image cannot be decoded.") from error


def check_count(count: int, pixels: int, algorithm: str) -> None:
    """Raise ParameterError, with what helps, if there are more segments than a map can hold."""
    if count > MAX_SEGMENTS:
        advice = get_algorithm(algorithm).coarser.format(size=math.ceil(pixels / MAX_SEGMENTS))
        raise ParameterError(f"This gives {count:,} segments; at most {MAX_SEGMENTS:,} are possible. {advice}")


def sides(labels: np.ndarray, window: Region, region: Region) -> dict[str, np.ndarray]:
    """Return the labels of the pixels just outside the region, for each side on which the window goes on."""
    rows, cols = inside(window, region)
    along = {
        "left": labels[rows, cols.start - 1 : cols.start],
        "right": labels[rows, cols.stop : cols.stop + 1],
        "top": labels[rows.start - 1 : rows.start, cols],
        "bottom": labels[rows.stop : rows.stop + 1, cols],
    }
    return {side: pixels.ravel() for side, pixels in along.items() if pixels.size}


def inside(window: Region, region: Region) -> tuple[slice, slice]:
    """Return the rows and columns of the region in an array of the window."""
    x, y = region.x - window.x, region.y - window.y
    return slice(y, y + region.height), slice(x, x + region.width)


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
    header = struct.pack(">IIBBBBB", WARM_PX, WARM_PX, 8, 2, 0, 0, 0)  # 8-bit RGB
    lines = zlib.compress(bytes(WARM_PX * (1 + 3 * WARM_PX)))
    chunks = png.chunk(b"IHDR", header), png.chunk(b"IDAT", lines), png.chunk(b"IEND", b"")
    piece = Piece(0, 0, png.SIGNATURE + b"".join(chunks))
    window, region = Region(0, 0, WARM_PX, WARM_PX), Region(0, 0, WARM_PX, WARM_PX // 2)
    for name, algorithm in ALGORITHMS.items():
        for values in ({}, {"size": WARM_PX // 4}) if algorithm.count else ({},):
            superpixel_map([piece], window, region, name, "numba", algorithm.clean(values))
