import gzip
import zlib

import numpy as np
import pytest

from annotation.imaging import compression


@pytest.mark.parametrize("library", [compression.deflate, None])
def test_both_libraries_write_what_any_reader_reads(monkeypatch, library):
    monkeypatch.setattr(compression, "deflate", library)
    data = np.arange(70_000, dtype=np.uint16).tobytes()
    assert zlib.decompress(compression.zlib_compress(data)) == data
    assert gzip.decompress(compression.gzip_compress(data)) == data
    assert compression.gzip_compress(data)[4:8] == b"\0\0\0\0", "no time of day"
