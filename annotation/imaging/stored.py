"""What the clean copy of an image really holds. Runs in a worker process: a damaged file meets a decoder there."""

import hashlib

from PIL import Image

BAND = 256  # rows hashed at a time


class Unreadable(ValueError):
    """The file does not decode; the text is what the decoder said."""


def measure(path: str) -> tuple[int, int, str]:
    """Decode a clean copy whole.

    Parameters
    ----------
    path : str
        A PNG as `sources.read_upload` writes it.

    Returns
    -------
    (width, height, sha256) : (int, int, str)
        Size in px, and the SHA-256 of the RGB bytes in row order.

    Raises
    ------
    Unreadable
        Whatever the decoder stumbled over.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own clean copy, whose size was checked at ingest
    digest = hashlib.sha256()
    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            for top in range(0, image.height, BAND):
                digest.update(image.crop((0, top, image.width, min(top + BAND, image.height))).tobytes())
            return image.width, image.height, digest.hexdigest()
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything over damaged bytes
        raise Unreadable(str(error)) from error
