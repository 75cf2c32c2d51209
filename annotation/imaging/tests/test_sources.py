"""Uploads become upright 8-bit RGB exactly as documented, or are refused with a sentence."""

import hashlib
import io
import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from annotation.imaging import sources
from annotation.imaging.sources import Refused, make_thumbnail, read_upload
from annotation.imaging.workers import WorkerPool

LIMIT = 100_000_000
RNG = np.random.default_rng(5)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels, *extra, tail=b""):
    """A PNG of a (rows, cols[, channels]) array of 8 or 16 bits, written by hand."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    header = (pixels.shape[1], pixels.shape[0], 8 * pixels.dtype.itemsize, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = pixels.astype(pixels.dtype.newbyteorder(">"))
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 1)
    body = [chunk(b"IHDR", struct.pack(">IIBBBBB", *header)), *extra, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + tail


def tiff(pixels, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path):
    """Read bytes as an upload; returns its description and the (rows, cols, 3) pixels that were written."""

    def read(data, limit=LIMIT):
        (tmp_path / "upload").write_bytes(data)
        upload = read_upload(str(tmp_path / "upload"), str(tmp_path / "clean.png"), limit)
        with Image.open(tmp_path / "clean.png") as image:
            assert image.mode == "RGB"
            return upload, np.asarray(image)

    return read


def chunk_kinds(data):
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kinds.append(data[at + 4 : at + 8])
        at += 12 + length
    return kinds


def nearest(value):
    """round(value / 257), by fractions of whole numbers; 257 is odd, so that there is no half."""
    quotient, rest = divmod(value, 257)
    return quotient + (2 * rest > 257)


EVERY_VALUE = np.arange(65536, dtype=np.uint16).reshape(256, 256)


@pytest.mark.parametrize(
    "encode",
    [png, tiff, lambda pixels: tiff(pixels, byteorder=">"), lambda pixels: tiff(pixels, compression="zlib")],
    ids=["png", "tiff", "big-endian tiff", "compressed tiff"],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_of_the_65536_values_is_divided_by_257_and_rounded(read, encode, channels):
    pixels = EVERY_VALUE if channels == 1 else np.dstack([EVERY_VALUE, EVERY_VALUE[::-1], EVERY_VALUE.T])
    upload, result = read(encode(pixels))
    expected = np.array([nearest(value) for value in range(65536)], np.uint8)[pixels]
    assert (result == (expected[..., None] if channels == 1 else expected)).all()
    assert "dividing by 257" in upload.report[0]


@pytest.mark.parametrize("encode", [png, tiff])
def test_twelve_bits_are_divided_by_16_and_one_value_more_makes_it_257(read, encode):
    pixels = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    upload, result = read(encode(pixels))
    assert (result[..., 0] == pixels // 16).all()
    assert "dividing by 16" in upload.report[0]
    pixels[0, 0] = 4096
    _, result = read(encode(pixels))
    assert result.max() == 16


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_of_16_bits_has_its_full_range_beside_12_bit_colours(read, channels):
    pixels = np.full((4, 5, channels), 4080, np.uint16)
    pixels[..., -1] = 65535
    pixels[0, 0, -1] = 0
    _, result = read(png(pixels))
    assert (result[1:] == 255).all()
    assert (result[0, 0] == 255).all()
    pixels[...] = 0
    pixels[..., -1] = 65535
    assert (read(png(pixels))[1] == 0).all()


def test_planes_of_a_tiff_one_after_another_are_put_together(read):
    pixels = RNG.integers(0, 65536, (3, 20, 30), np.uint16)
    _, result = read(tiff(pixels, photometric="rgb", planarconfig="separate"))
    assert (result == np.vectorize(nearest)(np.moveaxis(pixels, 0, -1))).all()


@pytest.mark.parametrize(
    ("mode", "kind"), [("LA", "PNG"), ("LA", "TIFF"), ("RGBA", "PNG"), ("RGBA", "TIFF"), ("RGBA", "WEBP")]
)
def test_transparent_parts_lie_over_white(read, mode, kind):
    alpha = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    pixels = np.dstack([np.full_like(alpha, 40)] * (len(mode) - 1) + [alpha])
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    upload, result = read(encoded(Image.fromarray(pixels), kind, **options))
    expected = 255 - (255 - 40) * (alpha / 255)
    assert np.abs(result - expected[..., None]).max() <= 1
    assert (result[:, 0] == 255).all()
    assert (result[:, 255] == 40).all()
    assert "Transparent parts were laid over white." in upload.report


def test_a_transparent_colour_of_a_16_bit_png_becomes_white(read):
    pixels = np.zeros((2, 2, 3), np.uint16)
    pixels[0, 0] = 60000
    _, result = read(png(pixels, chunk(b"tRNS", bytes(6))))
    assert (result[0, 0] == nearest(60000)).all()
    assert (result[1] == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format_is_turned_upright(read, kind, orientation):
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16], upright[:16, 32:] = (255, 0, 0), (0, 0, 255)
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation, sources.TURNS[orientation])
    stored = Image.fromarray(upright) if undo is None else Image.fromarray(upright).transpose(undo)
    exif = Image.Exif()
    exif[274] = orientation
    upload, result = read(encoded(stored, kind, exif=exif))
    assert (upload.width, upload.height, upload.exif_orientation) == (48, 32, orientation)
    assert np.abs(result.astype(int) - upright)[[4, 4, 28], [4, 44, 4]].max() < 60
    assert ("Turned upright, as its orientation tag asks." in upload.report) == (orientation != 1)


@pytest.mark.parametrize("encode", [png, lambda pixels, *_: tiff(pixels, extratags=[(274, 3, 1, 6, True)])])
def test_16_bits_are_turned_upright_too(read, encode):
    exif = Image.Exif()
    exif[274] = 6
    pixels = RNG.integers(0, 65536, (20, 30, 3), np.uint16)
    data = encode(pixels, chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    upload, result = read(data)
    assert (upload.width, upload.height, upload.exif_orientation) == (20, 30, 6)
    assert (result == np.rot90(np.vectorize(nearest)(pixels), -1)).all()


def test_the_digest_is_that_of_the_rgb_bytes_in_row_order(read):
    pixels = RNG.integers(0, 256, (600, 37, 3), np.uint8)
    upload, result = read(encoded(Image.fromarray(pixels), "BMP"))
    assert (result == pixels).all()
    assert upload.pixels_sha256 == hashlib.sha256(pixels.tobytes()).hexdigest()
    assert upload.report == []


def swapped_profile():
    """sRGB with red and blue exchanged: a profile that visibly changes something."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = data.index(b"rXYZ"), data.index(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_a_colour_profile_is_applied(read, kind):
    pixels = np.full((16, 16, 3), (200, 30, 40), np.uint8)
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    upload, result = read(encoded(Image.fromarray(pixels), kind, icc_profile=swapped_profile(), **options))
    assert result[0, 0, 2] > result[0, 0, 0] + 100
    assert "Colours were converted from its colour profile to sRGB." in upload.report


