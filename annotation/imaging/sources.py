"""Reading what people upload: one still picture becomes upright 8-bit RGB, told in plain sentences, or is refused.

What is kept of an upload is its pixels alone, written as a new PNG without any metadata. Runs in a worker process:
whatever goes wrong inside a decoder ends there.
"""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms

from annotation.imaging.stored import encode

# How a file begins: what it is, and whether we read it. Its name and the type that a browser states are not asked.
SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (0, b"BM", "BMP"),
    (8, b"WEBP", "WEBP"),
    (0, b"GIF8", "GIF"),
    (0, b"PK\3\4", "ZIP"),
    (0, b"%PDF", "PDF"),
    (4, b"ftyp", "HEIC or video"),
    (4, b"jP  ", "JPEG 2000"),
    (128, b"DICM", "DICOM"),
)
READABLE = {"PNG", "JPEG", "TIFF", "BMP", "WEBP"}
ADVICE = "Use PNG, JPEG, TIFF, BMP or WebP."

TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION, ICC_PROFILE = 274, 34675
TAGS = {
    270: "a description",
    271: "the make of the camera or scanner",
    272: "the make of the camera or scanner",
    305: "the name of a program",
    306: "a date",
    315: "a person's name",
    316: "the name of a computer",
    700: "XMP metadata",
    33432: "a copyright notice",
    33723: "IPTC metadata",
    34665: "camera metadata",
    34853: "GPS position",
}
FIELDS = {
    "comment": "a comment",
    "photoshop": "IPTC metadata",
    "xmp": "XMP metadata",
    "XML:com.adobe.xmp": "XMP metadata",
}
BAND = 256  # rows that are worked on at a time, where a whole copy would cost memory
THUMBNAIL_SIDE = 256


class Refused(Exception):
    """The upload is not taken; the text is one or two sentences for the person: what is wrong, what to do."""


@dataclass(frozen=True)
class Upload:
    """What became of an upload; its pixels are in the file that `read_upload` wrote."""

    width: int
    height: int
    pixels_sha256: str
    exif_orientation: int
    report: list[str]
    thumbnail: bytes


@dataclass
class _Picture:
    """A decoded upright picture with 8 bits a channel, before its colours are made RGB."""

    image: Image.Image
    orientation: int
    profile: bytes | None
    removed: list[str]


def read_upload(source_path: str, target_path: str, max_pixels: int) -> Upload:
    """Read one still picture and write its upright 8-bit RGB pixels as PNG.

    Parameters
    ----------
    source_path : str
        The bytes received. What they are is decided by their content.
    target_path : str
        Where the PNG is written: colour type RGB, chunks IHDR, IDAT and IEND only.
    max_pixels : int
        Largest width × height in px, checked from the header before anything is decoded.

    Returns
    -------
    Upload
        Size in px, SHA-256 of the RGB bytes in row order, the EXIF orientation that was applied, what was changed or
        removed as sentences, and a JPEG thumbnail.

    Raises
    ------
    Refused
        If it is anything but one whole still picture within the limit.

    Notes
    -----
    16 bits become 8 by ``round(v / 257)``, so that 65535 gives 255. If no colour value reaches 4096, the file holds the
    12 bits of a camera, and 8 are had by ``v // 16``, rounding down, so that 4095 gives 255. The choice depends on
    that limit alone: values are never stretched per image, which would make images of one study differ.
    Transparent pixels are laid over white. An embedded ICC profile that differs from sRGB is applied, relative
    colorimetric with black point compensation.
    """
    report: list[str] = []
    picture = _decode(source_path, max_pixels, report)
    image = _flatten(picture.image, report)
    image = _to_srgb(image, picture.profile, report)
    if picture.orientation != 1:
        report.append("Turned upright, as its orientation tag asks.")
    if picture.removed:
        report.append(f"Removed: {', '.join(dict.fromkeys(picture.removed))}.")
    image.info = {}  # Pillow would write a comment or a colour profile found here into the thumbnail
    pixels = np.asarray(image)
    Path(target_path).write_bytes(encode(pixels))
    return Upload(*image.size, hashlib.sha256(pixels.data).hexdigest(), picture.orientation, report, _thumbnail(image))


def make_thumbnail(path: str) -> bytes:
    """A small JPEG, longest side at most 256 px, of a PNG that `read_upload` wrote."""
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path, formats=["PNG"]) as image:
        return _thumbnail(image)


def warm() -> None:
    """Load what the first call would otherwise wait for."""
    imagecodecs.png_decode(imagecodecs.png_encode(np.zeros((1, 1), np.uint16)))
    ImageCms.createProfile("sRGB")


