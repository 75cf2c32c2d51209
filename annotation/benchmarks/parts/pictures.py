"""The images that are measured with: the tissue phantom and, where it lies beside the project, real histology."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from annotation.imaging.phantom import tissue_phantom
from annotation.imaging.stored import encode

HUMAN_MASKS = "dsb2018-tissue"  # the set whose masks people drew
PROJECT = Path(__file__).resolve().parents[3]
HISTOLOGY = PROJECT.parent / "shared" / "data" / "histology"
SEGMENTS_OF_USUAL = 1000  # on 1024²


@dataclass(frozen=True, slots=True)
class Picture:
    """An image and, where it is known, what each of its pixels is."""

    name: str
    image: np.ndarray  # (rows, cols, 3) uint8, RGB
    truth: np.ndarray | None = None  # (rows, cols) uint8

    @property
    def pixels(self) -> int:
        return self.image.shape[0] * self.image.shape[1]


@cache
def phantom(side: int, seed: int = 1) -> Picture:
    image, truth = tissue_phantom(side, side, seed)
    return Picture(f"phantom {side}²", image, truth)


@cache
def enlarged_phantom(side: int) -> np.ndarray:
    """Return the (side, side, 3) uint8 phantom of at most 1024², mirrored at its edges until it is large enough."""
    image = phantom(min(side, 1024)).image
    margin = side - image.shape[0]
    return np.pad(image, ((0, margin), (0, margin), (0, 0)), mode="symmetric")


@cache
def stored_phantom(side: int, seed: int = 1) -> bytes:
    """Return the phantom as it lies in the `images` store."""
    return encode(phantom(side, seed).image)


def histology(folder: Path = HISTOLOGY) -> Iterator[Picture]:
    """Yield all images of real tissue, none where there are none."""
    for path in sorted(folder.glob("*/images/*")):
        yield Picture(path.stem, read_rgb(path))


def masked_by_people(folder: Path = HISTOLOGY) -> Iterator[Picture]:
    """Yield the images in which people drew the nuclei."""
    for path in sorted((folder / HUMAN_MASKS / "images").glob("*.png")):
        with Image.open(folder / HUMAN_MASKS / "masks" / path.name) as mask:
            yield Picture(path.stem, read_rgb(path), np.array(mask))


def read_rgb(path: Path) -> np.ndarray:
    """Return the (rows, cols, 3) uint8 pixels, transparent ones laid over white as ingest does."""
    with Image.open(path) as picture:
        over = picture.convert("RGBA")
    white = Image.new("RGBA", over.size, "white")
    return np.array(Image.alpha_composite(white, over).convert("RGB"))


def segments_on(side: int) -> int:
    """How many segments are as large as 1000 on 1024²."""
    return max(10, round(SEGMENTS_OF_USUAL * side**2 / 1024**2))