def test_an_srgb_profile_leaves_every_pixel_as_it_is(read):
    pixels = RNG.integers(0, 256, (40, 40, 3), np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    upload, result = read(encoded(Image.fromarray(pixels), "PNG", icc_profile=profile))
    assert (result == pixels).all()
    assert upload.report == []


@pytest.mark.parametrize("profile", [b"nonsense", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()])
def test_a_colour_profile_that_does_not_fit_is_ignored_and_noted(read, profile):
    pixels = RNG.integers(0, 256, (8, 8, 3), np.uint8)
    upload, result = read(encoded(Image.fromarray(pixels), "PNG", icc_profile=profile))
    assert (result == pixels).all()
    assert upload.report == ["Its colour profile could not be used and was ignored."]


def test_attack_43_what_was_removed_is_told_and_nothing_but_pixels_is_written(read, tmp_path):
    exif = Image.Exif()
    exif[315], exif[270] = "DOE^JANE", "DOE^JANE"
    exif.get_ifd(34853)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "DOE^JANE")
    text.add_itxt("XML:com.adobe.xmp", "<x>DOE^JANE</x>")
    picture = Image.fromarray(RNG.integers(0, 256, (9, 9, 3), np.uint8))
    data = encoded(picture, "PNG", exif=exif, pnginfo=text, dpi=(300, 300), icc_profile=swapped_profile())
    upload, _ = read(data + b"DOE^JANE behind")
    assert upload.report[-1] == (
        "Removed: a description, a person's name, GPS position, XMP metadata, text notes, "
        "data behind the end of the picture."
    )
    clean = (tmp_path / "clean.png").read_bytes()
    assert set(chunk_kinds(clean)) == {b"IHDR", b"IDAT", b"IEND"}
    assert b"DOE" not in clean + upload.thumbnail
    assert "DOE" not in "".join(upload.report)


@pytest.mark.parametrize(("rows", "cols", "size"), [(600, 300, (128, 256)), (10, 20, (20, 10)), (1, 6000, (256, 1))])
def test_the_thumbnail_is_small_and_can_be_made_again(read, tmp_path, rows, cols, size):
    upload, _ = read(encoded(Image.fromarray(RNG.integers(0, 256, (rows, cols, 3), np.uint8)), "PNG"))
    with Image.open(io.BytesIO(upload.thumbnail)) as image:
        assert (image.format, image.size) == ("JPEG", size)
    assert make_thumbnail(str(tmp_path / "clean.png")) == upload.thumbnail


