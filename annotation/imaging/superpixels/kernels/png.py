"""Reading the PNG that ingest writes, twice as fast as libpng: libdeflate inflates, a kernel undoes the row filters.

Format: PNG, ISO/IEC 15948. Only 8-bit RGB without interlacing; a worker reads anything else by an image library.
"""

import struct
import zlib

import numpy as np

from annotation.imaging.png import SIGNATURE
from annotation.imaging.superpixels.kernels import kernel

try:
    from deflate import DeflateError as InflateError
    from deflate import zlib_decompress as inflate
except ImportError:
    InflateError = zlib.error

    def inflate(data, size):
        return zlib.decompressobj().decompress(data, size + 1)  # one more, to reach the checksum


RGB = 2
PLAIN_RGB = (8, RGB, 0, 0, 0)  # bits, colour type, compression, filter method, interlacing


class NotPlainRgb(ValueError):
    """The file is damaged or none of those that `decode_rgb` reads."""


def decode_rgb(data: bytes) -> np.ndarray:
    """Read an 8-bit RGB PNG.

    The checksums of chunks are not looked at; that of the pixels, inside the compressed stream, is.

    Returns
    -------
    (rows, cols, 3) uint8 ndarray

    Raises
    ------
    NotPlainRgb
    """
    if data[: len(SIGNATURE)] != SIGNATURE or data[12:16] != b"IHDR" or len(data) < 33:
        raise NotPlainRgb("This is no PNG.")
    cols, rows, *kind = struct.unpack_from(">IIBBBBB", data, 16)
    if tuple(kind) != PLAIN_RGB or not rows or not cols:
        raise NotPlainRgb("The PNG is not of 8-bit RGB, or interlaced.")
    size = rows * (1 + 3 * cols)
    try:
        inflated = inflate(_pixel_stream(data), size)
    except (InflateError, MemoryError) as error:
        raise NotPlainRgb("The pixels cannot be inflated.") from error
    if len(inflated) != size:
        raise NotPlainRgb("The pixels are fewer than the header says.")
    pixels = np.empty((rows, 3 * cols), np.uint8)
    if not _unfilter(np.frombuffer(inflated, np.uint8).reshape(rows, 1 + 3 * cols), pixels):
        raise NotPlainRgb("A row is filtered in a way that PNG does not know.")
    return pixels.reshape(rows, cols, 3)


def _pixel_stream(data: bytes) -> bytes | memoryview:
    """Return the bodies of all IDAT chunks, one after the other."""
    view, at, bodies = memoryview(data), len(SIGNATURE), []
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"IDAT":
            bodies.append(view[at + 8 : at + 8 + length])
        at += 12 + length
    return bodies[0] if len(bodies) == 1 else b"".join(bodies)


@kernel
def _unfilter(lines, pixels):
    """Undo the filters of (rows, 1 + width) uint8 with three bytes a pixel; return whether all of them are known."""
    rows, width = pixels.shape
    above = np.zeros(width, np.uint8)
    for y in range(rows):
        kind, coded, out = lines[y, 0], lines[y, 1:], pixels[y]
        if kind == 0:
            out[:] = coded
        elif kind == 1:
            _undo_sub(coded, out)
        elif kind == 2:
            for n in range(width):
                out[n] = coded[n] + above[n]
        elif kind == 3:
            _undo_average(coded, above, out)
        elif kind == 4:
            _undo_paeth(coded, above, out)
        else:
            return False
        above = out
    return True


@kernel
def _undo_sub(coded, out):
    out[:3] = coded[:3]
    for n in range(np.uint64(3), np.uint64(len(out))):
        out[n] = coded[n] + out[n - np.uint64(3)]


@kernel
def _undo_average(coded, above, out):
    for n in range(len(out)):
        left = np.int32(out[n - 3]) if n >= 3 else np.int32(0)
        out[n] = np.uint8(np.int32(coded[n]) + ((left + np.int32(above[n])) >> 1))


@kernel
def _undo_paeth(coded, above, out):
    """The three channels side by side, so that the processor works on one while it waits for another."""
    r, g, b = np.int32(0), np.int32(0), np.int32(0)
    corner_r, corner_g, corner_b = np.int32(0), np.int32(0), np.int32(0)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    for n in range(np.uint64(0), np.uint64(len(out)), three):
        up_r, up_g, up_b = np.int32(above[n]), np.int32(above[n + one]), np.int32(above[n + two])
        r = (np.int32(coded[n]) + _paeth(r, up_r, corner_r)) & np.int32(255)
        g = (np.int32(coded[n + one]) + _paeth(g, up_g, corner_g)) & np.int32(255)
        b = (np.int32(coded[n + two]) + _paeth(b, up_b, corner_b)) & np.int32(255)
        out[n], out[n + one], out[n + two] = np.uint8(r), np.uint8(g), np.uint8(b)
        corner_r, corner_g, corner_b = up_r, up_g, up_b


@kernel
def _paeth(left, up, corner):
    """Return whichever of three neighbours is nearest to left + up − corner, by masks instead of branches.

    (a − b − 1) >> 31 is −1, all bits, where a ≤ b, and else 0.
    """
    one, sign = np.int32(1), np.int32(31)
    to_left, to_up = up - corner, left - corner
    to_corner = abs(to_left + to_up)
    to_left, to_up = abs(to_left), abs(to_up)
    nearest = corner + ((up - corner) & ((to_up - to_corner - one) >> sign))
    is_left = ((to_left - to_up - one) >> sign) & ((to_left - to_corner - one) >> sign)
    return nearest + ((left - nearest) & is_left)
