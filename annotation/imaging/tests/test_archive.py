"""ZIP streams read back by the standard library, and names and cells against properties."""

import csv
import io
import re
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.imaging.archive import csv_line, distinct, mask_names, name_key, safe_name, zip_stream

NAMES = st.lists(st.text(st.sampled_from("aAéÉ\u0301e.:?/_ ~1ßs"), min_size=1, max_size=6), max_size=12)


def test_zip_reads_back_and_repeats_byte_for_byte():
    files = [("a/ä.png", [b"one", b"", b"two"]), ("manifest.csv", [b"x" * 100_000]), ("empty", [])]
    data = b"".join(zip_stream(files))
    assert data == b"".join(zip_stream(files))
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert archive.namelist() == ["a/ä.png", "manifest.csv", "empty"]
    assert archive.read("a/ä.png") == b"onetwo"
    assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_zip_that_broke_off_does_not_open():
    def files():
        yield "first", [b"one"]
        raise OSError("the disk is gone")

    pieces = []
    with pytest.raises(OSError, match="gone"):
        pieces.extend(zip_stream(files()))
    assert pieces
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def test_zip_takes_flat_memory():
    block = bytes(1_000_000)
    tracemalloc.start()
    total = sum(len(piece) for piece in zip_stream((str(n), [block] * 10) for n in range(20)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 200_000_000
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("field 1", "field 1"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "__"),
        ("C:\\x", "C__x"),
        ("con", "_con"),
        ("COM1.txt", "_COM1.txt"),
        ("lpt².a", "_lpt².a"),
        ("a. . ", "a____"),
        ("tab\there\0", "tab_here_"),
        ("\u202egnp.exe", "_gnp.exe"),
        ("e\u0301", "\u00e9"),
        ("ü" * 300, "ü" * 100),
        ("", "_"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_safe_names_hold_nothing_dangerous(name):
    safe = safe_name(name)
    assert safe
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', safe)
    assert safe not in (".", "..")
    assert safe[-1] not in ". "
    assert len(safe.encode()) <= 201
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        (["a.png", "b.jpg"], ["a.png", "b.png"]),
        (["a.png", "a.jpg", "b.tif"], ["a.png.png", "a.jpg.png", "b.png"]),
        (["A.png", "a.jpg"], ["A.png.png", "a.jpg.png"]),
        (["é.png", "e\u0301.jpg"], ["é.png.png", "é.jpg.png"]),
        (["a.png", "a.jpg", "a.png.tif"], ["a.png.png", "a.jpg.png", "a.png.tif.png"]),
        (["a:b.png", "a?b.png"], ["a_b.png~1.png", "a_b.png~2.png"]),
        (["noextension", ".hidden"], ["noextension.png", ".hidden.png"]),
    ],
)
def test_masks_are_named_after_images(images, masks):
    assert mask_names(images) == masks


@given(NAMES)
def test_mask_names_are_unique_whatever_the_images_are_called(images):
    keys = {name_key(name) for name in mask_names(images)}
    assert len(keys) == len(images)


@given(st.lists(st.lists(st.sampled_from(["a", "a~1", "a~2", "a~1~1", "b"]), min_size=1, max_size=3), max_size=10))
def test_distinct_ends_and_gives_unique_names(wishes):
    assert len({name_key(name) for name in distinct(wishes)}) == len(wishes)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_formulas_are_quoted_in_cells(text):
    (cells,) = csv.reader(io.StringIO(csv_line(["plain", text, None, 3]).decode(), newline=""))
    assert cells == ["plain", f"'{text}", "", "3"]
