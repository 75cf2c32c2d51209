"""Compression by libdeflate, which is faster than zlib and smaller, or by zlib where it is not installed."""

import gzip
import zlib

try:
    import deflate
except ImportError:
    deflate = None  # type: ignore[assignment]

LEVEL = 6


def zlib_compress(data: bytes | memoryview) -> bytes:
    return bytes(deflate.zlib_compress(data, LEVEL)) if deflate else zlib.compress(data, LEVEL)


def gzip_compress(data: bytes) -> bytes:
    """Compress without the time of day, so that the same data gives the same bytes."""
    return bytes(deflate.gzip_compress(data, LEVEL)) if deflate else gzip.compress(data, LEVEL, mtime=0)
