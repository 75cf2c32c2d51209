import io
import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.png import SIGNATURE, chunk
from annotation.imaging.superpixels.kernels.png import NotPlainRgb, decode_rgb

TISSUE = tissue_phantom(90, 120, seed=2)[0]


def pillow(pixels: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def plain(lines: np.ndarray, cols: int, pieces: int = 1, **header) -> bytes:
    """A PNG of rows that are filtered already, its pixels cut into several chunks."""
    rows = len(lines)
    fields = {"cols": cols, "rows": rows, "bits": 8, "kind": 2, "compression": 0, "filter": 0, "interlacing": 0}
    body = zlib.compress(lines.tobytes())
    cuts = np.linspace(0, len(body), pieces + 1).astype(int)
    chunks = [chunk(b"IDAT", body[a:b]) for a, b in pairwise(cuts)]
    start = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", *(fields | header).values()))
    return start + b"".join(chunks) + chunk(b"IEND", b"")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32), st.integers(1, 4))
def test_every_filter_is_undone_as_pillow_does(rows, cols, seed, pieces):
    rng = np.random.default_rng(seed)
    lines = rng.integers(0, 256, (rows, 1 + 3 * cols), np.uint8)
    lines[:, 0] = rng.integers(0, 5, rows)
    data = plain(lines, cols, pieces)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(decode_rgb(data), np.array(image))


def test_what_ingest_writes_is_read():
    assert np.array_equal(decode_rgb(pillow(TISSUE, compress_level=3)), TISSUE)


LINES = np.zeros((4, 13), np.uint8)
UNKNOWN = LINES.copy()
UNKNOWN[2, 0] = 5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SIGNATURE,
        b"no image" * 9,
        pillow(TISSUE)[:300],
        pillow(TISSUE)[:-2000],
        pillow(TISSUE[..., 0]),
        plain(LINES, 4, interlacing=1),
        plain(LINES, 4, bits=16),
        plain(LINES, 4, kind=6),
        plain(LINES, 0),
        plain(LINES, 4, rows=5),
        plain(LINES, 4, rows=3),
        plain(LINES, 5),
        plain(UNKNOWN, 4),
    ],
)
def test_anything_else_is_refused(data):
    with pytest.raises(NotPlainRgb):
        decode_rgb(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_wrong_bit_in_the_pixels_is_noticed(data):
    whole = pillow(TISSUE)
    start = whole.index(b"IDAT") + 4
    bit = data.draw(st.integers(8 * start, 8 * (len(whole) - 16) - 1))
    broken = bytearray(whole)
    broken[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotPlainRgb):
        decode_rgb(bytes(broken))
