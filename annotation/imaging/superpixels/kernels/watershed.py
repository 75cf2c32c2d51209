"""The loops of the watershed: gradient of brightness, flooding from markers through buckets."""

import numpy as np

from annotation.imaging.superpixels.kernels import kernel

BUCKETS = 1 << 15
SHIFT = 42
RIM = 1 << 30  # counts as flooded, which spares the question whether a neighbour exists


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
    width = cols + 2
    highest = np.float32(BUCKETS - 1)
    # What is dry holds the complement of its height, a negative number; what is flooded its marker.
    state = np.full((rows + 2) * width, RIM, np.int32)
    for y in range(rows):
        line, heights = state[(y + 1) * width + 1 : (y + 2) * width - 1], height[y]
        for x in range(cols):
            line[x] = ~np.int32(min(heights[x] * scale, highest))
    # Each bucket is a linked list that starts at a node of its own, behind the pixels. Nothing is ever taken out: a
    # list is walked once, when its level is reached, and grows at its end meanwhile.
    pixels = len(state)
    following = np.full(pixels + BUCKETS, -1, np.int32)
    last = np.arange(pixels, pixels + BUCKETS).astype(np.int32)
    for m in range(len(marker_y)):
        i = (marker_y[m] + 1) * width + marker_x[m] + 1
        bucket = ~state[i]
        state[i] = m
        following[last[bucket]] = i
        last[bucket] = i
    pull = compactness * scale
    per_width = np.uint64((1 << SHIFT) // width + 1)  # multiplied and shifted this divides, for all numbers of pixels
    step = np.array([-width, -1, 1, width]).astype(np.int32)
    down = np.array([-1, 0, 0, 1]).astype(np.int32)
    right = np.array([0, -1, 1, 0]).astype(np.int32)
    for level in range(BUCKETS):
        i = following[pixels + level]
        while i >= 0:
            at = np.uint64(i)  # unsigned numbers spare the question whether an index counts from the end
            own = state[at]
            y = np.int32((at * per_width) >> np.uint64(SHIFT))
            marker = np.uint32(own)
            dy = y - np.int32(1) - marker_y[marker]
            dx = np.int32(i) - y * np.int32(width) - np.int32(1) - marker_x[marker]
            for k in range(4):
                q = np.uint32(i + step[k])
                ground = ~state[q]
                if ground >= 0:
                    a, b = np.float32(dy + down[k]), np.float32(dx + right[k])
                    cost = np.float32(ground) + pull * np.sqrt(a * a + b * b)
                    bucket = np.uint32(max(np.int32(min(cost, highest)), level))
                    state[q] = own
                    following[np.uint32(last[bucket])] = q
                    last[bucket] = q
            i = following[at]
    labels = np.empty((rows, cols), np.int32)
    for y in range(rows):
        labels[y] = state[(y + 1) * width + 1 : (y + 2) * width - 1]
    return labels