def broken_checksum():
    data = bytearray(png(np.zeros((4, 4, 3), np.uint8)))
    data[data.index(b"IDAT") - 8 - 1] ^= 1  # of IHDR
    return bytes(data)


def broken_pixel_checksum():
    data = bytearray(png(np.zeros((4, 4, 3), np.uint8)))
    data[data.index(b"IEND") - 5] ^= 1
    return bytes(data)


SMALL = np.zeros((4, 5), np.uint16)
HUGE = struct.pack(">IIBBBBB", 10_001, 10_000, 8, 2, 0, 0, 0)


def tiff_without_width():
    data = bytearray(encoded(Image.new("RGB", (5, 4)), "TIFF"))
    entry = data.index(struct.pack("<HHI", 256, 4, 1))
    data[entry + 8 : entry + 12] = bytes(4)
    return bytes(data)


REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"hello", "not an image"),
    "gif": (b"GIF89a" + bytes(20), "GIF"),
    "pdf": (b"%PDF-1.7", "PDF"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image"),
    "photoshop": (b"8BPS" + bytes(30), "not an image"),
    "dicom": (bytes(128) + b"DICM", "DICOM"),
    "only a header": (b"\x89PNG\r\n\x1a\n", "damaged"),
    "a wrong checksum": (broken_checksum(), "damaged"),
    "a wrong checksum of pixels": (broken_pixel_checksum(), "damaged"),
    "too large": (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", HUGE) + chunk(b"IEND", b""), "megapixels"),
    "float": (tiff(SMALL.astype(np.float32)), "float32"),
    "signed": (tiff(SMALL.astype(np.int16)), "int16"),
    "32 bits": (tiff(SMALL.astype(np.uint32)), "uint32"),
    "a stack": (tiff(np.zeros((3, 8, 8), np.uint16), photometric="minisblack"), "several pages"),
    "inverted": (tiff(SMALL, photometric="miniswhite"), "unusual"),
    "five channels": (tiff(np.zeros((8, 8, 5), np.uint16), photometric="rgb"), "unusual"),
    "no width": (tiff_without_width(), "damaged"),
    "cut short": (tiff(np.zeros((64, 64), np.uint16))[:-100], "damaged"),
}


@pytest.mark.parametrize(("data", "sentence"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_with_a_sentence(read, tmp_path, data, sentence):
    with pytest.raises(Refused, match=sentence) as refusal:
        read(data)
    assert str(refusal.value).endswith(".")
    assert not (tmp_path / "clean.png").exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_attack_39_the_limit_is_asked_before_anything_is_decoded(read, monkeypatch, kind):
    data = encoded(Image.new("RGB", (40, 25)), kind)
    assert read(data, limit=1000)[0].width == 40
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(Refused, match="megapixels"):
        read(data, limit=999)


def test_a_file_cut_anywhere_is_refused_or_whole(read):
    """Metadata may follow the pixels, so a cut near the end may lose nothing; a cut never gives another picture."""
    pixels = RNG.integers(0, 256, (40, 40, 3), np.uint8)
    for kind, options in [("PNG", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}), ("TIFF", {})]:
        data = encoded(Image.fromarray(pixels), kind, **options)
        for end in itertools.chain(range(1, len(data), len(data) // 40), range(len(data) - 12, len(data))):
            try:
                assert (read(data[:end])[1] == pixels).all(), (kind, end)
            except Refused:
                continue


LARGE = {
    "turned CMYK JPEG": lambda: encoded(
        Image.new("CMYK", (10_000, 10_000), (10, 90, 20, 5)),
        "JPEG",
        exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\1\x12\0\3\0\0\0\1\0\6\0\0",
    ),
    "16-bit RGBA": lambda: png(np.full((10_000, 10_000, 4), 40_000, np.uint16)),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_the_largest_allowed_picture_fits_into_the_memory_of_a_worker(tmp_path, make):
    (tmp_path / "upload").write_bytes(make())
    pool = WorkerPool(1, 3_000_000_000, warm=("annotation.imaging.sources:warm",))
    try:
        arguments = (str(tmp_path / "upload"), str(tmp_path / "clean.png"), LIMIT)
        upload = pool.run(read_upload, *arguments, seconds=60)
    finally:
        pool.stop()
    assert (upload.width, upload.height) == (10_000, 10_000)
