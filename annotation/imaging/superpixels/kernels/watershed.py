"""The loops of the watershed: gradient of brightness, flooding from markers through buckets."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BUCKETS = 1 << 15
DRY, RIM = -1, -2


def gradient(planes: np.ndarray) -> np.ndarray:
    """Return the Sobel magnitude, scaled and mirrored like `skimage.filters.sobel`, of (channels, rows, cols) float32.

    Of several channels it is the root of the sum of squares.
    """
    out = np.zeros(planes.shape[1:], np.float32)
    for plane in planes:
        _add_squared_gradient(plane, out)
    return np.sqrt(out, out=out)


@kernel
def _add_squared_gradient(plane, out):
    rows, cols = plane.shape
    two, scale = np.float32(2), np.float32(1 / 32)
    for y in range(rows):
        up, here, down = plane[max(0, y - 1)], plane[y], plane[min(rows - 1, y + 1)]
        for x in range(cols):
            w, e = max(0, x - 1), min(cols - 1, x + 1)
            vertical = up[w] + two * up[x] + up[e] - down[w] - two * down[x] - down[e]
            horizontal = up[w] + two * here[w] + down[w] - up[e] - two * here[e] - down[e]
            out[y, x] += (vertical * vertical + horizontal * horizontal) * scale


@kernel
def flood(height, marker_y, marker_x, compactness, scale):
    """Flood from the markers: the lowest pixel next to water goes first, ties by age.

    A pixel's cost is its height plus `compactness` times its distance in pixels from the marker whose water reaches
    it. Costs are cut into buckets of 1/`scale`, so that finding the lowest one takes no search; within a bucket the
    oldest goes first. Returns the marker of each pixel as (rows, cols) int32.
    """
    rows, cols = height.shape
    width = cols + 2  # a rim that counts as flooded spares the question whether a neighbour exists
    highest = np.float32(BUCKETS - 1)
    ground = np.zeros((rows + 2) * width, np.uint16)
    water = np.full((rows + 2) * width, RIM, np.int32)
    for y in range(rows):
        for x in range(cols):
            i = (y + 1) * width + x + 1
            ground[i] = np.uint16(min(height[y, x] * scale, highest))
            water[i] = DRY
    # Each bucket is a linked list that starts at a node of its own, behind the pixels. Nothing is ever taken out: a
    # list is walked once, when its level is reached, and grows at its end meanwhile.
    following = np.full(len(water) + BUCKETS, -1, np.int32)
    last = np.arange(len(water), len(following)).astype(np.int32)
    for m in range(len(marker_y)):
        i = (marker_y[m] + 1) * width + marker_x[m] + 1
        water[i] = m
        following[last[ground[i]]] = i
        last[ground[i]] = i
    pull = compactness * scale
    for level in range(BUCKETS):
        i = following[len(water) + level]
        while i >= 0:
            own = water[i]
            y = np.int32(np.uint32(i) // np.uint32(width))
            dy, dx = y - 1 - marker_y[own], i - y * np.int32(width) - 1 - marker_x[own]
            for k in range(4):
                down, right = (k == 3) - (k == 0), (k == 2) - (k == 1)
                q = i + down * width + right
                if water[q] == DRY:
                    a, b = np.float32(dy + down), np.float32(dx + right)
                    cost = np.float32(ground[q]) + pull * np.sqrt(a * a + b * b)
                    bucket = max(np.int32(min(cost, highest)), level)
                    water[q] = own
                    following[last[bucket]] = q
                    last[bucket] = q
            i = following[i]
    labels = np.empty((rows, cols), np.int32)
    for y in range(rows):
        for x in range(cols):
            labels[y, x] = water[(y + 1) * width + x + 1]
    return labels
