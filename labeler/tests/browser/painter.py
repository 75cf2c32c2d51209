"""What a person's strokes should have painted, computed again from nothing but the pixels they pointed at.

Written without a look at the editor's code: brute force over every pixel, in whole numbers. The rule is that of
docs/design.md: with an odd diameter d the pointer counts as the centre of its pixel; a pixel belongs to the stroke when
its centre lies at most d/2 from the line between two pointer samples. A pixel belongs to a polygon or lasso when the
line from its centre to the left meets an odd number of edges between the corners, each at the nearest corner of pixels.
"""

import io
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image


class Painter:
    """The mask (rows, cols) uint8 that a sequence of strokes and picked segments should give."""

    def __init__(self, width: int, height: int):
        self.mask = np.zeros((height, width), np.uint8)
        self.undone: list[np.ndarray] = []
        #: the painting rule: labels (rows, cols) → (rows, cols) bool, where they may change
        self.rule: Callable[[np.ndarray], np.ndarray] = lambda labels: np.ones(labels.shape, bool)

    def stroke(self, pixels: list[tuple[int, int]], diameter: int, value: int) -> None:
        """Paint along the pixels (x, y) under the pointer's samples; `diameter` is odd, in image pixels."""
        shape = np.zeros(self.mask.shape, bool)
        legs = list(pairwise(pixels)) or [(pixels[0], pixels[0])]
        for start, end in legs:
            shape |= self.near(start, end, diameter)
        self.fill(shape, value)

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
        segments = np.asarray(Image.open(io.BytesIO(superpixel_map))).astype(np.int64)
        left, top = origin
        rows, cols = segments.shape
        shape = np.zeros(self.mask.shape, bool)
        for x, y in pixels:
            shape[top : top + rows, left : left + cols] |= segments == segments[y - top, x - left]
        self.fill(shape, value)

    def polygon(self, corners: list[tuple[float, float]], value: int) -> None:
        """Paint inside the image positions (x, y)."""
        snapped = [(math.floor(x + 0.5), math.floor(y + 0.5)) for x, y in corners]
        rows, cols = np.indices(self.mask.shape, dtype=np.int64)
        inside = np.zeros(self.mask.shape, bool)
        for (ax, ay), (bx, by) in pairwise([*snapped, snapped[0]]):
            if ay > by:
                ax, ay, bx, by = bx, by, ax, ay
            level = (ay <= rows) & (rows < by)
            # Of a centre (x + ½, y + ½), and everything doubled: the edge is met at or to the left of it.
            left = (bx - ax) * (2 * rows + 1 - 2 * ay) <= (2 * cols + 1 - 2 * ax) * (by - ay)
            inside ^= level & left
        self.fill(inside, value)

    def fill_region(self, x: int, y: int, value: int) -> None:
        """Paint what is connected by sides to the pixel and has its label."""
        self.fill(connected(self.mask == self.mask[y, x], [(x, y)], SIDES), value)

    def close_holes(self, x: int, y: int) -> None:
        """Paint what is unlabelled and cannot reach the edge of the image without crossing the region of the pixel."""
        region = connected(self.mask == self.mask[y, x], [(x, y)], SIDES + CORNERS)
        padded = np.pad(~region, 1, constant_values=True)
        outside = connected(padded, [(0, 0)], SIDES)[1:-1, 1:-1]
        self.fill(~region & ~outside & (self.mask == 0), int(self.mask[y, x]))

    def fill(self, shape: np.ndarray, value: int) -> None:
        """Paint the pixels of a (rows, cols) bool array, where the rule lets them change."""
        self.undone.append(self.mask.copy())
        self.mask[shape & self.rule(self.mask)] = value

    def undo(self) -> None:
        self.mask = self.undone.pop()


SIDES = [(0, -1), (0, 1), (-1, 0), (1, 0)]
CORNERS = [(-1, -1), (-1, 1), (1, -1), (1, 1)]


def connected(open_to: np.ndarray, start: list[tuple[int, int]], steps: list[tuple[int, int]]) -> np.ndarray:
    """Return the (rows, cols) bool array of what can be reached from the pixels (x, y), a step at a time."""
    seen = np.zeros(open_to.shape, bool)
    waiting = [(x, y) for x, y in start if open_to[y, x]]
    while waiting:
        x, y = waiting.pop()
        if seen[y, x]:
            continue
        seen[y, x] = True
        for dx, dy in steps:
            inside = 0 <= x + dx < seen.shape[1] and 0 <= y + dy < seen.shape[0]
            if inside and open_to[y + dy, x + dx] and not seen[y + dy, x + dx]:
                waiting.append((x + dx, y + dy))
    return seen
