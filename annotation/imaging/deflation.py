"""Compression by libdeflate where it is installed, else by zlib: the same formats, several times slower."""

import gzip
import zlib

try:
    import deflate
except ImportError:
    deflate = None  # type: ignore[assignment]

DeflateError: type[Exception] = deflate.DeflateError if deflate else zlib.error


def zlib_compress(data: bytes | memoryview) -> bytes:
    return bytes(deflate.zlib_compress(data, 6)) if deflate else zlib.compress(data, 6)


def gzip_compress(data: bytes) -> bytes:
    """Compress without the time of day, so that the same data give the same bytes."""
    return bytes(deflate.gzip_compress(data, 6)) if deflate else gzip.compress(data, 6, mtime=0)


def zlib_decompress(data: bytes, size: int) -> bytes | bytearray:
    """Inflate to at most `size` bytes; raise DeflateError if there would be more, or the stream is not whole."""
    if deflate:
        return deflate.zlib_decompress(data, size)
    stream = zlib.decompressobj()
    inflated = stream.decompress(data, size + 1)  # one more, to reach the checksum
    if len(inflated) > size or not stream.eof:
        raise zlib.error("The stream ends too early, or its content is larger than it may be.")
    return inflated
