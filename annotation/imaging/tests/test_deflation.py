import gzip
import importlib
import sys
import zlib

import pytest

from annotation.imaging import deflation

DATA = bytes(range(256)) * 50


@pytest.fixture(params=["libdeflate", "zlib"])
def library(request, monkeypatch):
    """The module as it is with libdeflate and without."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "deflate", None)
    yield importlib.reload(deflation)
    monkeypatch.undo()
    importlib.reload(deflation)


def test_what_was_compressed_comes_back(library):
    assert zlib.decompress(library.zlib_compress(DATA)) == DATA
    assert gzip.decompress(library.gzip_compress(DATA)) == DATA
    assert library.gzip_compress(DATA) == library.gzip_compress(DATA), "no time of day in it"
    for room in (len(DATA), len(DATA) + 1):
        assert library.zlib_decompress(zlib.compress(DATA), room) == DATA


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1], lambda data: data[:9], lambda data: b"", lambda data: b"?" + data[1:]]
)
def test_what_is_not_whole_is_refused(library, spoil):
    with pytest.raises(library.DeflateError):
        library.zlib_decompress(spoil(zlib.compress(DATA)), len(DATA))


def test_no_more_is_inflated_than_may_be(library):
    with pytest.raises(library.DeflateError):
        library.zlib_decompress(zlib.compress(DATA), len(DATA) - 1)