def _decode(path: str, max_pixels: int, report: list[str]) -> _Picture:
    kind = _identify(path)
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if kind == "TIFF":
                picture = _read_tiff(path, max_pixels, report)
            else:
                picture = _read_png(path, report) if kind == "PNG" else _read_with_pillow(path, kind, report)
            if 0 in picture.image.size:
                raise ValueError("no pixels")
            return picture
    except (Refused, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_large(max_pixels) from None
    except Exception as error:  # decoders of hostile bytes raise anything at all
        raise Refused(
            f"The {kind} file is damaged, incomplete or unusual inside. "
            f"Export the picture again as a plain {kind} and upload that."
        ) from error


def _identify(path: str) -> str:
    with open(path, "rb") as file:
        head = file.read(132)
    if not head:
        raise Refused("The file is empty. Check the original and upload it again.")
    kind = next((kind for offset, start, kind in SIGNATURES if head[offset:].startswith(start)), None)
    if kind is None:
        raise Refused(f"This file is not an image that can be read. {ADVICE}")
    if kind not in READABLE:
        raise Refused(f"This is a {kind} file, which cannot be used. {ADVICE}")
    return kind


def _too_large(max_pixels: int) -> Refused:
    return Refused(
        f"The picture has more than {max_pixels / 1e6:g} megapixels. Upload a smaller region or a lower resolution."
    )


def _read_with_pillow(path: str, kind: str, report: list[str]) -> _Picture:
    with Image.open(path, formats=[kind]) as image:
        if getattr(image, "is_animated", False):
            if kind != "JPEG":
                raise Refused("The picture is animated. Export the one frame to be labelled and upload that.")
            report.append("Only the main picture was kept; the file holds a preview or a depth map too.")
        image.load()
        exif = image.getexif()
        orientation = _orientation(exif.get(ORIENTATION))
        removed = [text for tag, text in TAGS.items() if tag in exif]
        removed += [text for field, text in FIELDS.items() if field in image.info]
        profile = image.info.get("icc_profile")
        return _Picture(_turn(image, orientation), orientation, profile, removed)


def _read_png(path: str, report: list[str]) -> _Picture:
    depth, chunks = _walk_png(path)
    picture = _read_with_pillow(path, "PNG", report)
    if chunks & {b"tEXt", b"zTXt", b"iTXt"}:
        picture.removed.append("text notes")
    if b"" in chunks:
        picture.removed.append("data behind the end of the picture")
    if depth == 16:  # Pillow keeps only the upper byte of 16-bit colours
        del picture.image
        pixels = _eight_bits(imagecodecs.png_decode(Path(path).read_bytes()), report)
        picture.image = _turn(Image.fromarray(pixels), picture.orientation)
    return picture


def _walk_png(path: str) -> tuple[int, set[bytes]]:
    """The bit depth and the kinds of chunks (`b""` for bytes behind the last), every checksum checked.

    Decoders check only some of the checksums, and a flipped bit in the pixels may decode to another picture.
    """
    depth, kinds = 0, set()
    with open(path, "rb") as file:
        file.seek(8)
        while b"IEND" not in kinds:
            length, kind = struct.unpack(">I4s", file.read(8))
            checksum, first = zlib.crc32(kind), file.tell()
            while length > 0 and (block := file.read(min(length, 1 << 20))):
                checksum, length = zlib.crc32(block, checksum), length - len(block)
                if kind == b"IHDR" and file.tell() - first >= 9:
                    depth = block[8]
            if (checksum,) != struct.unpack(">I", file.read(4)):
                raise ValueError("bad checksum")
            kinds.add(kind)
        if file.read(1):
            kinds.add(b"")
    return depth, kinds


def _read_tiff(path: str, max_pixels: int, report: list[str]) -> _Picture:
    """Headers by tifffile; 8 bits by Pillow, and by tifffile what Pillow cannot decode; 16 bits by tifffile."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        _check_page(tiff, page, max_pixels)
        orientation = _orientation(page.tags.valueof(ORIENTATION))
        removed = [text for tag, text in TAGS.items() if tag in page.tags]
        if page.dtype != np.uint16:
            try:
                with Image.open(path, formats=["TIFF"]) as image:
                    image.load()  # turns it upright as well
                    return _Picture(image, orientation, image.info.get("icc_profile"), removed)
            except (OSError, SyntaxError):
                pass
        profile = page.tags.valueof(ICC_PROFILE)
        pixels = _page_pixels(page)
        if pixels.dtype.itemsize == 2:
            pixels = _eight_bits(pixels, report)
        return _Picture(_turn(Image.fromarray(pixels), orientation), orientation, profile, removed)


def _check_page(tiff: tifffile.TiffFile, page: tifffile.TiffPage, max_pixels: int) -> None:
    if page.imagewidth * page.imagelength > max_pixels:
        raise _too_large(max_pixels)
    size, segments = tiff.filehandle.size, list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if not segments or any(count <= 0 or offset + count > size for offset, count in segments):
        raise ValueError("pixels beyond the end of the file")
    try:
        tiff.pages[1]
    except IndexError:
        pass
    else:
        raise Refused(
            "The TIFF holds several pages: a stack, a time series or a whole slide. "
            "Export the one page to be labelled and upload that."
        )
    if page.dtype not in (np.bool_, np.uint8, np.uint16):
        raise Refused(
            f"The pixels of this TIFF are stored as {page.dtype}, whose black and white are not known. "
            "Save it with 8 or 16 bits a channel and upload that."
        )


def _page_pixels(page: tifffile.TiffPage) -> np.ndarray:
    """Decode a page to an array of shape (rows, cols) or (rows, cols, 3 or 4), uint8 or uint16."""
    photometric, compression = tifffile.PHOTOMETRIC, tifffile.COMPRESSION
    grey = page.photometric == photometric.MINISBLACK and page.samplesperpixel == 1
    color = page.photometric == photometric.RGB or (
        page.photometric == photometric.YCBCR and page.compression in (compression.JPEG, compression.OJPEG)
    )
    alpha = page.samplesperpixel == 4 and page.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)
    if not (grey or (color and (page.samplesperpixel == 3 or alpha))) or page.axes not in {"YX", "YXS", "SYX"}:
        raise Refused("The channels of this TIFF are unusual. Save it as plain grey or RGB and upload that.")
    pixels = page.asarray(maxworkers=1)
    return np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels


def _eight_bits(pixels: np.ndarray, report: list[str]) -> np.ndarray:
    """From uint16 to uint8, shape kept; see the notes of `read_upload`. Transparency always has the full range."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    colors = slice(None) if channels in (1, 3) else slice(0, channels - 1)
    twelve_bits = pixels[..., colors].max() < 4096 if channels > 1 else pixels.max() < 4096
    result = np.empty(pixels.shape, np.uint8)
    for top in range(0, len(pixels), BAND):
        band = pixels[top : top + BAND]
        result[top : top + BAND] = (band.astype(np.uint32) + 128) // 257
        if twelve_bits:
            where = (..., colors) if channels > 1 else ...
            result[top : top + BAND][where] = band[where] >> 4
    divisor = "16: no value reaches 4096, as from a 12-bit camera" if twelve_bits else "257"
    report.append(f"16 bits a channel were reduced to 8 by dividing by {divisor}.")
    return result


def _orientation(value: object) -> int:
    return value if isinstance(value, int) and value in TURNS else 1


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    method = TURNS[orientation]
    return image if method is None else image.transpose(method)


def _flatten(image: Image.Image, report: list[str]) -> Image.Image:
    """Make any colour model grey ("L"), "RGB" or "CMYK", which are those that a colour profile may speak of."""
    if image.mode in {"P", "PA"}:
        report.append("The colours of its palette were written out.")
    if image.has_transparency_data:
        image = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        alpha = image.getchannel("A")
        if alpha.getextrema() != (255, 255):
            report.append("Transparent parts were laid over white.")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=alpha)
        return flat
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    if image.mode in {"P", "RGBX", "YCbCr"}:
        return image.convert("RGB")
    raise Refused("The colour model of this picture is unusual. Save it as plain grey or RGB and upload that.")


def _to_srgb(image: Image.Image, profile: bytes | None, report: list[str]) -> Image.Image:
    if profile:
        try:
            transform = ImageCms.buildTransform(
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                image.mode,
                "RGB",
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (OSError, ImageCms.PyCMSError):
            report.append("Its colour profile could not be used and was ignored.")
        else:
            if image.mode == "RGB" and _changes_nothing(transform):
                return image
            report.append("Colours were converted from its colour profile to sRGB.")
            in_place = image.mode == "RGB"
            return ImageCms.applyTransform(image, transform, inPlace=in_place) or image
    if image.mode != "RGB":
        report.append(f"{'Grey was' if image.mode == 'L' else 'CMYK inks were'} written as RGB.")
    return image.convert("RGB") if image.mode != "RGB" else image


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Is it sRGB under another name? Then the pixels are better left exactly as they are."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(64, 64, 3)
    converted = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform))
    return bool(np.abs(converted.astype(int) - cube).max() <= 2)


def _thumbnail(image: Image.Image) -> bytes:
    scale = min(1, THUMBNAIL_SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
