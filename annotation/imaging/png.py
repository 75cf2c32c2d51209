"""PNG without an image library: superpixel maps and label tiles out, label tiles in, masks as a stream.

Maps and tiles are written with filter 0 on every row: on label maps that is smaller than the adaptive filters and
faster to read (measured, docs/design.md). What comes in from a browser is read here by a few strict lines, because
no image library may see untrusted bytes in the web process. Format: PNG, ISO/IEC 15948.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from annotation.imaging.deflation import DeflateError, zlib_compress, zlib_decompress

TILE_PX = 512
TILE_MAX_BYTES = 300_000  # incompressible pixels need 262,800
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, INDEXED = 0, 3
TILE_HEADER = struct.pack(">IIBBBBB", TILE_PX, TILE_PX, 8, GREY, 0, 0, 0)


class InvalidTile(ValueError):
    """The bytes are no label tile; the message is a sentence for the person who sent them."""


def encode_grey(array: np.ndarray) -> bytes:
    """Write a grey PNG of one IDAT chunk.

    Parameters
    ----------
    array : (rows, cols) uint8 or uint16 ndarray
        Becomes 8 or 16 bits a pixel.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        If the array is of another type or shape.
    """
    if array.ndim != 2 or array.dtype not in (np.uint8, np.uint16) or not array.size:
        raise ValueError(f"A grey PNG needs a (rows, cols) uint8 or uint16 array, not {array.dtype}{array.shape}.")
    rows, cols = array.shape
    depth = array.dtype.itemsize
    lines = np.zeros((rows, 1 + cols * depth), np.uint8)
    lines[:, 1:] = array.astype(array.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, -1)
    header = struct.pack(">IIBBBBB", cols, rows, 8 * depth, GREY, 0, 0, 0)
    body = zlib_compress(lines.data)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def encode_label_tile(tile: np.ndarray) -> bytes:
    """Write one plane of a label tile, a (512, 512) uint8 ndarray, in the form `decode_label_tile` reads."""
    if tile.shape != (TILE_PX, TILE_PX) or tile.dtype != np.uint8:
        raise ValueError(f"A label tile is a (512, 512) uint8 array, not {tile.dtype}{tile.shape}.")
    return encode_grey(tile)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def decode_label_tile(data: bytes, allowed: frozenset[int]) -> np.ndarray:
    """Read a label tile, trusting nothing.

    Parameters
    ----------
    data : bytes
        A PNG of exactly the chunks IHDR, IDAT, IEND: 512 × 512, 8-bit grey, not interlaced.
    allowed : frozenset of int
        The values a pixel may have.

    Returns
    -------
    (512, 512) uint8 ndarray

    Raises
    ------
    InvalidTile
        With a sentence that says what is wrong.
    """
    header, body = read_chunks(data)
    if header != TILE_HEADER:
        raise InvalidTile("A label tile must be 512 × 512 pixels of 8-bit grey, not interlaced.")
    lines = np.frombuffer(inflate(body, TILE_PX * (TILE_PX + 1)), np.uint8).reshape(TILE_PX, TILE_PX + 1)
    pixels = unfilter(lines)
    # Four times as fast as looking values up in an array, and half of the time that is left.
    wrong = pixels.tobytes().translate(None, delete=bytes(allowed))
    if wrong:
        raise InvalidTile(f"The label tile holds the value {wrong[0]}, which is not in use here.")
    return pixels


def read_chunks(data: bytes) -> tuple[bytes, bytes]:
    """Return the bodies of IHDR and IDAT of a file that consists of them and IEND alone, checksums right."""
    if len(data) > TILE_MAX_BYTES:
        raise InvalidTile(f"A label tile is at most {TILE_MAX_BYTES:,} bytes.")
    if not data.startswith(SIGNATURE):
        raise InvalidTile("A label tile must be a PNG.")
    at, bodies = len(SIGNATURE), []
    for kind in (b"IHDR", b"IDAT", b"IEND"):
        if len(data) < at + 12:
            raise InvalidTile("The PNG of the label tile ends too early.")
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] != kind:
            raise InvalidTile("The PNG of a label tile must consist of the chunks IHDR, IDAT and IEND alone.")
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if len(data) < at:
            raise InvalidTile("The PNG of the label tile ends too early.")
        if struct.unpack_from(">I", data, at - 4) != (zlib.crc32(body, zlib.crc32(kind)),):
            raise InvalidTile("A checksum in the PNG of the label tile is wrong: it was damaged on the way.")
        bodies.append(body)
    if at != len(data) or bodies.pop():
        raise InvalidTile("The PNG of a label tile must end with an empty IEND chunk.")
    return bodies[0], bodies[1]


def inflate(body: bytes, size: int) -> bytes:
    """Inflate to exactly `size` bytes, never more, a stream with nothing after it.

    libdeflate, eight times as fast as zlib here, does not say where the stream ended. But it found the checksum of the
    content there, so if those four bytes stand at the very end and nowhere before, that was the end. Elsewhere they
    stand by accident or on purpose: then zlib says.
    """
    try:
        inflated = bytes(zlib_decompress(body, size + 1))
        at_end = body.find(struct.pack(">I", zlib.adler32(inflated))) == len(body) - 4
        goes_on = not at_end and goes_on_after_its_stream(body, size)
    except (DeflateError, zlib.error) as error:
        raise InvalidTile("The pixels of the label tile cannot be inflated: it was damaged on the way.") from error
    if len(inflated) != size:
        raise InvalidTile("The label tile inflates to another size than 512 × 512 pixels.")
    if goes_on:
        raise InvalidTile("The label tile holds more than its pixels.")
    return inflated


def goes_on_after_its_stream(body: bytes, size: int) -> bool:
    stream = zlib.decompressobj()
    stream.decompress(body, size + 1)  # one more, to reach the checksum
    return bool(stream.unused_data)


def unfilter(lines: np.ndarray) -> np.ndarray:
    """Undo the row filters of an 8-bit grey PNG: (rows, 1 + cols) uint8 with the filter type first in each row."""
    kinds, pixels = lines[:, 0], lines[:, 1:].copy()
    if kinds.max() > 4:
        raise InvalidTile("The label tile uses a row filter that PNG does not know.")
    for row in np.flatnonzero(kinds):
        line = pixels[row]
        above = pixels[row - 1] if row else np.zeros_like(line)
        if kinds[row] == 1:
            np.cumsum(line, dtype=np.uint8, out=line)
        elif kinds[row] == 2:
            line += above
        else:
            undo = undo_average if kinds[row] == 3 else undo_paeth
            line[:] = np.frombuffer(undo(line.tobytes(), above.tobytes()), np.uint8)
    return pixels


def undo_average(line: bytes, above: bytes) -> bytes:
    left, out = 0, bytearray()
    for value, up in zip(line, above, strict=True):
        left = (value + (left + up) // 2) & 255
        out.append(left)
    return bytes(out)


def undo_paeth(line: bytes, above: bytes) -> bytes:
    left = corner = 0
    out = bytearray()
    for value, up in zip(line, above, strict=True):
        to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
        nearest = left if to_left <= to_up and to_left <= to_corner else up if to_up <= to_corner else corner
        left, corner = (value + nearest) & 255, up
        out.append(left)
    return bytes(out)


def encode_indexed_rows(
    width: int, height: int, palette: Sequence[tuple[int, int, int]], bands: Iterable[bytes | memoryview | np.ndarray]
) -> Iterator[bytes]:
    """Write an 8-bit indexed PNG piece by piece, so that memory holds one band whatever the height.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    palette : sequence of (red, green, blue)
        At most 256 colours; must reach the largest value used.
    bands : iterable of bytes-like
        The rows from the top, one byte a pixel, any whole number of rows a band.

    Yields
    ------
    bytes
        Pieces of the file in order.

    Raises
    ------
    ValueError
        If the palette is empty or too long, or the bands do not add up to `height` rows.
    """
    colors = np.array(palette, np.uint8).reshape(-1, 3)
    if not 1 <= len(colors) <= 256:
        raise ValueError(f"A palette has 1 to 256 colours, not {len(colors)}.")
    yield SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, INDEXED, 0, 0, 0))
    yield chunk(b"PLTE", colors.tobytes())
    stream, missing = zlib.compressobj(6), height
    for band in bands:
        rows = np.frombuffer(band, np.uint8).reshape(-1, width)
        missing -= len(rows)
        body = stream.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())
        if body:
            yield chunk(b"IDAT", body)
    if missing:
        raise ValueError(f"The bands hold {height - missing} rows where the image has {height}.")
    yield chunk(b"IDAT", stream.flush()) + chunk(b"IEND", b"")
