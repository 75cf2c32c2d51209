"""Compression by libdeflate where it is installed, else by zlib: the same formats, several times slower."""

import gzip
import zlib

try:
    from deflate import DeflateError, gzip_compress, zlib_compress, zlib_decompress
except ImportError:
    DeflateError, zlib_compress = zlib.error, zlib.compress

    def gzip_compress(data: bytes, level: int) -> bytes:
        return gzip.compress(data, level, mtime=0)

    def zlib_decompress(data: bytes, size: int) -> bytes:
        stream = zlib.decompressobj()
        inflated = stream.decompress(data, size + 1)  # one more, to reach the checksum
        if len(inflated) > size or not stream.eof:
            raise DeflateError("The stream ends too early, or its content is larger than it may be.")
        return inflated


__all__ = ["DeflateError", "gzip_compress", "zlib_compress", "zlib_decompress"]
