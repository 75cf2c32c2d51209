import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from annotation.imaging.png import (
    SIGNATURE,
    TILE_HEADER,
    InvalidTile,
    chunk,
    decode_label_tile,
    encode_grey,
    encode_indexed_rows,
    encode_label_tile,
    inflate,
)

ANY = frozenset(range(256))


def read(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


def noisy_tile(seed: int = 0, values: int = 256) -> np.ndarray:
    """A tile of blobs and noise, so that every row filter has something to do."""
    rng = np.random.default_rng(seed)
    tile = np.kron(rng.integers(0, values, (16, 16), np.uint8), np.ones((32, 32), np.uint8))
    tile[100:200] = rng.integers(0, values, (100, 512), np.uint8)
    return tile


def png(header: bytes = TILE_HEADER, body: bytes | None = None, *more: bytes) -> bytes:
    body = zlib.compress(bytes(512 * 513)) if body is None else body
    return SIGNATURE + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([np.uint8, np.uint16]), st.integers(0, 2**32))
def test_pillow_reads_what_encode_grey_wrote(rows, cols, dtype, seed):
    array = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (rows, cols), dtype, endpoint=True)
    assert np.array_equal(read(encode_grey(array)), array)


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros(4, np.uint8), np.zeros((0, 3), np.uint8)])
def test_encode_grey_refuses_other_arrays(array):
    with pytest.raises(ValueError, match="uint8 or uint16"):
        encode_grey(array)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 256))
def test_a_label_tile_comes_back_as_it_was(seed, values):
    tile = noisy_tile(seed, values)
    assert np.array_equal(decode_label_tile(encode_label_tile(tile), frozenset(range(values))), tile)


def test_a_label_tile_has_one_size_and_type():
    for wrong in (np.zeros((512, 511), np.uint8), np.zeros((512, 512), np.uint16)):
        with pytest.raises(ValueError, match=r"\(512, 512\) uint8"):
            encode_label_tile(wrong)


def filtered(tile: np.ndarray, kinds: list[int]) -> bytes:
    """Apply the row filters of the PNG standard, written as its formulas stand."""
    rows = []
    image = tile.astype(int)
    for y, kind in enumerate(kinds):
        up = image[y - 1] if y else np.zeros(512, int)
        left, corner = np.roll(image[y], 1), np.roll(up, 1)
        left[0] = corner[0] = 0
        estimate = left + up - corner
        distances = np.abs(np.stack([estimate - left, estimate - up, estimate - corner]))
        paeth = np.choose(distances.argmin(0), [left, up, corner])
        guess = [0, left, up, (left + up) // 2, paeth][kind]
        rows.append(bytes([kind]) + ((image[y] - guess) % 256).astype(np.uint8).tobytes())
    return b"".join(rows)


@pytest.mark.parametrize("kinds", [[0], [1], [2], [3], [4], [4, 3, 2, 1, 0], [0, 4]])
def test_every_row_filter_is_undone(kinds):
    tile = noisy_tile()
    data = png(TILE_HEADER, zlib.compress(filtered(tile, (kinds * 512)[:512]), 1))
    assert np.array_equal(read(data), tile), "the formulas of this test are right"
    assert np.array_equal(decode_label_tile(data, ANY), tile)


def test_tiles_that_pillow_wrote_are_read():
    tile = noisy_tile(values=4)
    buffer = io.BytesIO()
    Image.fromarray(tile).save(buffer, "PNG")
    assert np.array_equal(decode_label_tile(buffer.getvalue(), frozenset(range(4))), tile)


WRONG_HEADERS = {
    "16 bits": struct.pack(">IIBBBBB", 512, 512, 16, 0, 0, 0, 0),
    "colour": struct.pack(">IIBBBBB", 512, 512, 8, 2, 0, 0, 0),
    "palette": struct.pack(">IIBBBBB", 512, 512, 8, 3, 0, 0, 0),
    "interlaced": struct.pack(">IIBBBBB", 512, 512, 8, 0, 0, 0, 1),
    "too wide": struct.pack(">IIBBBBB", 513, 512, 8, 0, 0, 0, 0),
    "too high": struct.pack(">IIBBBBB", 512, 30_000, 8, 0, 0, 0, 0),
    "compression": struct.pack(">IIBBBBB", 512, 512, 8, 0, 1, 0, 0),
    "filter method": struct.pack(">IIBBBBB", 512, 512, 8, 0, 0, 1, 0),
    "short": TILE_HEADER[:-1],
}
GOOD = encode_label_tile(noisy_tile())
BLACK = bytes(512 * 513)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        *((png(header), "512 × 512 pixels of 8-bit grey") for header in WRONG_HEADERS.values()),
        (b"", "must be a PNG"),
        (b"GIF89a" + GOOD, "must be a PNG"),
        (GOOD + b"\0", "must end with an empty IEND"),
        (GOOD[:-12] + chunk(b"IEND", b"x"), "must end with an empty IEND"),
        (png(TILE_HEADER, None, chunk(b"tEXt", b"Author\0Ann")), "IHDR, IDAT and IEND alone"),
        (png(TILE_HEADER, None, chunk(b"IDAT", b"")), "IHDR, IDAT and IEND alone"),
        (SIGNATURE + chunk(b"IDAT", b""), "IHDR, IDAT and IEND alone"),
        (png(body=b"nonsense"), "cannot be inflated"),
        (png(body=zlib.compress(BLACK) + b"more"), "more than its pixels"),
        (png(body=zlib.compress(BLACK) + zlib.compress(BLACK)[-4:]), "more than its pixels"),
        (png(body=zlib.compress(BLACK) + b"hidden" + zlib.compress(BLACK)[-4:]), "more than its pixels"),
        (png(body=zlib.compress(BLACK) * 2), "more than its pixels"),
        (png(body=zlib.compress(BLACK)[:-1]), "cannot be inflated"),
        (png(body=zlib.compress(BLACK[:-1])), "another size"),
        (png(body=zlib.compress(BLACK + b"\0")), "another size"),
        (png(body=zlib.compress(bytes(100_000_000))), "cannot be inflated"),
        (png(body=zlib.compress(b"\5" + BLACK[1:])), "row filter"),
        (png(body=bytes(400_000)), "at most 300,000 bytes"),
    ],
)
def test_anything_but_a_plain_tile_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(InvalidTile, match=sentence):
        decode_label_tile(data, ANY)


