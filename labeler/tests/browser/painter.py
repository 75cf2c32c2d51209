"""What a person's strokes should have painted, computed again from nothing but the pixels they pointed at.

Written without a look at the editor's code: brute force over every pixel, in whole numbers. The rule is that of
docs/design.md: with an odd diameter d the pointer counts as the centre of its pixel; a pixel belongs to the stroke when
its centre lies at most d/2 from the line between two pointer samples.
"""

import io
from itertools import pairwise

import numpy as np
from PIL import Image


class Painter:
    """The mask (rows, cols) uint8 that a sequence of strokes and picked segments should give."""

    def __init__(self, width: int, height: int):
        self.mask = np.zeros((height, width), np.uint8)
        self.undone: list[np.ndarray] = []

    def stroke(self, pixels: list[tuple[int, int]], diameter: int, value: int) -> None:
        """Paint along the pixels (x, y) under the pointer's samples; `diameter` is odd, in image pixels."""
        self.undone.append(self.mask.copy())
        legs = list(pairwise(pixels)) or [(pixels[0], pixels[0])]
        for start, end in legs:
            self.mask[self.near(start, end, diameter)] = value

    def near(self, start: tuple[int, int], end: tuple[int, int], diameter: int) -> np.ndarray:
        """Return the (rows, cols) bool array of the pixels within diameter/2 of the line from `start` to `end`."""
        rows, cols = np.indices(self.mask.shape, dtype=np.int64)
        dx, dy = end[0] - start[0], end[1] - start[1]
        x, y = cols - start[0], rows - start[1]
        length = dx * dx + dy * dy
        to_start = x * x + y * y
        to_end = (x - dx) ** 2 + (y - dy) ** 2
        along = x * dx + y * dy
        # Four times the squared distance, times the squared length beside the line, so that all stays whole.
        ends = 4 * np.minimum(to_start, to_end) <= diameter**2
        beside = (along >= 0) & (along <= length) & (4 * (x * dy - y * dx) ** 2 <= diameter**2 * length)
        return ends | beside if length else ends

    def pick(self, superpixel_map: bytes, origin: tuple[int, int], pixels: list[tuple[int, int]], value: int) -> None:
        """Paint the segments under `pixels`; the map is the PNG the server sent, `origin` its place in the image."""
        self.undone.append(self.mask.copy())
        segments = np.asarray(Image.open(io.BytesIO(superpixel_map))).astype(np.int64)
        left, top = origin
        rows, cols = segments.shape
        window = self.mask[top : top + rows, left : left + cols]
        for x, y in pixels:
            window[segments == segments[y - top, x - left]] = value

    def fill(self, shape: np.ndarray, value: int) -> None:
        """Paint the pixels of a (rows, cols) bool array."""
        self.undone.append(self.mask.copy())
        self.mask[shape] = value

    def undo(self) -> None:
        self.mask = self.undone.pop()