def test_pixels_that_look_like_their_own_checksum_are_no_end_of_the_stream():
    content = b"\x03\xfb\x01\xf8"
    assert zlib.adler32(content) == int.from_bytes(content)
    stream = zlib.compress(content, 0)
    assert stream.count(content) == 2
    assert inflate(stream, 4) == content
    with pytest.raises(InvalidTile, match="more than its pixels"):
        inflate(stream + content, 4)


def test_attack_39_a_bomb_is_not_inflated_beyond_a_tile():
    import tracemalloc

    bomb = png(body=zlib.compress(bytes(200_000_000), 9))
    tracemalloc.start()
    with pytest.raises(InvalidTile):
        decode_label_tile(bomb, ANY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_a_value_not_in_use_is_named():
    tile = np.zeros((512, 512), np.uint8)
    tile[511, 511] = 7
    with pytest.raises(InvalidTile, match="value 7,"):
        decode_label_tile(encode_label_tile(tile), frozenset({0, 1, 255}))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) * 8 - 1))
def test_a_single_wrong_bit_never_passes(bit):
    data = bytearray(GOOD)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidTile):
        decode_label_tile(bytes(data), ANY)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_a_truncated_tile_never_passes(length):
    with pytest.raises(InvalidTile):
        decode_label_tile(GOOD[:length], ANY)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 20), st.integers(0, 2**32))
def test_pillow_reads_an_indexed_stream(width, height, band, seed):
    rng = np.random.default_rng(seed)
    palette = [tuple(map(int, color)) for color in rng.integers(0, 256, (rng.integers(1, 257), 3))]
    pixels = rng.integers(0, len(palette), (height, width), np.uint8)
    bands = (pixels[y : y + band] for y in range(0, height, band))
    data = b"".join(encode_indexed_rows(width, height, palette, bands))
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "P"
        assert image.getpalette()[: 3 * len(palette)] == [part for color in palette for part in color]
        assert np.array_equal(np.array(image), pixels)


def test_an_indexed_stream_holds_one_band_at_a_time():
    import tracemalloc

    band = np.random.default_rng(0).integers(0, 6, (64, 4096), np.uint8).tobytes()
    tracemalloc.start()
    for piece in encode_indexed_rows(4096, 4096, [(0, 0, 0)] * 6, (band for _ in range(64))):
        assert len(piece) < 1_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize(("palette", "rows"), [([], 2), ([(0, 0, 0)] * 257, 2), ([(0, 0, 0)], 1), ([(0, 0, 0)], 3)])
def test_an_indexed_stream_refuses_a_wrong_palette_or_height(palette, rows):
    with pytest.raises(ValueError, match=r"palette|rows"):
        list(encode_indexed_rows(4, 2, palette, [bytes(4 * rows)]))
